"""How each key of a scenario file is read: its value, or a ValueError that says what is wanted. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from monitor.simulator.scenario import FaultKind

Reader = Callable[[Any], Any]

LARGEST_REMAINING: Final = 1_000_000_000
LONGEST_S: Final = 10 * 365 * 86_400

_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", re.ASCII)
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def read_duration_s(value: Any) -> float:
    """Seconds of "90s", "1.5s", "250ms", "15m", "2h" or "1d"."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'must be a duration such as "10s", "1.5s" or "15m", not {_shown(value)}')
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > LONGEST_S:
        raise ValueError(f"{value} is longer than ten years")
    return seconds


def read_fault(value: Any) -> FaultKind:
    try:
        return FaultKind(str(value))
    except ValueError:
        kinds = ", ".join(f'"{kind}"' for kind in FaultKind)
        raise ValueError(f"must be one of {kinds}, not {_shown(value)}") from None


def read_text(value: Any) -> str:
    _demand(isinstance(value, str) and value != "", "text", value)
    return str(value)


def read_optional_text(value: Any) -> str | None:
    """An empty text takes the value away: null on the wire, or no stock error."""
    return read_text(value) if value != "" else None


def read_number_text(value: Any) -> str:
    """The text that goes on the wire. A number is written as it stands, a text is served untouched."""
    _demand(_is_integer(value) or isinstance(value, str), "a number or the text to be served", value)
    return str(value)


def read_integer(value: Any) -> int:
    _demand(_is_integer(value) and abs(value) < 2**53, "a whole number", value)
    return int(value)


def read_remaining(value: Any) -> int:
    wanted = f"a whole number from 0 to {LARGEST_REMAINING}"
    _demand(_is_integer(value) and 0 <= value <= LARGEST_REMAINING, wanted, value)
    return int(value)


def read_switch(value: Any) -> bool:
    _demand(isinstance(value, bool), "true or false", value)
    return bool(value)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _demand(holds: bool, wanted: str, value: Any) -> None:
    if not holds:
        raise ValueError(f"must be {wanted}, not {_shown(value)}")


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


CHANGES: Final[Mapping[str, Reader]] = {
    "name": read_text,
    "aidc_id": read_integer,
    "gpu_name": read_optional_text,
    "gpu_count": read_number_text,
    "cpu_cores": read_number_text,
    "memory_gb": read_number_text,
    "disk_gb": read_number_text,
    "price": read_number_text,
    "price_unit": read_integer,
    "remaining": read_remaining,
    "stock_error": read_optional_text,
    "listed": read_switch,
}
"""What an event may change; its `aidc_id` only says whose product is meant."""

PRODUCT: Final[Mapping[str, Reader]] = {"product_code": read_text, **CHANGES}
