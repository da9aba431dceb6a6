"""Openings of a process whose true rate is known: bursts after each close, and a rhythm of hours and days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

from monitor.core.calendar import Calendar
from monitor.core.openings import Record, record_of
from monitor.core.timeline import Stretch
from monitor.core.watched import Watched
from monitor.core.window import Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(SHANGHAI)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(seconds=15)
STEADY = (1.0,) * 24
OFFICE = (0.2,) * 8 + (1.0, 2.5, 3.0, 2.0, 1.0, 1.5, 2.5, 2.5, 2.0, 1.2, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2)


@dataclass(frozen=True)
class Truth:
    """`per_day`: of an hour of weight 1. `burst`: by so much the rate is higher just after a close."""

    per_day: float
    hours: Sequence[float] = STEADY
    rest: float = 1.0
    burst: float = 1.0

    def rate(self, at: float, closed: float) -> float:
        local = datetime.fromtimestamp(at, SHANGHAI)
        rhythm = self.hours[local.hour] * (1.0 if CALENDAR.is_work_day(local.date()) else self.rest)
        return self.per_day / 86_400 * rhythm * (self.burst if at - closed < 900 else 1.0)

    def windows(self, seed: int, days: float) -> Iterator[tuple[float, float]]:
        """Where each opens and closes; at least 15 s, about 4 minutes."""
        random = Random(seed)
        most = self.per_day / 86_400 * max(self.hours) * max(1.0, self.rest) * self.burst
        at, closed = BEGIN.timestamp(), 0.0
        end = at + days * 86_400
        while True:
            at -= log(1 - random.random()) / most
            if at >= end:
                return
            if random.random() * most < self.rate(at, closed):
                closed = min(at + 15 - 225 * log(1 - random.random()), end)
                yield at, closed
                at = closed


def record(truth: Truth, seed: int, days: float, dark: Sequence[tuple[float, float]] = ()) -> Record:
    """Watched all the time but for `dark`, which is in days from the beginning and hides whole windows."""
    begin = BEGIN.timestamp()
    hidden = [(begin + start * 86_400, begin + stop * 86_400) for start, stop in dark]
    seen = [
        (opened, closed)
        for opened, closed in truth.windows(seed, days)
        if not any(start < closed + 60 and opened < stop + 60 for start, stop in hidden)
    ]
    return record_of(
        Watched(
            BEGIN,
            BEGIN + timedelta(days=days),
            tuple(window(moment(opened), moment(closed)) for opened, closed in seen),
            tuple(Stretch(moment(start), moment(stop)) for start, stop in hidden),
        )
    )


def window(
    opened: datetime, closed: datetime | None, until: datetime | None = None, *, known: bool = True
) -> Window:
    """`known`: a poll 15 s before its opening knew it gone."""
    end = closed or until or opened
    return Window(opened, opened - TICK if known else None, max(opened, end - TICK), closed, 3, end)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
