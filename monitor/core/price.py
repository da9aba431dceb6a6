"""What a product cost at a moment of the past, from what it costs now and the changes since. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """`unit` is the provider's code for what it is counted in."""

    amount: Decimal
    unit: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Until `at_ms` it was `old`; None: it was not known."""

    at_ms: int
    old: str | None


@dataclass(frozen=True, slots=True)
class PriceLog:
    """What they are now, and their changes in order."""

    amount: Decimal | None
    unit: int | None
    amounts: Sequence[Changed] = ()
    units: Sequence[Changed] = ()

    def at(self, moment_ms: int) -> Price | None:
        """None: it was not known."""
        now = None if self.amount is None else str(self.amount)
        amount = _as_of(moment_ms, now, self.amounts)
        unit = _as_of(moment_ms, None if self.unit is None else str(self.unit), self.units)
        return None if amount is None else Price(Decimal(amount), None if unit is None else int(unit))


@dataclass(frozen=True, slots=True)
class PriceRange:
    unit: int | None
    low: Decimal
    high: Decimal


def ranges(prices: Iterable[Price | None]) -> tuple[PriceRange, ...]:
    """The lowest and the highest in each unit: amounts of different units are not compared."""
    by_unit: dict[int | None, list[Decimal]] = {}
    for price in prices:
        if price is not None:
            by_unit.setdefault(price.unit, []).append(price.amount)
    return tuple(PriceRange(unit, min(amounts), max(amounts)) for unit, amounts in by_unit.items())


def _as_of(moment_ms: int, now: str | None, changes: Sequence[Changed]) -> str | None:
    """What it was before the first change after that moment."""
    return next((change.old for change in changes if change.at_ms > moment_ms), now)
