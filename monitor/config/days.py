"""Reads the days of `[calendar]`: single ones and ranges. Pure.

Raises ValueError with the rest of a sentence whose subject is the key.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from monitor.config.values import kind_of, shown

LONGEST_RANGE: Final = 60
DAY_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$",
}
_DAY: Final = timedelta(days=1)


def days(value: object) -> tuple[date, ...]:
    """`"2026-10-01"`, `"2026-10-01..2026-10-07"` with both ends in it, or a date of TOML."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return (value,)
    if not isinstance(value, str):
        raise ValueError(f'must be a day in quotes ("2026-10-01"), not {kind_of(value)}')  # noqa: TRY004
    first, separator, last = value.partition("..")
    start = _day(first, value)
    end = _day(last, value) if separator else start
    if end < start:
        raise ValueError(f"ends before it begins: {shown(value)}")
    if (end - start).days >= LONGEST_RANGE:
        raise ValueError(f"is longer than {LONGEST_RANGE} days: {shown(value)}")
    return tuple(start + number * _DAY for number in range((end - start).days + 1))


def days_text(wanted: Iterable[date]) -> list[str]:
    """As they are written in monitor.toml, neighbours as ranges."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(wanted):
        if ranges and day - ranges[-1][1] == _DAY and (day - ranges[-1][0]).days < LONGEST_RANGE:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return [f"{first}" if first == last else f"{first}..{last}" for first, last in ranges]


def _day(text: str, whole: str) -> date:
    # fromisoformat alone would take weeks and days without hyphens, too.
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ValueError(
            f'cannot read {shown(whole)}: write a day as "2026-10-01", or several as "2026-10-01..2026-10-07"'
        ) from None
