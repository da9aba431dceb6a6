"""What there is to watch and who watches it: products, watches, and what an answer truly said. Plain values.

Nothing here is of the monitor: the reference model reads these, the stand-ins serve them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

CODES: Final = ("PRD-A", "PRD-B", "PRD-C")
INTERVAL_S: Final = 300.0
TIMEOUT_S: Final = 10.0
CHANNELS: Final = ("phone", "ops")


@dataclass(frozen=True, slots=True)
class Row:
    """One product as an answer named it. `price` None: it was not told."""

    remaining: int
    is_blocked: bool = False
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Saw:
    """What one answer truly said.

    `failure`: it says nothing at all. `rows`: by product code; None where nothing can be made of the row, or
    where rows contradict each other. `has_stray`: one more row, whose key cannot be used.
    """

    failure: str | None = None
    rows: Mapping[str, Row | None] = field(default_factory=dict)
    has_stray: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.has_stray


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule of the configuration. `least` and `dearest`: what it wants of count and price.

    `more`: it tells again at so many times the count that was told last.
    """

    name: str
    codes: tuple[str, ...]
    channels: tuple[str, ...]
    least: int | None = None
    dearest: Decimal | None = None
    hold: timedelta = timedelta(0)
    keep: timedelta = timedelta(0)
    remind: timedelta | None = None
    more: Decimal | None = None
    min_gap: timedelta = timedelta(seconds=60)
    tells_sold_out: bool = True
    tells_existing: bool = True


@dataclass(frozen=True, slots=True)
class Hush:
    """A silence by the wall clock. None: all rules, all products."""

    begins_ms: int
    ends_ms: int
    rule: str | None
    code: str | None
