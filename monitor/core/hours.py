"""How much time falls on each hour of the week on the clocks of a zone. Pure.

Days of 23 and of 25 hours are what they are: time is counted as it passes, and named by the local clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from monitor.core.moment import from_ms, to_ms

HOURS_A_WEEK: Final = 168

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_WEEK: Final = HOURS_A_WEEK * _HOUR
_EPOCH_HOUR: Final = 72
"""1970 began on a Thursday: so many hours after Monday's first."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The local time of a zone from `start_ms` to `end_ms`: how far it was ahead of UTC, from when on."""

    start_ms: int
    end_ms: int
    offsets: tuple[tuple[int, int], ...]

    def weekly(self, intervals: Iterable[tuple[int, int]]) -> list[int]:
        """The milliseconds of these intervals in each hour of the week, from Monday's first on."""
        hours = [0] * HOURS_A_WEEK
        for start, end in self._local(intervals):
            weeks, rest = divmod(end - start, _WEEK)
            if weeks:
                hours = [spent + weeks * _HOUR for spent in hours]
            at, until = start, start + rest
            hour = at // _HOUR + _EPOCH_HOUR
            while at < until:
                to = min((hour + 1 - _EPOCH_HOUR) * _HOUR, until)
                hours[hour % HOURS_A_WEEK] += to - at
                at, hour = to, hour + 1
        return hours

    def _local(self, intervals: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """As the local clock shows them, cut where it is set."""
        if len(self.offsets) == 1:
            ((_, ahead),) = self.offsets
            yield from ((start + ahead, end + ahead) for start, end in intervals)
            return
        ends = [*(since for since, _ in self.offsets[1:]), self.end_ms]
        for start, end in intervals:
            for (since, ahead), until in zip(self.offsets, ends, strict=True):
                if max(start, since) < min(end, until):
                    yield max(start, since) + ahead, min(end, until) + ahead


def local_clock(zone: tzinfo, start: datetime, end: datetime) -> Clock:
    """Found by looking at each day, and where two differ for the second at which the clock was set."""
    start_ms, end_ms = to_ms(start), to_ms(end)
    offsets = [(start_ms, _ahead(zone, start_ms))]
    for day in range(start_ms, end_ms, _DAY):
        until = min(day + _DAY, end_ms)
        ahead = _ahead(zone, until)
        if ahead != offsets[-1][1]:
            offsets.append((_set_at(zone, day, until), ahead))
    return Clock(start_ms, end_ms, tuple(offsets))


def _set_at(zone: tzinfo, before_ms: int, after_ms: int) -> int:
    """The first millisecond that has the offset of the later moment."""
    ahead = _ahead(zone, after_ms)
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        before_ms, after_ms = (before_ms, middle) if _ahead(zone, middle) == ahead else (middle, after_ms)
    return after_ms


def _ahead(zone: tzinfo, at_ms: int) -> int:
    return (from_ms(at_ms).astimezone(zone).utcoffset() or timedelta(0)) // timedelta(milliseconds=1)
