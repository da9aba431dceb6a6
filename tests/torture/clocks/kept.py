"""What the store in memory keeps: rows as plain values, and what a start reads back from them. No SQL.

Times are cut to milliseconds, as the database cuts them: half a millisecond may decide whether a time is up.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from monitor.core.alert import Clearing, Firing, Inactive, Pending, State
from monitor.core.decision import Alert, AttributeChange, Notice, Silence, Transition
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Absent, Attributes, Feed, Invalid, Observation, ProductKey, Seen
from monitor.core.world import AlertKey, Product
from monitor.store.feeds import StoredFeed

EMPTY_LIST: Final = "empty list"
MOST_EMPTIES: Final = 3
REMEMBERED: Final = timedelta(hours=24)
MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class PollRow:
    """`reason` is None when it was ok; `rows` counts all, `unusable` those without a usable key."""

    number: int
    feed: Feed
    at: datetime
    ended_at: datetime
    reason: str | None
    rows: int
    unusable: int

    @property
    def was_filled(self) -> bool:
        """Rows that are all of no use are rows."""
        return bool(self.rows) if self.reason is None else self.reason.startswith("no usable row")


@dataclass(slots=True)
class ProductRow:
    """`spans`: the first poll of each, and what was seen from it on."""

    attributes: Attributes
    spans: deque[tuple[int, Observation]] = field(default_factory=lambda: deque(maxlen=64))


@dataclass(slots=True)
class NoticeRow:
    notice: Notice
    ended_at: datetime | None


@dataclass(slots=True)
class DeliveryRow:
    """`state`: pending, retry, sent, failed, expired or muted. `poll` is that of the transition told."""

    number: int
    told: Transition | Notice
    channel: str
    state: str
    reason: str | None
    next_at: datetime
    expires_at: datetime
    poll: int | None = None
    attempts: int = 0
    claimed_at: datetime | None = None
    possible_repeat: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.state in {"pending", "retry"}


@dataclass(slots=True)
class Kept:
    """Everything that outlives the process. `waiting` and `resolves` are indexes."""

    polls: list[PollRow] = field(default_factory=list)
    products: dict[ProductKey, ProductRow] = field(default_factory=dict)
    alerts: dict[AlertKey, Alert] = field(default_factory=dict)
    rule_feeds: set[tuple[str, Feed]] = field(default_factory=set)
    transitions: list[Transition] = field(default_factory=list)
    resolves: dict[str, Transition] = field(default_factory=dict)
    notices: list[NoticeRow] = field(default_factory=list)
    deliveries: list[DeliveryRow] = field(default_factory=list)
    waiting: dict[int, DeliveryRow] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    steps: set[str] = field(default_factory=set)
    version: int = 1

    def end(self, delivery: DeliveryRow, state: str, reason: str | None) -> None:
        delivery.state, delivery.reason, delivery.claimed_at = state, reason, None
        self.waiting.pop(delivery.number, None)

    def open_notices(self) -> Iterator[NoticeRow]:
        return (row for row in self.notices if row.ended_at is None)


def cut(at: datetime) -> datetime:
    return from_ms(to_ms(at))


def cut_alert(alert: Alert) -> Alert:
    announced_at = alert.announced_at and cut(alert.announced_at)
    return replace(alert, state=moved(alert.state, cut), announced_at=announced_at)


def moved(state: State, move: Callable[[datetime], datetime]) -> State:
    match state:
        case Pending(since):
            return Pending(move(since))
        case Firing(since):
            return Firing(move(since))
        case Clearing(since, cleared_at):
            return Clearing(move(since), move(cleared_at))
        case Inactive():
            return state


def with_change(attributes: Attributes, change: AttributeChange) -> Attributes:
    value: str | int | Decimal | None = change.new
    if value is not None and change.field in {"gpu_count", "price_unit"}:
        value = int(value)
    elif value is not None and change.field not in {"name", "gpu_name"}:
        value = Decimal(value)
    changed: dict[str, Any] = {change.field: value}
    return replace(attributes, **changed)


def feed_as_stored(kept: Kept, feed: Feed) -> StoredFeed:
    polls = [poll for poll in kept.polls if poll.feed == feed]
    ok = [poll for poll in polls if poll.reason is None]
    filled = [poll.number for poll in polls if poll.was_filled]
    empties = [
        poll
        for poll in polls
        if poll.number > (filled[-1] if filled else 0) and poll.reason in {None, EMPTY_LIST}
    ]
    return StoredFeed(
        feed,
        polls[-1].at if polls else None,
        ok[-1].ended_at if ok else None,
        any(feed.source == key.source and feed.aidc_id in {None, key.aidc_id} for key in kept.products),
        min(len(empties), MOST_EMPTIES),
        polls[-1].reason if polls else None,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One span, newest first: since when it was so, and (None: never) what it made known, and when."""

    since: datetime
    known: Seen | Absent | None
    known_at: datetime


def product_as_stored(kept: Kept, key: ProductKey, row: ProductRow) -> Product:
    past = list(_past(kept, key, row))
    current = row.spans[-1][1]
    if isinstance(current, Absent):
        current = Absent(sure=past[0].known is not None)
    elif isinstance(current, Seen):
        current = replace(current, attributes=row.attributes)
    known = [told for told in past if told.known is not None]
    unknown = past[: past.index(known[0])] if known else past
    return Product(
        key,
        current,
        known[0].known if known else None,
        row.attributes,
        left_at=_left_at(known),
        unknown_since=unknown[-1].since if unknown else None,
        blocked_since=_blocked_since(known),
    )


def _past(kept: Kept, key: ProductKey, row: ProductRow) -> Iterator[_Told]:
    until = kept.polls[-1].number + 1
    for first, seen in reversed(row.spans):
        since = kept.polls[first - 1].ended_at
        match seen:
            case Seen(remaining, error, _):
                yield _Told(since, Seen(remaining, error, row.attributes), since)
            case Invalid():
                yield _Told(since, None, since)
            case Absent():
                sure_at = since if kept.polls[first - 1].rows == 0 else _missed_again(kept, key, first, until)
                yield _Told(since, Absent(sure=True) if sure_at else None, sure_at or since)
        until = first


def _missed_again(kept: Kept, key: ProductKey, first: int, until: int) -> datetime | None:
    for poll in kept.polls[first : until - 1]:
        covers = poll.feed.source == key.source and poll.feed.aidc_id in {None, key.aidc_id}
        if covers and poll.reason is None and poll.unusable == 0:
            return poll.ended_at
    return None


def _left_at(known: Iterable[_Told]) -> datetime | None:
    gone_at: datetime | None = None
    for told in known:
        if (
            isinstance(told.known, Seen)
            and told.known.remaining
            and not (told.known.stock_error or "").strip()
        ):
            return gone_at
        gone_at = told.known_at
    return None


def _blocked_since(known: Iterable[_Told]) -> datetime | None:
    since = None
    for told in known:
        seen = told.known
        if not isinstance(seen, Seen) or not seen.remaining or not (seen.stock_error or "").strip():
            break
        since = told.since
    return since
