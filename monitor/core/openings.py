"""What a forecast learns from: the times in which a product was watched and gone, and how each ended. Pure.

Seconds since 1970 as floats: a year of them is counted hundreds of times.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import accumulate
from math import inf
from typing import Final

from monitor.core.watched import Watched

AGE_EDGES_S: Final = (900.0, 3_600.0, 21_600.0)
"""Since the last close: up to 15 minutes, up to an hour, up to six, more."""

AGE_NOT_KNOWN: Final = len(AGE_EDGES_S) + 1
AGES: Final = AGE_NOT_KNOWN + 1
FORGIVEN_GAP_S: Final = 900.0
"""A shorter time without answers leaves the age as it was."""


@dataclass(frozen=True, slots=True)
class Out:
    """It was gone from `start` to `end`, and watched all the time.

    It had closed after `closed_after` (-inf: nobody knows) and by `closed_by`. `opened`: how many openings
    its end counts for; 0 when it ended with the watching. One that nobody saw begin is none of a known time.
    """

    start: float
    end: float
    closed_after: float
    closed_by: float
    opened: float = 0.0

    def age_pieces(self, start: float, end: float) -> Iterator[tuple[float, float, int]]:
        """From `start` to `end` in pieces (start, end, age) as if it stayed gone all the while."""
        cuts = {closed + edge for closed in (self.closed_after, self.closed_by) for edge in AGE_EDGES_S}
        begin = start
        for cut in (*sorted(cut for cut in cuts if start < cut < end), end):
            yield begin, cut, self._age_at(begin)
            begin = cut

    def _age_at(self, moment: float) -> int:
        youngest = bisect_right(AGE_EDGES_S, moment - self.closed_by)
        return (
            youngest if youngest == bisect_right(AGE_EDGES_S, moment - self.closed_after) else AGE_NOT_KNOWN
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One product from `start` to `end`. `shown`: when it was first seen in stock, watched or not before.

    `dark`: the times of which nothing is known, each with how much of them there was before.
    """

    start: float
    end: float
    outs: tuple[Out, ...]
    shown: tuple[float, ...]
    dark: tuple[tuple[float, float], ...]
    dark_before: tuple[float, ...]

    @property
    def windows(self) -> int:
        """Those whose opening was seen."""
        return sum(out.opened > 0 for out in self.outs)

    def observed_until(self, moment: float) -> float:
        """Seconds since `start` of which something is known."""
        return moment - self.start - self.dark_until(moment)

    def dark_until(self, moment: float) -> float:
        """Seconds since `start` of which nothing is known."""
        index = bisect_right(self.dark, (moment, inf))
        if index == 0:
            return 0.0
        begin, end = self.dark[index - 1]
        return self.dark_before[index - 1] + min(moment, end) - begin


class _Kind(Enum):
    SHOWN = auto()
    DARK = auto()


def record_of(watched: Watched, weights: Mapping[datetime, float] | None = None) -> Record:
    """`weights`: how many openings one that was seen at that time stands for, where that is not 1."""
    start, end = watched.start.timestamp(), watched.end.timestamp()
    shown = [
        (w.opened_at.timestamp(), (w.closed_at or w.until_at).timestamp(), _Kind.SHOWN)
        for w in watched.windows
    ]
    dark = [(one.start.timestamp(), one.end.timestamp(), _Kind.DARK) for one in watched.dark]
    opened = {
        w.opened_at.timestamp(): (weights or {}).get(w.opened_at, 1.0)
        for w in watched.windows
        if w.unseen_at is not None
    }
    stretches = [(begin, stop) for begin, stop, _ in dark]
    before = accumulate((stop - begin for begin, stop in stretches), initial=0.0)
    outs = tuple(_outs(sorted([*shown, *dark], key=lambda part: part[:2]), opened, start, end))
    return Record(
        start,
        end,
        outs,
        tuple(begin for begin, _, _ in shown),
        tuple(stretches),
        tuple(before)[: len(stretches)],
    )


def _outs(
    parts: Sequence[tuple[float, float, _Kind]], opened: Mapping[float, float], start: float, end: float
) -> Iterable[Out]:
    """What lies between the others, in order."""
    covered, after, by = start, -inf, start
    for begin, stop, kind in (*parts, (end, end, _Kind.DARK)):
        if begin > covered:
            yield Out(covered, begin, after, by, opened.get(begin, 0.0) if kind is _Kind.SHOWN else 0.0)
        if kind is _Kind.SHOWN:
            after = by = stop
        elif stop - begin > FORGIVEN_GAP_S or by == begin:
            # Right after a window it may have closed at any time up to the next answer.
            by = stop
        covered = max(covered, stop)
