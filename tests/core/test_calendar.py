"""Work days and rest days, and the kinds of quarters of an hour."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.core.calendar import SLOT_S, Calendar, slots_between

NATIONAL_DAY = date(2026, 10, 1)
MADE_UP = date(2026, 10, 10)
CHINA = Calendar(ZoneInfo("Asia/Shanghai"), frozenset({NATIONAL_DAY}), frozenset({MADE_UP}))


@pytest.mark.parametrize(
    ("day", "is_work"),
    [
        pytest.param(date(2026, 9, 30), True, id="a Wednesday"),
        pytest.param(NATIONAL_DAY, False, id="a Thursday that is a holiday"),
        pytest.param(date(2026, 10, 3), False, id="a Saturday"),
        pytest.param(date(2026, 10, 4), False, id="a Sunday"),
        pytest.param(MADE_UP, True, id="a Saturday that is worked to make up"),
    ],
)
def test_holidays_rest_and_made_up_days_work(day: date, is_work: bool) -> None:
    assert CHINA.is_work_day(day) is is_work


@pytest.mark.parametrize(
    ("zone", "at", "kind"),
    [
        ("UTC", datetime(2026, 9, 30, 10, tzinfo=UTC), 2 * 10 + 1),
        ("Asia/Shanghai", datetime(2026, 9, 30, 10, tzinfo=UTC), 2 * 18 + 1),
        ("Asia/Shanghai", datetime(2026, 9, 30, 16, tzinfo=UTC), 2 * 0),  # the holiday has begun there
        ("Asia/Kathmandu", datetime(2026, 9, 30, 10, tzinfo=UTC), 2 * 15 + 1),
        ("Asia/Kathmandu", datetime(2026, 9, 30, 10, 15, tzinfo=UTC), 2 * 16 + 1),  # + 5:45
    ],
)
def test_a_slot_is_of_the_hour_and_day_in_the_zone(zone: str, at: datetime, kind: int) -> None:
    calendar = Calendar(ZoneInfo(zone), frozenset({NATIONAL_DAY}))
    slots = slots_between(calendar, at.timestamp(), at.timestamp() + SLOT_S)
    assert slots.kind(int(at.timestamp()) // SLOT_S) == kind
    assert len(slots.kinds) == 2


def test_an_hour_that_comes_twice_has_twice_as_many_slots() -> None:
    day = datetime(2026, 10, 25, tzinfo=UTC).timestamp()
    kinds = slots_between(Calendar(ZoneInfo("Europe/Berlin")), day - 7200, day + 82_800 - 1).kinds
    assert len(kinds) == 100
    assert kinds.count(2 * 2) == 8
