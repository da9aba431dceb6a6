"""Restock windows: where they begin and end, and what leaves them open."""

from datetime import timedelta

import pytest

from monitor.core.product import Absent, Invalid, Observation, Seen
from monitor.core.window import Span, Window, windows
from tests.core.builders import START

TICK = timedelta(seconds=15)
OUT = Seen(0)
BLOCKED = Seen(4, "库存不足")
ODD = Invalid("no count")


def at(poll: int) -> object:
    return START + poll * TICK


def seen_by_polls(*observations: Observation) -> list[Span]:
    """A span for each poll; polls come every 15 s."""
    last = len(observations) - 1
    return [
        Span(
            observation,
            index,
            START + index * TICK,
            START + (index - 1) * TICK if index else None,
            START + index * TICK,
            START + (index + 1) * TICK if index < last else None,
        )
        for index, observation in enumerate(observations)
    ]


def told(*observations: Observation) -> list[tuple[object, ...]]:
    return [
        (window.unseen_at, window.opened_at, window.last_at, window.closed_at, window.peak)
        for window in windows(seen_by_polls(*observations))
    ]


@pytest.mark.parametrize("gone", [OUT, BLOCKED, Absent(sure=True)])
def test_a_window_lies_between_the_polls_that_knew_it_gone(gone: Observation) -> None:
    assert told(gone, Seen(3), Seen(5), Seen(1), gone) == [(at(0), at(1), at(3), at(4), 5)]


@pytest.mark.parametrize("unknown", [ODD, Absent(sure=False)])
def test_what_is_unknown_opens_and_closes_nothing(unknown: Observation) -> None:
    assert told(OUT, unknown, Seen(3), unknown, Seen(2), unknown, OUT) == [(at(0), at(2), at(4), at(6), 3)]


def test_the_last_window_may_be_open_still() -> None:
    (window,) = windows(seen_by_polls(OUT, Seen(3), ODD))
    assert (window.is_open, window.closed_within) == (True, None)
    assert window.lasted(START + 9 * TICK) == 8 * TICK


def test_a_window_whose_beginning_nobody_saw_says_so() -> None:
    (window,) = windows(seen_by_polls(Seen(3), OUT))
    assert window.opened_within is None


def test_both_ends_tell_how_exact_they_are() -> None:
    (window,) = windows(seen_by_polls(OUT, ODD, Seen(3), ODD, ODD, OUT))
    assert (window.opened_within, window.closed_within) == (2 * TICK, 3 * TICK)


def test_a_clock_that_stepped_back_makes_no_duration_negative() -> None:
    window = Window(START, START + TICK, START, START - TICK, 1, START)
    assert (window.opened_within, window.closed_within, window.lasted(START)) == (timedelta(0),) * 3


def test_a_product_that_never_was_available_has_no_window() -> None:
    assert told(OUT, BLOCKED, Absent(sure=True)) == []
