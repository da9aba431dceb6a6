"""Work days and rest days, and what each quarter of an hour is in the local week. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final

SLOT_S: Final = 900
"""Offsets of time zones are whole quarters: within one, hour and day are the same."""

HOURS: Final = 24
SLOT_KINDS: Final = 2 * HOURS
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Saturdays, Sundays and `holidays` are rest days; `workdays`, which make up for holidays (调休), are
    none."""

    zone: tzinfo
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_work_day(self, day: date) -> bool:
        return day in self.workdays or (day not in self.holidays and day.weekday() < _SATURDAY)


@dataclass(frozen=True, slots=True)
class Slots:
    """The kind of each quarter of an hour from `first` (a slot's number: seconds since 1970 / 900) on.

    A kind is 2 x the local hour, and one more on a work day.
    """

    first: int
    kinds: Sequence[int]

    def kind(self, slot: int) -> int:
        return self.kinds[slot - self.first]


def slots_between(calendar: Calendar, start_s: float, end_s: float) -> Slots:
    """Both in seconds since 1970; the slots in which they lie are in it."""
    first, last = int(start_s // SLOT_S), int(end_s // SLOT_S)
    works: dict[date, bool] = {}
    kinds = []
    for slot in range(first, last + 1):
        local = datetime.fromtimestamp(slot * SLOT_S, UTC).astimezone(calendar.zone)
        day = local.date()
        if day not in works:
            works[day] = calendar.is_work_day(day)
        kinds.append(2 * local.hour + works[day])
    return Slots(first, kinds)
