"""Reads a factor of monitor.toml, like `"x2"`. Pure."""

import re
from decimal import Decimal
from typing import Any, Final

LARGEST_FACTOR: Final = 1000
FACTOR_SCHEMA: Final[dict[str, Any]] = {"type": "string", "pattern": r"^x\d{1,4}(\.\d{1,3})?$"}

_FACTOR: Final = re.compile(r"x(\d{1,4}(?:\.\d{1,3})?)", re.ASCII)
_LOOSE_FACTOR: Final = re.compile(r"\s*[xX×*]?\s*(\d{1,4}(?:\.\d{1,3})?)\s*[xX×*]?\s*", re.ASCII)


def factor(value: object) -> Decimal:
    """So many times as much, more than once: `"x2"`, `"x1.5"`.

    Raises ValueError with the rest of a sentence whose subject is the key.
    """
    found = _FACTOR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        meant = _LOOSE_FACTOR.fullmatch(str(value))
        hint = f'; did you mean "x{meant[1]}"?' if meant else ""
        raise ValueError(f'must be a factor in quotes, like "x2" or "x1.5"{hint}')
    if not 1 < Decimal(found[1]) <= LARGEST_FACTOR:
        raise ValueError(f"must be more than x1, and at most x{LARGEST_FACTOR}")
    return Decimal(found[1])


def factor_text(times: Decimal) -> str:
    """The way a factor is written in monitor.toml."""
    return f"x{times:f}"
