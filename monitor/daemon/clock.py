"""The clocks. Nothing else in the program reads one."""

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    """`monotonic` counts seconds that a suspended machine sleeps, too: a suspend is not a clock step."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def new_event_id() -> str:
    """Twelve letters and digits of 60 random bits, without those that are mistaken for others."""
    bits = secrets.randbits(60)
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(55, -1, -5))
