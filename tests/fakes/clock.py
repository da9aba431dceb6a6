"""Wall clock and monotonic clock that the test moves."""

from datetime import UTC, datetime, timedelta
from typing import Final

NOON: Final = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class FakeClock:
    """Stands still until the test says otherwise."""

    def __init__(self) -> None:
        self.wall = NOON
        self.uptime = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.uptime

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.uptime += seconds

    def step(self, by: timedelta) -> None:
        """The wall clock is set."""
        self.wall += by
