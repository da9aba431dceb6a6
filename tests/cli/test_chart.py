"""Charts, character by character."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.chart import ASCII, UNICODE, glyphs_for, sparkline, step_chart
from monitor.core.timeline import Segment, StockState

START = datetime(2026, 3, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
IN, BLOCKED, OUT, DELISTED, UNKNOWN, NO_RECORD = StockState

Part = tuple[float, StockState, int]


def segments(*parts: Part) -> list[Segment]:
    """Each as many hours long as its first number says."""
    ends = [0.0]
    for hours, _, _ in parts:
        ends.append(ends[-1] + hours)
    return [
        Segment(START + a * HOUR, START + b * HOUR, state, count)
        for (a, b), (_, state, count) in zip(pairwise(ends), parts, strict=True)
    ]


def chart(width: int, *parts: Part, ascii_only: bool = False) -> list[str]:
    lines = step_chart(segments(*parts), width, SHANGHAI, ASCII if ascii_only else UNICODE)
    return [line.rstrip() for line in lines]


def test_a_step_chart_draws_each_count_and_the_way_between() -> None:
    drawn = chart(26, (4, OUT, 0), (6, IN, 2), (4, IN, 1), (4, OUT, 0), (6, IN, 2))
    assert drawn == [
        "2┤    ┏━━━━━┓       ┏━━━━━",
        " │    ┃     ┃       ┃",
        "1┤    ┃     ┗━━━┓   ┃",
        " │    ┃         ┃   ┃",
        "0┤────┚         ┖───┚",
        " └──┬───────────┬─────────",
        "    12:00       2 Mar  now",
    ]


def test_unknown_time_is_hatched_from_top_to_bottom_and_breaks_the_line() -> None:
    drawn = chart(14, (2, NO_RECORD, 0), (3, IN, 1), (3, UNKNOWN, 0), (4, OUT, 0))
    assert drawn[:3] == ["1┤░░━━━▒▒▒", " │░░   ▒▒▒", "0┤░░   ▒▒▒────"]


def test_blocked_and_delisted_time_looks_like_neither_stock_nor_nothing() -> None:
    drawn = chart(10, (3, BLOCKED, 1), (5, DELISTED, 0))
    assert drawn[:3] == ["1┤┅┅┅┓", " │   ┃", "0┤   ┖····"]


def test_ascii_serves_where_the_terminal_has_no_more() -> None:
    parts = ((2, NO_RECORD, 0), (2, OUT, 0), (3, IN, 1), (2, BLOCKED, 1), (3, UNKNOWN, 0), (2, OUT, 0))
    drawn = chart(16, *parts, ascii_only=True)
    assert drawn[:3] == ["1|::  +==~~///", " |::  |    ///", "0|::__+    ///__"]
    assert all(line.isascii() for line in drawn)


def test_counts_are_labelled_at_round_numbers() -> None:
    tall = chart(20, (4, IN, 64), (4, OUT, 0))
    assert [line[:3] for line in tall if "┤" in line] == ["80┤", "60┤", "40┤", "20┤", " 0┤"]


def test_a_product_that_was_never_there_has_an_axis_all_the_same() -> None:
    assert [line[:2] for line in chart(20, (8, OUT, 0)) if "┤" in line] == ["1┤", "0┤"]


def test_days_begin_at_local_midnight() -> None:
    """The first of the 72 hours is 10:00 in Shanghai, where the day turns 14 columns later."""
    axis, labels = chart(74, (72, OUT, 0))[-2:]
    assert labels == "    12:00       2 Mar       12:00       3 Mar       12:00       4 Mar  now"
    assert [index - 2 for index, mark in enumerate(axis) if mark == "┬"] == [2, 14, 26, 38, 50, 62]


def test_a_day_of_23_hours_is_23_hours_wide() -> None:
    start = datetime(2026, 3, 7, 5, tzinfo=UTC)  # midnight in New York, where the 8th lacks an hour
    day = Segment(start, start + 71 * HOUR, OUT)
    axis, labels = step_chart([day], 73, ZoneInfo("America/New_York"))[-2:]
    assert labels.split() == ["7", "Mar", "12:00", "8", "Mar", "12:00", "9", "Mar", "12:00", "now"]
    assert [index - 2 for index, mark in enumerate(axis) if mark == "┬"] == [0, 12, 24, 35, 47, 59]


def test_a_year_is_labelled_with_days_that_keep_their_distance() -> None:
    labels = chart(80, (24 * 365, OUT, 0))[-1]
    assert labels == "         4 Apr              3 Jul              1 Oct              30 Dec     now"


def test_a_sparkline_shows_the_most_of_each_column() -> None:
    day = segments(
        *((4, NO_RECORD, 0), (4, OUT, 0), (1, IN, 4), (3, OUT, 0)),
        *((4, IN, 8), (4, UNKNOWN, 0), (4, BLOCKED, 3)),
    )
    assert sparkline(day, 24) == "░░░░▁▁▁▁▅▁▁▁████▒▒▒▒┅┅┅┅"
    assert sparkline(day, 6) == "░▁▅█▒┅"
    assert sparkline(day, 6, ASCII) == ":_+@/~"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", None, "no-such-encoding"])
def test_a_stream_without_the_characters_gets_ascii(encoding: str | None) -> None:
    assert glyphs_for(encoding) is ASCII


def test_utf8_gets_everything() -> None:
    assert glyphs_for("utf-8") is UNICODE


def test_nothing_is_drawn_of_nothing() -> None:
    assert step_chart([], 80, SHANGHAI) == []
    assert sparkline([], 24) == ""


@given(
    st.lists(
        st.tuples(st.floats(0.01, 100), st.sampled_from(StockState), st.integers(1, 10**9)),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 300),
)
def test_no_line_is_wider_than_the_terminal_or_holds_a_blank_for_unknown(
    parts: list[Part], width: int
) -> None:
    told = segments(
        *((hours, state, count if state in (IN, BLOCKED) else 0) for hours, state, count in parts)
    )
    room = max(width, 12)
    assert all(len(line) <= room for line in step_chart(told, width, SHANGHAI))
    line = sparkline(told, width)
    assert len(line) == width
    assert " " not in line
