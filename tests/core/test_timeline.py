"""What was known when, and how it is reduced to a few columns."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.product import Absent, Invalid, Observation, Seen
from monitor.core.timeline import Column, Segment, StockState, Stretch, columns, common, stock_state, timeline
from monitor.core.window import Span
from tests.core.builders import START

HOUR = timedelta(hours=1)
IN, BLOCKED, OUT = StockState.IN_STOCK, StockState.BLOCKED, StockState.OUT
DELISTED, UNKNOWN, NO_RECORD = StockState.DELISTED, StockState.UNKNOWN, StockState.NO_RECORD


def span(first: float, until: float | None, observation: Observation) -> Span:
    end = None if until is None else START + until * HOUR
    return Span(observation, 1, START + first * HOUR, None, START + first * HOUR, end)


def stretch(start: float, end: float) -> Stretch:
    return Stretch(START + start * HOUR, START + end * HOUR)


def hours(segments: list[Segment]) -> list[tuple[float, float, StockState, int]]:
    return [((s.start - START) / HOUR, (s.end - START) / HOUR, s.state, s.count) for s in segments]


def drawn(count: int, *parts: tuple[float, float, StockState, int]) -> list[Column]:
    return columns([Segment(START + a * HOUR, START + b * HOUR, state, n) for a, b, state, n in parts], count)


@pytest.mark.parametrize(
    ("observation", "state"),
    [
        (Seen(2), IN),
        (Seen(2, "库存不足"), BLOCKED),
        (Seen(2, "  "), IN),
        (Seen(0), OUT),
        (Seen(0, "库存不足"), OUT),
        (Absent(sure=True), DELISTED),
        (Absent(sure=False), UNKNOWN),
        (Invalid("no count"), UNKNOWN),
    ],
)
def test_every_observation_has_a_word(observation: Observation, state: StockState) -> None:
    assert stock_state(observation) is state


def test_a_timeline_covers_all_of_the_time() -> None:
    spans = [span(2, 4, Seen(3)), span(4, None, Seen(0))]
    assert hours(timeline(spans, [], START, START + 6 * HOUR)) == [
        (0, 2, NO_RECORD, 0),
        (2, 4, IN, 3),
        (4, 6, OUT, 0),
    ]


def test_a_span_that_ended_without_a_successor_leaves_no_record() -> None:
    assert hours(timeline([span(-3, 1, Seen(3))], [], START, START + 2 * HOUR)) == [
        (0, 1, IN, 3),
        (1, 2, NO_RECORD, 0),
    ]


def test_unseen_time_is_unknown_and_not_what_was_before() -> None:
    unseen = [stretch(1, 2), stretch(3, 5)]
    assert hours(
        timeline([span(0, 4, Seen(3)), span(4, None, Seen(0))], unseen, START, START + 6 * HOUR)
    ) == [
        (0, 1, IN, 3),
        (1, 2, UNKNOWN, 0),
        (2, 3, IN, 3),
        (3, 4, UNKNOWN, 0),
        (4, 5, UNKNOWN, 0),
        (5, 6, OUT, 0),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 3)),
        min_size=1,
        max_size=8,
        unique_by=lambda span: span[0],
    ),
    st.lists(st.integers(0, 40), max_size=8, unique=True),
)
def test_every_hour_is_what_its_span_says_unless_it_is_unseen(
    starts: list[tuple[int, int]], edges: list[int]
) -> None:
    starts, edges = sorted(starts), sorted(edges)
    unseen = [stretch(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    ends = [*(first for first, _ in starts[1:]), None]
    spans = [span(first, end, Seen(left)) for (first, left), end in zip(starts, ends, strict=True)]
    told = timeline(spans, unseen, START, START + 40 * HOUR)
    assert [s.start for s in told[1:]] == [s.end for s in told[:-1]]
    for hour in range(40):
        (found,) = [s for s in told if s.start <= START + (hour + 0.5) * HOUR < s.end]
        left = next((left for first, left in reversed(starts) if first <= hour), None)
        is_unseen = any(a <= hour < b for a, b in zip(edges[::2], edges[1::2], strict=False))
        expected = NO_RECORD if left is None else UNKNOWN if is_unseen else IN if left else OUT
        assert (found.state, found.count) == (expected, left if expected is IN else 0)


def test_time_before_the_record_stays_so_when_it_is_unseen_too() -> None:
    assert hours(timeline([], [stretch(0, 1)], START, START + HOUR)) == [(0, 1, NO_RECORD, 0)]


def test_a_product_is_unseen_only_while_no_feed_sees_it() -> None:
    both = common([[stretch(0, 2), stretch(4, 6)], [stretch(1, 5)]], START, START + 9 * HOUR)
    assert both == [stretch(1, 2), stretch(4, 5)]


def test_a_product_that_no_feed_covers_is_unseen_throughout() -> None:
    assert common([], START, START + HOUR) == [stretch(0, 1)]


def test_a_column_shows_the_most_that_it_held() -> None:
    parts = ((0, 0.2, OUT, 0), (0.2, 0.3, IN, 3), (0.3, 0.9, IN, 2), (0.9, 4, OUT, 0))
    assert drawn(4, *parts) == [Column(IN, 3), Column(OUT), Column(OUT), Column(OUT)]


def test_something_available_is_never_too_short_to_be_shown() -> None:
    assert drawn(2, (0, 5, UNKNOWN, 0), (5, 5.001, IN, 1), (5.001, 10, UNKNOWN, 0))[1] == Column(IN, 1)


@pytest.mark.parametrize(
    ("dark", "shown"), [(0.5, Column(UNKNOWN)), (0.49, Column(OUT)), (1, Column(UNKNOWN))]
)
def test_a_column_is_unknown_when_half_of_it_is(dark: float, shown: Column) -> None:
    parts = [(0, dark, UNKNOWN, 0), (dark, 1, OUT, 0)][: 1 if dark == 1 else 2]
    assert drawn(1, *parts) == [shown]


def test_blocked_goes_before_out_and_out_before_delisted() -> None:
    assert drawn(1, (0, 5, OUT, 0), (5, 6, BLOCKED, 4)) == [Column(BLOCKED, 4)]
    assert drawn(1, (0, 5, DELISTED, 0), (5, 6, OUT, 0)) == [Column(OUT)]
    assert drawn(1, (0, 5, NO_RECORD, 0), (5, 6, UNKNOWN, 0)) == [Column(NO_RECORD)]


def test_without_segments_or_room_there_is_nothing_to_show() -> None:
    assert columns([], 5) == []
    assert drawn(0, (0, 1, OUT, 0)) == []


def test_more_columns_than_moments_repeat_the_state() -> None:
    assert drawn(3, (0, 1, IN, 2)) == [Column(IN, 2)] * 3


def test_an_outage_that_touches_a_record_belongs_to_the_time_beside_it() -> None:
    spans = [span(0, 2, Seen(3)), span(2, 4, Invalid("no count"))]
    assert hours(timeline(spans, [stretch(0, 1), stretch(2, 2.5)], START, START + 4 * HOUR)) == [
        (0, 1, UNKNOWN, 0),
        (1, 2, IN, 3),
        (2, 2.5, UNKNOWN, 0),
        (2.5, 4, UNKNOWN, 0),
    ]
    ends_with_it = timeline(
        [span(0, 2, Seen(3)), span(2, None, Seen(0))], [stretch(1, 2)], START, START + 3 * HOUR
    )
    assert hours(ends_with_it) == [(0, 1, IN, 3), (1, 2, UNKNOWN, 0), (2, 3, OUT, 0)]


def test_nothing_is_made_of_spans_without_length_or_before_the_time() -> None:
    spans = [span(-2, 0, Seen(9)), span(1, 1, Seen(9)), span(1, 2, Seen(1))]
    assert hours(timeline(spans, [], START, START + 2 * HOUR)) == [(0, 1, NO_RECORD, 0), (1, 2, IN, 1)]


def test_stretches_that_only_touch_have_nothing_in_common() -> None:
    assert common([[stretch(0, 2)], [stretch(2, 4)]], START, START + 4 * HOUR) == []


def test_a_column_that_ends_where_a_part_begins_does_not_hold_it() -> None:
    assert drawn(2, (0, 5, OUT, 0), (5, 10, IN, 4)) == [Column(OUT), Column(IN, 4)]
    assert drawn(2, (0, 5, IN, 4), (5, 10, OUT, 0)) == [Column(IN, 4), Column(OUT)]
    assert drawn(2, (0, 5, OUT, 0), (5, 5, IN, 4), (5, 10, OUT, 0)) == [Column(OUT), Column(IN, 4)]
    assert drawn(2, (0, 10, OUT, 0), (10, 10, IN, 4)) == [Column(OUT), Column(IN, 4)]


def test_parts_of_one_column_count_together() -> None:
    parts = ((0, 5, UNKNOWN, 0), (5, 8, OUT, 0), (8, 8.5, UNKNOWN, 0), (8.5, 10, OUT, 0))
    assert drawn(1, *parts) == [Column(UNKNOWN)]


def test_the_last_answer_before_a_common_stretch_is_the_later_one() -> None:
    one = Stretch(START, START + 4 * HOUR, START - HOUR)
    other = Stretch(START + HOUR, START + 5 * HOUR, START + HOUR / 2)
    (both,) = common([[one], [other]], START, START + 9 * HOUR)
    assert both.answered_at == START + HOUR / 2
    (alone,) = common([[one]], START, START + 9 * HOUR)
    assert alone.answered_at == START - HOUR
