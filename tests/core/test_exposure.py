"""Time out and openings, sorted by age and kind of slot up to a moment that moves on."""

import pytest

from monitor.core.calendar import slots_between
from monitor.core.exposure import Exposure
from monitor.core.openings import AGE_NOT_KNOWN, Record
from tests.core.bursts import BEGIN, CALENDAR
from tests.core.test_openings import of, shown

FIRST_KIND = 2 * 8 + 1  # eight o'clock in Shanghai, on a Thursday


def exposure(record: Record) -> Exposure:
    return Exposure(record, slots_between(CALENDAR, record.start, record.end))


def test_all_the_time_out_is_counted_and_each_opening_where_it_happened() -> None:
    record = of([shown(2, 3), shown(3.1, 4)])
    found = exposure(record)
    counts = found.move_to(record.end)
    assert sum(map(sum, counts.seconds)) == pytest.approx(22.1 * 3600)
    assert counts.openings[AGE_NOT_KNOWN][FIRST_KIND + 2] == 1
    assert counts.openings[0][FIRST_KIND + 6] == 1
    assert found.windows == 2


def test_nothing_after_the_moment_is_known() -> None:
    found = exposure(of([shown(2, 3)]))
    begin = BEGIN.timestamp()
    assert sum(map(sum, found.move_to(begin + 3600).seconds)) == 3600
    assert sum(map(sum, found.move_to(begin + 7200).seconds)) == 7200
    assert found.windows == 1
    assert sum(map(sum, found.move_to(begin + 4 * 3600).seconds)) == 3 * 3600


def test_a_record_without_time_out_has_nothing_to_count() -> None:
    found = exposure(of([shown(0, 24, known=False, closed=False)]))
    assert sum(map(sum, found.move_to(BEGIN.timestamp() + 1e9).seconds)) == 0
