"""The steady clock: it follows drift, leaves steps to whoever moves the timers, and is never in between."""

from datetime import timedelta

import pytest

from monitor.daemon.clock import STEP, SteadyClock, SystemClock
from tests.fakes.clock import NOON, FakeClock

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


def test_the_real_one_keeps_up_with_the_real_clocks() -> None:
    wall = SystemClock()
    clock = SteadyClock(wall)
    assert abs(clock.now() - wall.now()) < STEP
