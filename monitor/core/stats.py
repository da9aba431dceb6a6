"""What the history of a product, or of all that a rule watches, says about the windows to come. Pure.

Nothing in here is made of time that nobody watched: it is neither out nor in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from monitor.core.hours import Clock
from monitor.core.lengths import between, of_windows
from monitor.core.moment import from_ms
from monitor.core.odds import MEDIAN, Odds, Quantile, odds_of, quantiles_of
from monitor.core.presence import Presence, of_any, of_one
from monitor.core.ranks import needed
from monitor.core.seen_share import SeenShare
from monitor.core.watched import Folded, Piece

LEAST_DROPS: Final = 2
"""With fewer the count of a window has no pace."""

_MILLISECOND: Final = timedelta(milliseconds=1)
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """How long this hour of the week was watched, and for how long of that something was to be had."""

    observed: timedelta
    available: timedelta

    @property
    def share(self) -> float | None:
        """None: it was never watched."""
        return self.available / self.observed if self.observed else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the time from `start` to `end`. `observed`: how much of it is known; `available`: of that.

    `windows` counts what was seen of windows: a hole in one makes two of it, and `opening_unseen` and
    `end_unseen` say of how many there is no beginning or no end; `open_now` has none yet. `peak` (nodes) and
    `drained_per_minute` are medians, None where there are too few. `hours`: from Monday's first on.
    """

    start: datetime
    end: datetime
    observed: timedelta
    available: timedelta
    windows: int
    opening_unseen: int
    end_unseen: int
    open_now: int
    last_opened_at: datetime | None
    lasts: tuple[Quantile, ...]
    between: tuple[Quantile, ...]
    odds: tuple[Odds, ...]
    seen_share: SeenShare
    peak: float | None
    most: int
    drained_per_minute: float | None
    hours: tuple[HourOfWeek, ...]

    @property
    def observed_share(self) -> float:
        return self.observed / (self.end - self.start)

    @property
    def available_share(self) -> float | None:
        """None: nothing is known."""
        return self.available / self.observed if self.observed else None


def of_product(product: Folded[int], clock: Clock) -> Statistics:
    """The time is that of the clock."""
    return _statistics(product.pieces, of_one(product, clock.start_ms, clock.end_ms), clock)


def of_rule(products: Sequence[Folded[int]], clock: Clock) -> Statistics:
    """The windows of all its products, each by itself: a job takes one productCode.

    But shares of time, and times between openings, are of anything at all being there.
    """
    pieces = [piece for product in products for piece in product.pieces]
    return _statistics(pieces, of_any(products, clock.start_ms, clock.end_ms), clock)


def _statistics(pieces: Sequence[Piece[int]], presence: Presence, clock: Clock) -> Statistics:
    lengths, start_ms, end_ms = of_windows(pieces), presence.start_ms, presence.end_ms
    opened = [piece for piece in pieces if piece.unseen_at is not None]
    without_end = [piece.until_at for piece in pieces if piece.closed_at is None]
    known_ms = end_ms - start_ms - sum(hole.end - hole.start for hole in presence.dark)
    available_ms = sum(until - since for since, until in presence.available)
    return Statistics(
        from_ms(start_ms),
        from_ms(end_ms),
        observed=known_ms * _MILLISECOND,
        available=available_ms * _MILLISECOND,
        windows=len(pieces),
        opening_unseen=len(pieces) - len(opened),
        end_unseen=len(without_end) - without_end.count(end_ms),
        open_now=without_end.count(end_ms),
        last_opened_at=from_ms(max(piece.opened_at for piece in opened)) if opened else None,
        lasts=quantiles_of(lengths),
        between=quantiles_of(between(presence.openings, presence.dark, presence.answered_ms)),
        odds=odds_of(lengths),
        seen_share=_seen_share(opened),
        peak=_usual([piece.peak for piece in opened]),
        most=max((piece.peak for piece in pieces), default=0),
        drained_per_minute=_usual([pace for piece in opened if (pace := _pace(piece)) is not None]),
        hours=_hours(presence, clock),
    )


def _seen_share(opened: Sequence[Piece[int]]) -> SeenShare:
    """A window that was lost right after its first poll does not tell whether a second would have seen it."""
    again = sum(piece.last_at > piece.opened_at for piece in opened)
    once = sum(piece.last_at <= piece.opened_at and piece.closed_at is not None for piece in opened)
    return SeenShare(again, again + once)


def _pace(piece: Piece[int]) -> float | None:
    """Nodes a minute; None where there are too few drops to tell."""
    if piece.drops < LEAST_DROPS or piece.last_at <= piece.opened_at:
        return None
    return piece.drained * _MINUTE_MS / (piece.last_at - piece.opened_at)


def _usual(values: Sequence[float]) -> float | None:
    """The median, where there are enough for one."""
    return median(values) if len(values) >= needed(MEDIAN) else None


def _hours(presence: Presence, clock: Clock) -> tuple[HourOfWeek, ...]:
    whole = clock.weekly([(presence.start_ms, presence.end_ms)])
    dark = clock.weekly((hole.start, hole.end) for hole in presence.dark)
    available = clock.weekly(presence.available)
    return tuple(
        HourOfWeek((all_ms - dark_ms) * _MILLISECOND, there_ms * _MILLISECOND)
        for all_ms, dark_ms, there_ms in zip(whole, dark, available, strict=True)
    )
