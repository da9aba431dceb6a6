"""The steady clock: it follows drift, leaves steps to whoever moves the timers, and is never in between."""

import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from monitor.daemon.clock import STEP, SteadyClock, SystemClock
from tests.fakes.clock import NOON, FakeClock
from tests.requirements import require, require_root, require_that

HOUR = timedelta(hours=1)
DRIFT = timedelta(milliseconds=20)


def test_it_goes_on_through_time_and_suspends_as_the_wall_clock_does() -> None:
    wall = FakeClock()
    clock = SteadyClock(wall)
    assert clock.now() == NOON
    wall.advance(8 * 3600)
    assert clock.now() == wall.now()
    assert not clock.step()


@pytest.mark.parametrize("by", [HOUR, -HOUR, timedelta(days=3650), STEP + DRIFT])
def test_a_step_is_told_until_it_is_taken_and_no_date_has_it_before(by: timedelta) -> None:
    wall = FakeClock()
    clock = SteadyClock(wall)
    wall.step(by)
    wall.advance(5)
    assert [clock.step(), clock.step()] == [by, by]
    assert clock.now() == NOON + timedelta(seconds=5)
    clock.move(by)
    assert not clock.step()
    assert clock.now() == wall.now()


def test_drift_is_followed_however_far_it_goes() -> None:
    wall = FakeClock()
    clock = SteadyClock(wall)
    for _ in range(100):
        wall.step(DRIFT)
        assert not clock.step()
    assert clock.now() == wall.now() == NOON + 100 * DRIFT


class Interrupted(FakeClock):
    """Each pause comes between a reading of the wall clock and the next one of the other."""

    def __init__(self, *pauses: float) -> None:
        super().__init__()
        self.pauses = list(pauses)

    def now(self) -> datetime:
        read = super().now()
        if self.pauses:
            self.advance(self.pauses.pop(0))
        return read


@pytest.mark.parametrize("pause", [0.4, 70.0])
def test_a_pause_between_two_readings_is_neither_drift_nor_a_step(pause: float) -> None:
    wall = Interrupted()
    clock = SteadyClock(wall)
    wall.pauses = [pause, pause]
    assert not clock.step()
    assert clock.now() == wall.now()


def test_of_readings_that_are_all_apart_the_closest_counts() -> None:
    wall = Interrupted()
    clock = SteadyClock(wall)
    wall.pauses = [70.0, 0.2, 70.0, 70.0, 70.0]
    assert not clock.step()
    assert abs(clock.now() - wall.now()) <= timedelta(seconds=0.1)


def test_the_real_one_keeps_up_with_the_real_clocks() -> None:
    wall = SystemClock()
    clock = SteadyClock(wall)
    assert abs(clock.now() - wall.now()) < STEP


def test_the_seconds_that_a_machine_sleeps_are_counted_and_the_wall_clock_is_not_asked() -> None:
    """In a namespace whose machine slept for a day more than this one."""
    require("unshare")
    require_root()
    code = "from monitor.daemon.clock import SystemClock; print(SystemClock().monotonic())"
    command = ["unshare", "--time", "--boottime", "86400", sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    require_that(done.returncode == 0, "a kernel with namespaces of time")
    assert 86_400 - 60 < float(done.stdout) - SystemClock().monotonic() <= 86_400
