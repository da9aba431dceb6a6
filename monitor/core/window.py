"""Restock windows: when a product was to be had, and how surely that is known. Pure.

A window opens with the first poll that saw the product available and closes with the first one that saw
it not. What a poll leaves open (an unusable row, a first absence, no answer) opens and closes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.core.product import Observation, Seen, is_available, known_from

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """It was so from the poll at `from_at` up to the one at `until_at`, which saw something else.

    It began after `unseen_from`, the ok poll before (None: there was none), and was last seen to be so at
    `last_at`. Of an open span `until_at` is None. An absent span of one poll is not sure.
    """

    observation: Observation
    first_poll_id: int
    from_at: datetime
    unseen_from: datetime | None
    last_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """`opened_at`: the first poll that saw it available; `last_at`: the last one; `peak`: the most nodes.

    It may have opened at any time since `unseen_at`, the last poll that knew it gone (None: none did), and
    closed at any time between `last_at` and `closed_at`, the first poll that knew it gone (None: still open).
    Nothing contradicts it up to `until_at`. Its count fell `drops` times, by `drained` nodes in all.
    """

    opened_at: datetime
    unseen_at: datetime | None
    last_at: datetime
    closed_at: datetime | None
    peak: int
    until_at: datetime
    drops: int = 0
    drained: int = 0

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def opened_within(self) -> timedelta | None:
        """How much earlier it may have opened."""
        return None if self.unseen_at is None else max(self.opened_at - self.unseen_at, timedelta(0))

    @property
    def closed_within(self) -> timedelta | None:
        """How much earlier than `closed_at` it may have closed."""
        return None if self.closed_at is None else max(self.closed_at - self.last_at, timedelta(0))

    @property
    def is_seen_once(self) -> bool:
        """By a single poll: a shorter one may have been missed."""
        return self.last_at <= self.opened_at

    @property
    def drained_per_minute(self) -> float | None:
        """Nodes, between the first poll that saw it and the last. None: a single one tells no pace."""
        return None if self.is_seen_once else self.drained / ((self.last_at - self.opened_at) / _MINUTE)

    def lasted(self, now: datetime) -> timedelta:
        """From first sight to the first poll without it, or to `now`."""
        return max((self.closed_at or now) - self.opened_at, timedelta(0))


def windows(spans: Iterable[Span]) -> Iterator[Window]:
    """The windows of one product, from its spans in their order."""
    current: Window | None = None
    unseen_at: datetime | None = None
    count = 0
    for span in spans:
        known = known_from(span.observation)
        if known is None:
            continue
        if isinstance(known, Seen) and is_available(known):
            current = _grown(current, span, known.remaining, count, unseen_at)
            count = known.remaining
            continue
        if current is not None:
            yield replace(current, closed_at=span.from_at, until_at=span.from_at)
        current, unseen_at = None, span.last_at
    if current is not None:
        yield current


def _grown(
    current: Window | None, span: Span, remaining: int, count: int, unseen_at: datetime | None
) -> Window:
    if current is None:
        return Window(span.from_at, unseen_at, span.last_at, None, remaining, span.last_at)
    fell = max(count - remaining, 0)
    return replace(
        current,
        last_at=span.last_at,
        until_at=span.last_at,
        peak=max(current.peak, remaining),
        drops=current.drops + (fell > 0),
        drained=current.drained + fell,
    )
