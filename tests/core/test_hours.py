"""Time on the hours of the week, also where the clock is set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.hours import HOURS_A_WEEK, local_clock
from monitor.core.moment import to_ms

HOUR_MS = 3_600_000
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ZONES = ["UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def weekly(zone: str, *intervals: tuple[datetime, datetime]) -> dict[int, float]:
    """Hours of time by the hour of the week; without those that have none."""
    start, end = min(i[0] for i in intervals), max(i[1] for i in intervals)
    spent = local_clock(ZoneInfo(zone), start, end).weekly((to_ms(a), to_ms(b)) for a, b in intervals)
    assert len(spent) == HOURS_A_WEEK
    return {hour: ms / HOUR_MS for hour, ms in enumerate(spent) if ms}


def test_the_first_hour_is_that_of_monday_on_the_local_clock() -> None:
    assert weekly("UTC", (MONDAY, MONDAY + 30 * MINUTE)) == {0: 0.5}
    assert weekly("Asia/Shanghai", (MONDAY, MONDAY + 90 * MINUTE)) == {8: 1, 9: 0.5}
    assert weekly("America/New_York", (MONDAY, MONDAY + 60 * MINUTE)) == {163: 1}


def test_weeks_fill_every_hour_alike() -> None:
    """From 5:37 on, since that zone is five and a half hours ahead."""
    spent = weekly("Asia/Kolkata", (MONDAY + 7 * MINUTE, MONDAY + timedelta(weeks=3) + 37 * MINUTE))
    odd = {hour: round(time, 6) for hour, time in spent.items() if time != 3}
    assert odd == {5: round(3 + 23 / 60, 6), 6: round(3 + 7 / 60, 6)}


def test_the_hour_that_a_day_leaves_out_gets_nothing() -> None:
    """Berlin, 29 March 2026: from 2:00 the clock is set to 3:00."""
    day = datetime(2026, 3, 28, 23, tzinfo=UTC)
    spent = weekly("Europe/Berlin", (day, day + timedelta(hours=23)))
    assert spent == {144 + hour: 1 for hour in range(24) if hour != 2}


def test_the_hour_that_a_day_has_twice_gets_both() -> None:
    """New York, 1 November 2026: from 2:00 the clock is set back to 1:00."""
    day = datetime(2026, 11, 1, 4, tzinfo=UTC)
    spent = weekly("America/New_York", (day, day + timedelta(hours=25)))
    assert spent == {144 + hour: 2 if hour == 1 else 1 for hour in range(24)}


def test_time_before_and_after_the_clock_is_set_lies_on_the_one_that_was_in_force() -> None:
    before, after = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    spent = weekly("Europe/Berlin", (before, before + 60 * MINUTE), (after, after + 60 * MINUTE))
    assert spent == {5 * 24 + 13: 1, 6 * 24 + 14: 1}


def test_time_without_length_is_nowhere() -> None:
    assert weekly("UTC", (MONDAY, MONDAY)) == {}


@pytest.mark.parametrize("zone", ZONES)
@settings(deadline=None)
@given(
    st.integers(0, 500 * 1440),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), min_size=1, max_size=3),
)
def test_each_minute_lies_where_the_zone_says(zone: str, since: int, gaps: list[tuple[int, int]]) -> None:
    at = datetime(2025, 9, 1, tzinfo=UTC) + since * MINUTE
    intervals, expected = [], [0] * HOURS_A_WEEK
    for pause, length in gaps:
        start = at + pause * MINUTE
        at = start + length * MINUTE
        intervals.append((start, at))
        for minute in range(length):
            local = (start + minute * MINUTE).astimezone(ZoneInfo(zone))
            expected[local.weekday() * 24 + local.hour] += 1
    spent = local_clock(ZoneInfo(zone), intervals[0][0], at).weekly(
        (to_ms(a), to_ms(b)) for a, b in intervals
    )
    assert [ms / 60_000 for ms in spent] == expected
