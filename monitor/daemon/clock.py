"""The clocks. Nothing else in the program reads one."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

STEP: Final = timedelta(seconds=0.5)
"""A difference between wall and monotonic clock above this is a step, below it drift."""

READINGS: Final = 5
CLOSE_S: Final = 0.000_1
"""Two readings of the monotonic clock around one of the wall clock: so close is close enough."""

JUMP: Final = timedelta(hours=1)
BELIEVED_AFTER_S: Final = 86_400.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    """`monotonic` counts seconds that a suspended machine sleeps, too: a suspend is not a clock step."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """The wall clock without its steps: what is stored is dated by it.

    It follows drift. A step it leaves to whoever moves the stored timers, and takes it with `move` in the
    same breath: before, timers and dates stand on the old line, after it on the new one, and no date of one
    is ever held against a timer of the other. `moved`: the sum of all that was taken.
    """

    def __init__(self, wall: Clock) -> None:
        self.moved = timedelta(0)
        self._wall = wall
        self._offset = self._wall_less_monotonic()

    def now(self) -> datetime:
        return self.at(self._wall.monotonic())

    def at(self, monotonic_s: float) -> datetime:
        """When that was, by the line on which we are now."""
        return _EPOCH + timedelta(seconds=monotonic_s) + self._offset

    def monotonic(self) -> float:
        return self._wall.monotonic()

    def step(self) -> timedelta:
        """How far the wall clock was set since it was followed last; zero when it only drifted."""
        offset = self._wall_less_monotonic()
        step = offset - self._offset
        if abs(step) > STEP:
            return step
        self._offset = offset  # clock discipline corrects drift a little at a time
        return timedelta(0)

    def move(self, step: timedelta) -> None:
        self._offset += step
        self.moved += step

    def _wall_less_monotonic(self) -> timedelta:
        """A pause between the two readings would look like drift, or a step: the closest pair counts."""
        readings: list[tuple[float, timedelta]] = []
        while len(readings) < READINGS and not (readings and readings[-1][0] <= CLOSE_S):
            before, wall, after = self._wall.monotonic(), self._wall.now(), self._wall.monotonic()
            readings.append((after - before, wall - _EPOCH - timedelta(seconds=(before + after) / 2)))
        return min(readings)[1]


class HistoryClock:
    """The date by which history is forgotten: a jump ahead is believed when it has lasted for a day.

    A clock that is wrong for an hour must not cost the history of a year. `last`: when something was stored
    last, if ever; from there on to now is a jump as well.
    """

    def __init__(self, wall: Clock, last: datetime | None) -> None:
        self._wall = wall
        self._date = wall.now() if last is None else min(last, wall.now())
        self._read_at = wall.monotonic()
        self._ahead_since: float | None = None

    def now(self) -> datetime:
        date, read_at = self._wall.now(), self._wall.monotonic()
        expected = self._date + timedelta(seconds=read_at - self._read_at)
        is_jump = date - expected > JUMP
        self._ahead_since = (self._ahead_since or read_at) if is_jump else None
        is_believed = self._ahead_since is None or read_at - self._ahead_since >= BELIEVED_AFTER_S
        self._date, self._read_at = date if is_believed else expected, read_at
        return self._date


def new_event_id() -> str:
    """Twelve letters and digits of 60 random bits, without those that are mistaken for others."""
    bits = secrets.randbits(60)
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(55, -1, -5))
