"""What `status` tells, as values: read in one transaction, judged by the time that has gone by since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from monitor.cli.stored import Place
from monitor.core.alert import elapsed
from monitor.core.decision import Alert, Notice
from monitor.core.product import Feed, ProductKey, Seen
from monitor.core.timeline import Segment, StockState, Stretch, common, stock_state, timeline
from monitor.core.window import Span
from monitor.core.world import Product

if TYPE_CHECKING:
    from monitor.store.feeds import StoredFeed
    from monitor.store.reading import ChannelStatus, ProductStatus

SHOWN: Final = timedelta(hours=24)
_ORDER: Final = (
    StockState.IN_STOCK,
    StockState.BLOCKED,
    StockState.UNKNOWN,
    StockState.OUT,
    StockState.DELISTED,
)

Unseen = Mapping[Feed, Sequence[Stretch]]


@dataclass(frozen=True, slots=True)
class FeedView:
    """`state`: ok, failed (the last poll), stale, blind or never polled."""

    stored: "StoredFeed"
    state: str


@dataclass(frozen=True, slots=True)
class ProductView:
    """`remaining`: None while it is not known. `unknown_since`: how old what was last known is."""

    product: Product
    state: StockState
    remaining: int | None
    since: datetime | None
    unknown_since: datetime | None
    rules: tuple[str, ...]
    is_firing: bool
    lately: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """`unwatched`: how many products were left out."""

    now: datetime
    feeds: tuple[FeedView, ...]
    products: tuple[ProductView, ...]
    unwatched: int
    alerts: tuple[Alert, ...]
    channels: "tuple[ChannelStatus, ...]"
    episodes: tuple[Notice, ...]


def overview(place: Place, now: datetime, *, everything: bool = False) -> Overview:
    """Of the products that are watched, or of everything. Raises DatabaseError."""
    from monitor.store.history import history
    from monitor.store.reading import status
    from monitor.store.readonly import reading
    from monitor.store.unseen import feeds_since, unseen

    start = now - SHOWN
    with reading(place.url) as connection:
        feeds = place.feeds if place.feeds is not None else feeds_since(connection, start)
        found = status(connection, feeds, now)
        shown = [p for p in found.products if everything or _is_watched(place, p.product)]
        gaps = unseen(connection, start, now)
        codes = {product.product.key.product_code for product in shown}
        spans = {told.key: told.spans for told in history(connection, start, codes)} if codes else {}
    firing = {alert.product for alert in found.alerts}
    views = [_view(place, product, spans, gaps, now, firing) for product in shown]
    return Overview(
        now,
        tuple(FeedView(feed, _feed_state(place, feed, now)) for feed in found.feeds),
        tuple(sorted(views, key=lambda view: _rank(view, now))),
        len(found.products) - len(shown),
        found.alerts,
        found.channels,
        found.episodes,
    )


def unseen_of(key: ProductKey, gaps: Unseen, start: datetime, end: datetime) -> list[Stretch]:
    """When no feed that covers the product was answered."""
    return common([gaps[feed] for feed in gaps if _covers(feed, key)], start, end)


def _covers(feed: Feed, key: ProductKey) -> bool:
    return feed.source == key.source and feed.aidc_id in (None, key.aidc_id)


def _is_watched(place: Place, product: Product) -> bool:
    return place.is_watched(product.key, product.attributes)


def _view(
    place: Place,
    stored: "ProductStatus",
    spans: Mapping[ProductKey, Sequence[Span]],
    gaps: Unseen,
    now: datetime,
    firing: set[ProductKey],
) -> ProductView:
    product, start = stored.product, now - SHOWN
    dark = unseen_of(product.key, gaps, start, now)
    state, unknown_since = stock_state(product.current), product.unknown_since
    if dark and dark[-1].end == now and now - dark[-1].start > place.blind_after_of(product.key.source):
        state, unknown_since = StockState.UNKNOWN, dark[-1].start
    is_known = state is not StockState.UNKNOWN and isinstance(product.current, Seen)
    return ProductView(
        product,
        state,
        product.current.remaining if is_known and isinstance(product.current, Seen) else None,
        stored.since,
        unknown_since if state is StockState.UNKNOWN else None,
        tuple(place.watched_by(product.key, product.attributes)),
        product.key in firing,
        tuple(timeline(spans.get(product.key, ()), dark, start, now)),
    )


def _feed_state(place: Place, feed: "StoredFeed", now: datetime) -> str:
    if feed.last_poll_at is None:
        return "never polled"
    source = feed.feed.source
    silent_for = None if feed.last_ok_at is None else elapsed(feed.last_ok_at, now)
    if silent_for is None or silent_for > place.blind_after_of(source):
        return "blind"
    if feed.last_failure is not None:
        return "failed"
    return "stale" if silent_for > place.stale_after.get(source, silent_for) else "ok"


def _rank(view: ProductView, now: datetime) -> tuple[object, ...]:
    """What can be had comes first; of what is out, what was there last."""
    left = view.product.left_at
    gone_for = (now - left).total_seconds() if left is not None else float("inf")
    return _ORDER.index(view.state), not view.is_firing, gone_for, view.product.key
