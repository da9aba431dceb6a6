"""What is dead, what is only trouble, and when."""

from datetime import timedelta

import pytest

from monitor.core.product import Feed
from monitor.daemon.health import Health, LaneFacts
from tests.fakes.clock import FakeClock

FEED = Feed("default", 1)
TEN_SECONDS = timedelta(seconds=10)
FINE = LaneFacts("slack", is_alive=True, is_stuck=False, busy_since=None)


@pytest.mark.parametrize(
    ("interval_s", "silent_s", "dead"), [(15, 60, False), (15, 61, True), (60, 180, False), (60, 181, True)]
)
def test_a_feed_that_is_not_visited_is_dead_after_three_intervals_or_a_minute(
    interval_s: float, silent_s: float, dead: bool
) -> None:
    clock = FakeClock()
    health = Health(clock.monotonic)
    health.expect(FEED, timedelta(seconds=interval_s), TEN_SECONDS)
    clock.advance(silent_s)
    expected = [f"feed default/aidc-1 was not visited for {silent_s} s"] if dead else []
    assert health.dead([FINE]) == expected
    health.visit(FEED)
    assert health.dead([FINE]) == []


def test_a_poll_that_may_take_minutes_is_not_dead_while_it_waits() -> None:
    clock = FakeClock()
    health = Health(clock.monotonic)
    health.expect(FEED, timedelta(seconds=15), timeout=timedelta(minutes=10))
    clock.advance(615)
    assert health.dead([]) == []
    clock.advance(15)
    assert health.dead([]) == ["feed default/aidc-1 was not visited for 630 s"]


def test_a_feed_that_is_no_longer_expected_is_not_missed() -> None:
    clock = FakeClock()
    health = Health(clock.monotonic)
    health.expect(FEED, timedelta(seconds=15), TEN_SECONDS)
    health.forget(FEED)
    clock.advance(1000)
    assert health.problems([]) == []


@pytest.mark.parametrize(
    ("lane", "dead", "problems"),
    [
        (FINE, [], []),
        (LaneFacts("slack", is_alive=False, is_stuck=False, busy_since=None), ["lane slack is dead"], []),
        (LaneFacts("slack", is_alive=True, is_stuck=True, busy_since=None), [], ["channel slack is stuck"]),
        (LaneFacts("slack", is_alive=True, is_stuck=False, busy_since=1000 - 60), [], []),
        (
            LaneFacts("slack", is_alive=True, is_stuck=False, busy_since=1000 - 61),
            ["lane slack hangs"],
            [],
        ),
    ],
)
def test_lanes(lane: LaneFacts, dead: list[str], problems: list[str]) -> None:
    health = Health(FakeClock().monotonic)
    assert health.dead([lane]) == dead
    assert health.problems([lane]) == dead + problems


def test_a_database_that_refuses_is_a_problem_but_no_reason_to_restart() -> None:
    health = Health(FakeClock().monotonic)
    health.database_refuses_since = 999.0
    assert health.dead([]) == []
    assert health.problems([]) == ["the database refuses to be written"]
