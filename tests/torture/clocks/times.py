"""The clocks of a simulated machine: they move with the loop, and may step or sleep. Not pure: a state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.schedulers import base

BOOT: Final = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
UPTIME_S: Final = 1000.0


class SimulatedClock:
    """Hand `advance` to the loop. `wrong_by` is how far the wall clock is from what it would be unset."""

    def __init__(self) -> None:
        self.uptime_s = UPTIME_S
        self.wrong_by = timedelta(0)

    def now(self) -> datetime:
        return BOOT + self.wrong_by + timedelta(seconds=self.uptime_s - UPTIME_S)

    def monotonic(self) -> float:
        return self.uptime_s

    def advance(self, seconds: float) -> None:
        """Time passes; a suspended machine does the same without its loop knowing."""
        self.uptime_s += seconds

    def step(self, by: timedelta) -> None:
        """The wall clock is set."""
        self.wrong_by += by


class _Reading:
    """What the scheduling library takes for `datetime.datetime`: it only ever asks it for the time."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock

    def now(self, _zone: object) -> datetime:
        return self._clock.now()


@contextmanager
def scheduler_reads(clock: SimulatedClock) -> Iterator[None]:
    """The library reads the machine's clock by itself; meanwhile it reads this one."""
    library = vars(base)
    before = library["datetime"]
    library["datetime"] = _Reading(clock)
    try:
        yield
    finally:
        library["datetime"] = before
