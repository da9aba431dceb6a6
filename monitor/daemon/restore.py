"""From what the database kept to the world that decisions need. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.decision import TransitionKind
from monitor.core.product import Feed, ProductKey
from monitor.core.spacing import Spacing, after_announcement, after_opening, after_resolve
from monitor.core.world import AlertKey, FeedState, Product, Settings, World
from monitor.store.feeds import StoredFeed
from monitor.store.world import RecentTransition, Stored


def restore(stored: Stored, settings: Settings, now: datetime) -> World:
    """The world as the last commit left it. Every rule looks at everything at the first ok poll."""
    world = World(
        feeds={feed.feed: _feed_state(feed, now) for feed in stored.feeds},
        products={feed.feed: _products_of(feed.feed, stored.products) for feed in stored.feeds},
        alerts={(alert.rule, alert.product): alert for alert in stored.alerts},
        rule_feeds=set(stored.rule_feeds),
        spacings=spacings(stored.transitions, settings, now),
        episodes={(notice.kind, notice.subject) for notice in stored.episodes},
        silences=stored.silences,
    )
    world.unsettled = {product.key for product in stored.products if product.is_unsettled}
    return world


def dated_as(before: World, after: World, *, is_complete: bool) -> World:
    """`after`, read anew within one life, dated as `before` where nothing else has changed.

    Times that are read from polls are of the clock as it was then; those in memory have moved along with it.
    `is_complete`: nothing was committed that `before` does not know.
    """
    for feed in after.feeds.keys() & before.feeds.keys():
        old, new = before.feeds[feed], after.feeds[feed]
        read = None if is_complete else new.last_ok_at
        last_ok_at = max(filter(None, (old.last_ok_at, read)), default=None)
        after.feeds[feed] = replace(new, started_at=old.started_at, last_ok_at=last_ok_at)
        known = before.products.get(feed, {})
        for key, product in after.products[feed].items():
            if key in known and _is_as_it_was(known[key], product):
                after.products[feed][key] = replace(
                    product,
                    left_at=known[key].left_at,
                    unknown_since=known[key].unknown_since,
                    blocked_since=known[key].blocked_since,
                )
    return after


def _is_as_it_was(before: Product, after: Product) -> bool:
    return (before.current, before.last_known) == (after.current, after.last_known)


def spacings(
    transitions: Iterable[RecentTransition], settings: Settings, now: datetime
) -> dict[AlertKey, Spacing]:
    """Replays the openings of the last day, so that a restart does not forget who flaps.

    Those that a clock, since set back, dated in the future read as now: else the next one would be held
    until it has caught up.
    """
    gaps = {rule.name: rule.min_gap for rule in settings.rules}
    found: dict[AlertKey, Spacing] = {}
    for transition in transitions:
        key = (transition.rule, transition.product)
        gap = gaps.get(transition.rule)
        if gap is None:
            continue
        after = _after(found.get(key), transition, min(transition.at, now), gap)
        if after is not None:
            found[key] = after
    return found


def _after(
    before: Spacing | None, transition: RecentTransition, at: datetime, min_gap: timedelta
) -> Spacing | None:
    match transition.kind:
        case TransitionKind.FIRED:
            opened = after_opening(before, min_gap, at)
            return after_announcement(opened, at) if transition.told else opened
        case TransitionKind.RESOLVED:
            return after_resolve(before, at)
        case TransitionKind.REPEATED:
            is_opening = transition.told and not transition.cause.is_follow_up
            return after_announcement(before, at) if before and is_opening else before


def _feed_state(stored: StoredFeed, now: datetime) -> FeedState:
    return FeedState(
        started_at=now,
        last_poll_at=stored.last_poll_at,
        last_ok_at=stored.last_ok_at and min(stored.last_ok_at, now),
        ever_listed=stored.ever_listed,
        empties=stored.empties,
        last_failure=stored.last_failure,
    )


def _products_of(feed: Feed, products: Iterable[Product]) -> dict[ProductKey, Product]:
    return {
        product.key: product
        for product in products
        if product.key.source == feed.source and feed.aidc_id in (None, product.key.aidc_id)
    }
