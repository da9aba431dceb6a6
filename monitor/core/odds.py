"""What so many lengths tell of the next one, and whether they are enough to tell it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from monitor.core.lengths import Lengths
from monitor.core.ranks import enclosing, needed
from monitor.core.survival import length_at, outlasting

HORIZONS: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
SHARES: Final = (0.25, 0.5, 0.75, 0.9)
"""The quartiles, the median between them, and what nine in ten stay below."""

MEDIAN: Final = 0.5
MOST_LOST: Final = 0.3
"""Above this share, what became of those that were lost from sight would decide the answer."""

WORTH_TELLING: Final = 0.2
"""By so much of the larger one the two odds must differ to be told both."""

_MILLISECOND: Final = timedelta(milliseconds=1)


class Withheld(StrEnum):
    """Why odds are not told."""

    TOO_FEW = "not enough data"
    TOO_MANY_LOST = "too many were lost from sight"


@dataclass(frozen=True, slots=True)
class Odds:
    """The share that outlasts `horizon`, if all were as short as they can have been, and if as long.

    `count` lengths were seen to begin; `needed`: so many there must be.
    """

    horizon: timedelta
    count: int
    needed: int
    shortest: float | None = None
    longest: float | None = None
    withheld: Withheld | None = None

    @property
    def differ(self) -> bool:
        """By more than 20 %: then either alone would mislead."""
        if self.shortest is None or self.longest is None:
            return False
        return abs(self.longest - self.shortest) > WORTH_TELLING * max(self.shortest, self.longest)


@dataclass(frozen=True, slots=True)
class Quantile:
    """`share` of the lengths are at most so long, with 95 % surely between `low` and `high`.

    None: `high` beyond what was seen to end, `estimate` when too many were lost before; all three when there
    are fewer than `needed`.
    """

    share: float
    count: int
    needed: int
    estimate: timedelta | None = None
    low: timedelta | None = None
    high: timedelta | None = None

    @property
    def is_known(self) -> bool:
        return self.count >= self.needed


def odds_of(lengths: Lengths, horizons: Sequence[timedelta] = HORIZONS) -> tuple[Odds, ...]:
    return tuple(_odds(lengths, horizon) for horizon in horizons)


def quantiles_of(lengths: Lengths, shares: Sequence[float] = SHARES) -> tuple[Quantile, ...]:
    return tuple(_quantile(lengths, share) for share in shares)


def _odds(lengths: Lengths, horizon: timedelta) -> Odds:
    count, enough, at_ms = lengths.count, needed(MEDIAN), horizon // _MILLISECOND
    if count < enough:
        return Odds(horizon, count, enough, withheld=Withheld.TOO_FEW)
    shortest, longest = outlasting(lengths.shortest, at_ms), outlasting(lengths.longest, at_ms)
    is_lost = lengths.shortest.lost_by(at_ms) > MOST_LOST
    if is_lost or shortest is None or longest is None:
        return Odds(horizon, count, enough, withheld=Withheld.TOO_MANY_LOST)
    return Odds(horizon, count, enough, min(shortest, longest), max(shortest, longest))


def _quantile(lengths: Lengths, share: float) -> Quantile:
    """Each bound is of the lengths at their shortest or longest: so it holds whatever they really were."""
    ranks = enclosing(lengths.count, share)
    if ranks is None:
        return Quantile(share, lengths.count, needed(share))
    shortest, longest = lengths.shortest, lengths.longest.ended
    low_ms = sorted([*shortest.ended, *shortest.lost])[ranks[0] - 1]
    high_ms = longest[ranks[1] - 1] if ranks[1] <= len(longest) else None
    at_ms = length_at(lengths.middle, share)
    if at_ms is not None and lengths.middle.lost_by(at_ms) > MOST_LOST:
        at_ms = None
    times = [None if ms is None else ms * _MILLISECOND for ms in (at_ms, low_ms, high_ms)]
    return Quantile(share, lengths.count, needed(share), *times)
