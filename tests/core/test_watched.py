"""Restock windows as far as they were watched: nothing is made of what nobody saw."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.product import Absent, Invalid, Observation, Seen
from monitor.core.timeline import StockState, Stretch, timeline
from monitor.core.watched import Hole, Watched, fold, watched
from monitor.core.window import Window
from tests.core.builders import START
from tests.core.polled import TICK, Answer, at, holes_of, spans_of

OUT = Seen(0)
GONE = Absent(sure=True)
BLOCKED = Seen(4, "库存不足")
ODD = Invalid("no count")
FAILED = None


def of(*answers: Answer, start: float = 0, end: float | None = None) -> Watched:
    until = at(len(answers) if end is None else end)
    return watched(spans_of(answers), holes_of(answers), at(start), until)


def told(found: Watched) -> list[tuple[float | None, ...]]:
    """Unseen, opened, last, closed and until, as numbers of polls."""
    return [
        tuple(map(number, (w.unseen_at, w.opened_at, w.last_at, w.closed_at, w.until_at)))
        for w in found.windows
    ]


def number(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - START) / TICK


def dark(found: Watched) -> list[tuple[float | None, float | None]]:
    return [(number(stretch.start), number(stretch.end)) for stretch in found.dark]


@pytest.mark.parametrize("gone", [OUT, BLOCKED])
def test_a_window_between_two_answers_that_knew_it_gone_has_both_ends(gone: Observation) -> None:
    found = of(gone, Seen(3), Seen(5), gone)
    assert told(found) == [(0, 1, 2, 3, 3)]
    assert (found.windows[0].peak, dark(found)) == (5, [])


def test_a_product_that_left_the_list_is_gone_from_the_first_poll_without_it() -> None:
    assert told(of(OUT, Seen(3), GONE, GONE, Seen(1), OUT)) == [(0, 1, 1, 2, 2), (3, 4, 4, 5, 5)]


@pytest.mark.parametrize("unknown", [FAILED, ODD, Absent(sure=False)])
def test_a_hole_in_a_window_makes_two_of_it(unknown: Answer) -> None:
    found = of(OUT, Seen(3), Seen(3), unknown, Seen(3), Seen(3), OUT)
    assert told(found) == [(0, 1, 2, None, 3), (None, 4, 5, 6, 6)]
    assert dark(found) == [(3, 4)]


@pytest.mark.parametrize("unknown", [FAILED, ODD, Absent(sure=False)])
def test_an_opening_in_a_hole_was_not_seen(unknown: Answer) -> None:
    assert told(of(OUT, unknown, Seen(3), OUT)) == [(None, 2, 2, 3, 3)]


@pytest.mark.parametrize("unknown", [FAILED, ODD, Absent(sure=False)])
def test_an_end_in_a_hole_was_not_seen(unknown: Answer) -> None:
    assert told(of(OUT, Seen(3), unknown, OUT, Seen(1), OUT)) == [(0, 1, 1, None, 2), (3, 4, 4, 5, 5)]


def test_what_is_open_has_no_end_and_lasts_to_the_end_of_the_time() -> None:
    assert told(of(OUT, Seen(3), Seen(2))) == [(0, 1, 2, None, 3)]


def test_what_is_there_from_the_start_of_the_record_has_no_opening() -> None:
    assert told(of(Seen(3), OUT)) == [(None, 0, 0, 1, 1)]


def test_a_window_that_reaches_into_the_time_begins_with_it() -> None:
    found = of(OUT, Seen(3), Seen(2), OUT, Seen(1), start=2.5)
    assert told(found) == [(None, 2.5, 2.5, 3, 3), (3, 4, 4, None, 5)]
    assert found.windows[0].peak == 2


def test_time_before_the_record_is_dark() -> None:
    assert dark(of(OUT, Seen(1), OUT, start=-4)) == [(-4, 0)]
    assert dark(watched([], [], at(0), at(3))) == [(0, 3)]


def test_an_opening_that_was_seen_just_before_the_monitor_stopped_counts() -> None:
    spans = spans_of([OUT, Seen(3)])
    silence = Stretch(at(1), at(9), at(1))
    assert told(watched(spans, [silence], at(0), at(9))) == [(0, 1, 1, None, 1)]


def test_failures_at_the_start_of_the_time_hide_what_was_known_before() -> None:
    found = of(OUT, Seen(3), FAILED, FAILED, Seen(3), OUT, start=3)
    assert told(found) == [(None, 4, 4, 5, 5)]
    assert dark(found) == [(3, 4)]


def test_two_holes_in_one_span_make_three_windows_of_it() -> None:
    found = of(OUT, Seen(3), FAILED, Seen(3), FAILED, Seen(3), OUT)
    assert told(found) == [(0, 1, 1, None, 2), (None, 3, 3, None, 4), (None, 5, 5, 6, 6)]


def test_a_hole_reaches_over_every_span_in_it() -> None:
    spans = spans_of([OUT, Seen(3), OUT, Seen(2), OUT])
    found = watched(spans, [Stretch(at(0.5), at(3.5))], at(0), at(5))
    assert told(found) == [(None, 3.5, 3.5, 4, 4)]
    assert dark(found) == [(0.5, 1), (1, 2), (2, 3), (3, 3.5)]


def test_a_hole_whose_last_answer_nobody_looked_up_began_with_it() -> None:
    found = watched(spans_of([OUT, Seen(3), Seen(3)]), [Stretch(at(2.5), at(5))], at(0), at(5))
    assert told(found) == [(0, 1, 2.5, None, 2.5)]


def test_drops_are_counted_within_the_window_and_refills_are_none() -> None:
    (window,) = of(OUT, Seen(6), Seen(4), Seen(5), Seen(1), OUT).windows
    assert (window.peak, window.drops, window.drained) == (6, 2, 6)
    assert window.drained_per_minute == 6 / 0.75


def test_a_window_of_one_poll_tells_no_pace() -> None:
    once, twice = of(OUT, Seen(6), OUT, Seen(2), Seen(2), OUT).windows
    assert (once.is_seen_once, once.drained_per_minute) == (True, None)
    assert (twice.is_seen_once, twice.drained_per_minute) == (False, 0)


def test_drops_across_a_hole_belong_to_no_window() -> None:
    assert [w.drops for w in of(OUT, Seen(6), FAILED, Seen(2), OUT).windows] == [0, 0]


def test_what_the_clock_went_through_twice_is_not_measured() -> None:
    sights = [(0, None, 0), (100, 90, 3), (40, 100, 0), (55, 40, 2), (130, 55, 0)]
    found = fold(sights, 140, [], 0, 150)
    assert [(p.unseen_at, p.opened_at, p.closed_at) for p in found.pieces] == [
        (90, 100, None),
        (None, 100, 130),
    ]


def test_what_came_after_the_time_is_no_part_of_it() -> None:
    found = of(OUT, Seen(3), Seen(2), OUT, Seen(1), OUT, Seen(5), end=4)
    assert told(found) == [(0, 1, 2, 3, 3)]
    assert told(of(OUT, Seen(3), Seen(2), OUT, end=2.5)) == [(0, 1, 2, None, 2.5)]
    assert told(of(Seen(3), start=-5, end=-2)) == []
    assert dark(of(Seen(3), start=-5, end=-2)) == [(-5, -2)]


def test_a_poll_before_that_is_not_stored_leaves_the_last_sight_at_the_first() -> None:
    found = fold([(0, None, 0), (10, 0, 3), (40, None, 0)], 40, [], 0, 50)
    assert [(p.opened_at, p.last_at, p.closed_at) for p in found.pieces] == [(10, 10, 40)]


def test_milliseconds_do_as_well_as_datetimes() -> None:
    found = fold([(0, None, 0), (10, 5, 3)], 35, [Hole(15, 30, 12)], 0, 40)
    assert [tuple(piece) for piece in found.pieces] == [
        (10, 5, 12, None, 3, 15, 0, 0),
        (30, None, 35, None, 3, 40, 0, 0),
    ]
    assert found.dark == [Hole(15, 30, 12)]


answers = st.lists(
    st.sampled_from([OUT, BLOCKED, Seen(1), Seen(2), Absent(sure=False), ODD, FAILED]),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(answers, st.integers(-2, 8))
def test_the_windows_are_those_that_the_polls_tell_one_by_one(polls: list[Answer], start: int) -> None:
    start = min(start, len(polls) - 1)
    expected = one_by_one(polls, start)
    assert [told_plainly(window) for window in of(*polls, start=start).windows] == expected


@settings(deadline=None)
@given(answers, st.integers(-2, 8))
def test_every_moment_is_in_a_window_or_dark_as_the_timeline_says(polls: list[Answer], start: int) -> None:
    found = of(*polls, start=min(start, len(polls) - 1))
    segments = timeline(spans_of(polls), holes_of(polls), found.start, found.end)
    for segment in segments:
        middle = segment.start + (segment.end - segment.start) / 2
        is_in = any(w.opened_at <= middle < w.until_at for w in found.windows)
        is_dark = any(d.start <= middle < d.end for d in found.dark)
        assert is_in == (segment.state is StockState.IN_STOCK)
        assert is_dark == (segment.state in (StockState.UNKNOWN, StockState.NO_RECORD))


def told_plainly(window: Window) -> tuple[float | None, ...]:
    moments = (window.unseen_at, window.opened_at, window.last_at, window.closed_at)
    return (*map(number, moments), window.peak)


def one_by_one(polls: Sequence[Answer], start: int) -> list[tuple[float | None, ...]]:
    """The plainest way: look at each poll, and forget everything at one that tells nothing."""
    found: list[tuple[float | None, ...]] = []
    unseen: float | None = None
    opened: tuple[float | None, float] | None = None
    last, peak = 0.0, 0
    for index, shown in enumerate(shown_of(polls)):
        if index + 1 <= start or shown is None:
            if opened is not None:
                found.append((*opened, last, None, peak))
            opened, unseen = None, None
        elif shown:
            begin = float(max(index, start))
            opened, peak = (opened, max(peak, shown)) if opened else ((unseen, begin), shown)
            last = begin
        else:
            if opened is not None:
                found.append((*opened, last, float(index), peak))
            opened, unseen = None, float(max(index, start))
    return [*found, (*opened, last, None, peak)] if opened else found


def shown_of(polls: Sequence[Answer]) -> list[int | None]:
    """How many could be had; an absence is sure when the answer before or after was one, too."""
    answered = [poll for poll in polls if poll is not None]
    shown: list[int | None] = []
    position = 0
    for poll in polls:
        if poll is None:
            shown.append(None)
            continue
        beside = answered[max(position - 1, 0) : position + 2]
        position += 1
        match poll:
            case Seen(remaining, error, _):
                shown.append(0 if error else remaining)
            case Absent():
                shown.append(0 if sum(isinstance(answer, Absent) for answer in beside) > 1 else None)
            case Invalid():
                shown.append(None)
    return shown
