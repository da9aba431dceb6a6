"""When stock tends to appear: by hour, by work day or rest day, and hardly ever in China's holidays. Pure."""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from monitor.core.moment import from_ms

BEIJING: Final = timezone(timedelta(hours=8))
HOURS: Final = (
    *(0.25, 0.2, 0.15, 0.15, 0.15, 0.2, 0.3, 0.5, 1.0, 1.9, 2.2, 1.9),
    *(1.2, 1.3, 1.8, 2.1, 2.0, 1.7, 1.3, 1.0, 0.9, 0.8, 0.6, 0.4),
)
"""How much likelier an opening is in each hour of the day than at an even pace; they make 24 together."""

WORK_DAY: Final = 1.2
REST_DAY: Final = 0.6
HOLIDAY: Final = 0.15
MOST: Final = max(HOURS) * WORK_DAY

_HOUR_MS: Final = 3_600_000
_DAY: Final = timedelta(days=1)
# The first days of the lunar years; the holiday begins on the eve.
_SPRINGS: Final = (
    *(date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10)),
    *(date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
)
_HOLIDAYS: Final = frozenset(
    [
        *(spring + day * _DAY for spring in _SPRINGS for day in range(-1, 7)),
        *(date(spring.year, 1, 1) for spring in _SPRINGS),
        *(date(spring.year, 5, day) for spring in _SPRINGS for day in range(1, 6)),
        *(date(spring.year, 10, day) for spring in _SPRINGS for day in range(1, 8)),
    ]
)


def weight(at_ms: int) -> float:
    """How likely an opening is at that moment, 1 being the mean of a year without holidays."""
    return _weight_of_hour(at_ms // _HOUR_MS)


def holidays(start: datetime, end: datetime) -> list[date]:
    """Those between the two, in Beijing's calendar."""
    first, last = start.astimezone(BEIJING).date(), end.astimezone(BEIJING).date()
    return sorted(day for day in _HOLIDAYS if first <= day <= last)


@lru_cache(maxsize=4096)
def _weight_of_hour(hour: int) -> float:
    local = from_ms(hour * _HOUR_MS).astimezone(BEIJING)
    if local.date() in _HOLIDAYS:
        return HOURS[local.hour] * HOLIDAY
    return HOURS[local.hour] * (WORK_DAY if local.weekday() < 5 else REST_DAY)
