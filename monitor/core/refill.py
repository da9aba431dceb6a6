"""The database was deleted under the running monitor: what a new one must be told. Pure.

States and first sights go on as they were, so nothing is announced twice. What only the old file knew,
its history and the deliveries that had not ended, is gone with it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.core.decision import Decision, Notice, PollRecord, SpanStart
from monitor.core.product import Feed, ProductKey, Seen
from monitor.core.world import Product, World


def refill(world: World, now: datetime, new_id: Callable[[], str]) -> list[Decision]:
    """Decisions that, committed in this order to an empty database, make it load as this world."""
    decisions = [decision for feed in world.feeds for decision in _of_feed(world, feed)]
    decisions.append(Decision(None, notices=_episodes(world, now, new_id)))
    return decisions


def _of_feed(world: World, feed: Feed) -> list[Decision]:
    """What was last known of each product first, then what it is now: attributes come with the former."""
    state = world.feeds[feed]
    if state.last_ok_at is None:
        return []
    products = world.products.get(feed, {}).values()
    doubtful = [product for product in products if not isinstance(product.current, Seen)]
    known = [_last_seen(product) for product in products]
    decisions = [_as_polled(feed, state.last_ok_at, [span for span in known if span is not None])]
    if doubtful:
        spans = [SpanStart(product.key, product.current) for product in doubtful]
        decisions.append(_as_polled(feed, state.last_ok_at, spans))
    last = decisions[-1]
    last.alerts = [alert for (_, key), alert in world.alerts.items() if _is_of(feed, key)]
    last.rule_feeds = [(rule, seen) for rule, seen in world.rule_feeds if seen == feed]
    return decisions


def _last_seen(product: Product) -> SpanStart | None:
    if isinstance(product.last_known, Seen):
        return SpanStart(product.key, product.last_known)
    if product.last_known is None:
        return None
    return SpanStart(product.key, Seen(0, None, product.attributes))


def _as_polled(feed: Feed, at: datetime, spans: list[SpanStart]) -> Decision:
    valid = sum(isinstance(span.observation, Seen) for span in spans)
    return Decision(PollRecord(feed, at, timedelta(0), valid=valid, invalid=len(spans) - valid), spans)


def _is_of(feed: Feed, key: ProductKey) -> bool:
    return key.source == feed.source and feed.aidc_id in (None, key.aidc_id)


def _episodes(world: World, now: datetime, new_id: Callable[[], str]) -> list[Notice]:
    """Open episodes, told already: without deliveries."""
    return [Notice(new_id(), kind, subject, now, {}, ()) for kind, subject in sorted(world.episodes)]
