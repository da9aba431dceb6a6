"""Records of openings: what counts as one, how old a closing is, and what nobody saw."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from monitor.core.openings import AGE_NOT_KNOWN, Record, record_of
from monitor.core.timeline import Stretch
from monitor.core.watched import Watched
from monitor.core.window import Window
from tests.core.bursts import BEGIN, window

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
UP_TO_15_MIN, UP_TO_1_H, UP_TO_6_H, MORE = range(4)


def of(windows: Sequence[Window] = (), dark: Sequence[tuple[float, float]] = (), hours: float = 24) -> Record:
    stretches = tuple(Stretch(BEGIN + start * HOUR, BEGIN + stop * HOUR) for start, stop in dark)
    return record_of(Watched(BEGIN, BEGIN + hours * HOUR, tuple(windows), stretches))


def shown(start: float, stop: float, *, known: bool = True, closed: bool = True) -> Window:
    end = BEGIN + stop * HOUR
    return window(BEGIN + start * HOUR, end if closed else None, end, known=known)


def outs(record: Record) -> list[tuple[float, float, float]]:
    """In hours from the beginning: from, to, and how many openings its end counts for."""
    return [
        ((out.start - record.start) / 3600, (out.end - record.start) / 3600, out.opened)
        for out in record.outs
    ]


def ages(record: Record, out: int, start: float, stop: float) -> list[tuple[float, float, int]]:
    found = record.outs[out].age_pieces(record.start + start * 3600, record.start + stop * 3600)
    return [((a - record.start) / 3600, (b - record.start) / 3600, age) for a, b, age in found]


def test_a_product_that_never_opened_was_out_all_the_time() -> None:
    assert outs(of()) == [(0, 24, 0)]
    assert of().windows == 0


def test_each_window_ends_a_time_out_and_begins_the_next() -> None:
    record = of([shown(2, 3), shown(10, 11)])
    assert outs(record) == [(0, 2, 1), (3, 10, 1), (11, 24, 0)]
    assert record.windows == 2


def test_a_window_whose_opening_nobody_saw_is_no_opening_but_was_shown() -> None:
    record = of([shown(5, 6, known=False)], dark=[(4, 5)])
    assert outs(record) == [(0, 4, 0), (6, 24, 0)]
    assert (record.windows, len(record.shown)) == (0, 1)


def test_a_record_may_begin_and_end_in_stock() -> None:
    assert outs(of([shown(0, 1, known=False), shown(23, 24, closed=False)])) == [(1, 23, 1)]


def test_an_opening_counts_for_what_it_stands_for() -> None:
    one = shown(2, 3)
    seen = Watched(BEGIN, BEGIN + 5 * HOUR, (one,), ())
    assert outs(record_of(seen, {one.opened_at: 1.5}))[0] == (0, 2, 1.5)


def test_the_age_moves_along() -> None:
    record = of([shown(2, 3)])
    assert ages(record, 1, 3, 10) == [
        (3, 3.25, UP_TO_15_MIN),
        (3.25, 4, UP_TO_1_H),
        (4, 9, UP_TO_6_H),
        (9, 10, MORE),
    ]


def test_before_the_first_close_the_age_is_known_only_when_it_must_be_more() -> None:
    assert ages(of(), 0, 0, 7) == [
        (0, 0.25, AGE_NOT_KNOWN),
        (0.25, 1, AGE_NOT_KNOWN),
        (1, 6, AGE_NOT_KNOWN),
        (6, 7, MORE),
    ]


@pytest.mark.parametrize(
    ("gap_h", "age"),
    [
        pytest.param(0.25, UP_TO_6_H, id="a short gap hides hardly a window"),
        pytest.param(0.5, AGE_NOT_KNOWN, id="a long one may have hidden one"),
    ],
)
def test_after_a_long_gap_the_age_is_not_known(gap_h: float, age: int) -> None:
    record = of([shown(2, 3)], dark=[(5, 5 + gap_h)])
    assert [found for _, _, found in ages(record, 2, 5 + gap_h, 5.75)][-1] == age


def test_the_age_is_known_again_where_both_ends_of_it_say_the_same() -> None:
    record = of([shown(2, 3)], dark=[(9.5, 10)])
    assert ages(record, 2, 10, 17)[-1] == (16, 17, MORE)


def test_a_window_that_ended_unseen_closed_at_any_time_up_to_the_next_answer() -> None:
    record = of([shown(2, 3, closed=False)], dark=[(3, 3.1)])
    (out,) = record.outs[1:]
    assert ((out.closed_after - record.start) / 3600, (out.closed_by - record.start) / 3600) == pytest.approx(
        (3, 3.1)
    )


def test_what_was_not_watched_is_counted() -> None:
    record = of(dark=[(1, 2), (5, 8)])
    unseen = [record.dark_until(record.start + hour * 3600) / 3600 for hour in (0.5, 1.5, 3, 6, 24)]
    assert unseen == [0, 0.5, 1, 2, 4]
    assert record.observed_until(record.end) == 20 * 3600
