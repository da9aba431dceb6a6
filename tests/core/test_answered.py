"""When a feed was answered, with the polls that are no longer stored, and what a slower monitor had got."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.answered import Answered, Polls, Slower

STORED = Answered([0, 10, 50, 60], [0, 3, 0, 0])
"""Every ten milliseconds; those at 20, 30 and 40 were thinned away."""


@pytest.mark.parametrize(
    ("at", "first", "before"),
    [
        (-5, 0, None),
        (0, 0, None),
        (1, 10, 0),
        (10, 10, 0),
        (11, 20, 10),
        (20, 20, 10),
        (21, 30, 20),
        (40, 40, 30),
        (45, 50, 40),
        (50, 50, 40),
        (60, 60, 50),
        (61, None, 60),
    ],
)
def test_an_answer_is_found_whether_or_not_it_is_stored(
    at: int, first: int | None, before: int | None
) -> None:
    assert (STORED.first_from(at), STORED.last_before(at)) == (first, before)


@given(st.integers(1, 10**9), st.integers(0, 300))
def test_what_was_thinned_away_is_there_once_and_in_order(length: int, more: int) -> None:
    answered = Answered([7, 7 + length], [min(more, length - 1), 0])
    found = _from(answered, 7)
    assert len(found) == min(more, length - 1) + 2
    assert all(answered.first_from(one) == one for one in found)
    assert [answered.last_before(one) for one in found[1:]] == found[:-1]


def test_a_hole_is_longer_than_our_patience_from_answer_to_answer() -> None:
    answered = Answered([0, 10, 80, 90, 200], [0, 0, 0, 9, 0])
    assert answered.holes(60) == [(10, 80)]
    assert answered.holes(70) == []


@pytest.mark.parametrize(
    ("at", "first"), [(-1, 0), (0, 0), (1, 20), (20, 20), (21, 40), (41, 60), (60, 60), (61, None)]
)
def test_a_slower_monitor_got_the_first_answer_of_each_of_its_intervals(at: int, first: int | None) -> None:
    assert Slower(STORED, 20).first_from(at) == first


def test_after_a_hole_a_slower_monitor_begins_at_once() -> None:
    holed = Answered([0, 10, 20, 130, 140, 150, 160], [0] * 7)
    assert _from(Slower(holed, 30), 0) == [0, 130, 150]


def test_where_nothing_was_answered_nothing_is_found() -> None:
    nothing = Answered([], [])
    assert (nothing.first_from(0), nothing.last_before(0), nothing.holes(1)) == (None, None, [])
    assert Slower(nothing, 10).first_from(5) is None


def _from(polls: Polls, at_ms: int) -> list[int]:
    """Every answer from that time on."""
    found: list[int] = []
    at = polls.first_from(at_ms)
    while at is not None:
        found.append(at)
        at = polls.first_from(at + 1)
    return found
