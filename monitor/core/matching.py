"""Does this product meet that rule, and if not, which key said no? Pure.

A match is a table of keys that must all hold; a rule may have several tables of which any will do.
Keys are the provider's fields in snake_case, plus `source`, `remaining`, and the derived
`total_gpus` (= remaining x gpu_count) and `price_per_gpu`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from monitor.core.product import Attributes, ProductKey, Seen, glob_matches, is_blocked

COUNT_KEYS: Final = frozenset({"remaining", "total_gpus"})
PRICE_KEYS: Final = frozenset({"price", "price_unit", "price_per_gpu"})

_NUMBER = r"(-?\d{1,18}(?:\.\d{1,9})?)"
_COMPARISON: Final = re.compile(rf"\s*(>=|<=|>|<|==|=)\s*{_NUMBER}\s*", re.ASCII)
_SPAN: Final = re.compile(rf"\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*", re.ASCII)
_EXACT: Final = re.compile(rf"\s*{_NUMBER}\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; None leaves that side open; an `excluded` bound is not in it."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_excluded: bool = False
    high_excluded: bool = False

    @staticmethod
    def parse(text: str) -> "Range":
        """Read `"8"`, `">=8"`, `"<20"` or `"2..8"` (both ends in).

        Raises ValueError with a sentence that says what is understood.
        """
        if found := _EXACT.fullmatch(text):
            return Range(Decimal(found[1]), Decimal(found[1]))
        if found := _COMPARISON.fullmatch(text):
            return Range._bounded(found[1], Decimal(found[2]))
        if found := _SPAN.fullmatch(text):
            low, high = Decimal(found[1]), Decimal(found[2])
            if low > high:
                raise ValueError(f"the range {text!r} is empty: write the smaller number first")
            return Range(low, high)
        raise ValueError(f'cannot read {text[:40]!r}: write a number, ">=8", "<=20", ">1", "<5" or "2..8"')

    @staticmethod
    def _bounded(sign: str, bound: Decimal) -> "Range":
        return {
            ">=": Range(low=bound),
            ">": Range(low=bound, low_excluded=True),
            "<=": Range(high=bound),
            "<": Range(high=bound, high_excluded=True),
        }.get(sign, Range(bound, bound))

    def holds(self, number: Decimal) -> bool:
        above = self.low is None or number > self.low or (number == self.low and not self.low_excluded)
        below = self.high is None or number < self.high or (number == self.high and not self.high_excluded)
        return above and below

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return str(self.low) if self.low == self.high else f"{self.low}..{self.high}"
        if self.low is not None:
            return f"{'>' if self.low_excluded else '>='}{self.low}"
        return f"{'<' if self.high_excluded else '<='}{self.high}"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One key of a match: any of the globs (text keys) or any of the ranges (number keys) will do."""

    key: str
    globs: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()

    def accepts(self, value: "Value") -> bool | None:
        """None when the value was never known."""
        if value is None:
            return None
        if isinstance(value, str):
            return any(glob_matches(glob, value) for glob in self.globs)
        return isinstance(value, Decimal) and any(wanted.holds(value) for wanted in self.ranges)

    def wanted(self) -> str:
        """What this key asks for, as a person wrote it."""
        return " or ".join([*self.globs, *map(str, self.ranges)])


Match = tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A watch: what must hold, how long, and who is told. `name` is its identity."""

    name: str
    any_of: tuple[Match, ...]
    notify: tuple[str, ...]
    hold_for: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    remind_every: timedelta | None = None
    notify_sold_out: bool = True
    announce_existing: bool = True
    more_at: Decimal | None = None  # so many times the count that was told last is told, too
    min_gap: timedelta = timedelta(seconds=60)
    blocked_after: timedelta = timedelta(minutes=10)
    ignore_stock_error: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Met:
    pass


@dataclass(frozen=True, slots=True)
class NotMet:
    """`key` said no: a key of the match, or `stock_error` or `listing`."""

    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing can be said: `why` names the key that was never known, or the reason of the poll."""

    why: str


Condition = Met | NotMet | Unknown


class Inapplicable(Enum):
    """A value that cannot exist for this product, such as a price per GPU without GPUs: never met."""

    NO_GPUS = "no GPUs"


Value = Decimal | str | Inapplicable | None


def condition(rule: Rule, key: ProductKey, seen: Seen) -> Condition:
    """Is the rule met by what was seen? A product that is not available never meets a rule."""
    verdict = _any_of(rule.any_of, key, seen, _every_key)
    if isinstance(verdict, NotMet):
        return verdict
    if seen.remaining == 0:
        return NotMet("remaining")
    if is_blocked(seen, rule.ignore_stock_error):
        return NotMet("stock_error")
    return verdict


def covers(rule: Rule, key: ProductKey, attributes: Attributes) -> Condition:
    """Is this a product that the rule watches, whatever stock is left of it?"""
    return _any_of(rule.any_of, key, Seen(0, None, attributes), _no_count_key)


def would_be_met_unblocked(rule: Rule, key: ProductKey, seen: Seen) -> bool:
    """True when stock is shown that meets the rule, and only a stock error stands in the way."""
    return (
        seen.remaining > 0
        and is_blocked(seen, rule.ignore_stock_error)
        and isinstance(_any_of(rule.any_of, key, seen, _every_key), Met)
    )


def met_tables(rule: Rule, key: ProductKey, seen: Seen) -> tuple[Match, ...]:
    """Those of the rule's tables whose every key holds, whether or not the product is available."""
    return tuple(match for match in rule.any_of if isinstance(_all_of(match, key, seen, _every_key), Met))


def verdict_on(
    keys: frozenset[str], tables: Iterable[Match], key: ProductKey, seen: Seen
) -> tuple[bool | None, ...]:
    """What each criterion on one of `keys` says, table by table: to tell which of them turned."""
    return tuple(
        criterion.accepts(value_of(criterion.key, key, seen))
        for match in tables
        for criterion in match
        if criterion.key in keys
    )


def counting_criterion(rule: Rule, key: ProductKey, attributes: Attributes) -> Criterion | None:
    """The count that is asked of this product, in the first table that is about it and counts."""
    seen = Seen(0, None, attributes)
    about_it = (m for m in rule.any_of if not isinstance(_all_of(m, key, seen, _no_count_key), NotMet))
    return next((c for match in about_it for c in match if c.key in COUNT_KEYS), None)


def value_of(name: str, key: ProductKey, seen: Seen) -> Value:
    """The value that a match key looks at."""
    return _VALUES[name](key, seen)


def _every_key(_: str) -> bool:
    return True


def _no_count_key(name: str) -> bool:
    return name not in COUNT_KEYS


def _any_of(any_of: tuple[Match, ...], key: ProductKey, seen: Seen, used: Callable[[str], bool]) -> Condition:
    verdicts = [_all_of(match, key, seen, used) for match in any_of]
    for wanted in (Met, Unknown):
        for verdict in verdicts:
            if isinstance(verdict, wanted):
                return verdict
    return verdicts[0] if verdicts else NotMet("match")


def _all_of(match: Match, key: ProductKey, seen: Seen, used: Callable[[str], bool]) -> Condition:
    unknown: Unknown | None = None
    for criterion in match:
        if not used(criterion.key):
            continue
        accepted = criterion.accepts(value_of(criterion.key, key, seen))
        if accepted is None:
            unknown = unknown or Unknown(f"{criterion.key} was never known")
        elif not accepted:
            return NotMet(criterion.key)
    return unknown or Met()


def _number(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _total_gpus(_: ProductKey, seen: Seen) -> Value:
    count = seen.attributes.gpu_count
    return None if count is None else Decimal(seen.remaining * count)


def _price_per_gpu(_: ProductKey, seen: Seen) -> Value:
    price, count = seen.attributes.price, seen.attributes.gpu_count
    if price is None or count is None:
        return None
    return price / count if count else Inapplicable.NO_GPUS


_VALUES: Final[Mapping[str, Callable[[ProductKey, Seen], Value]]] = {
    "source": lambda key, seen: key.source,
    "aidc_id": lambda key, seen: Decimal(key.aidc_id),
    "product_code": lambda key, seen: key.product_code,
    "name": lambda key, seen: seen.attributes.name,
    "gpu_name": lambda key, seen: seen.attributes.gpu_name,
    "gpu_count": lambda key, seen: _number(seen.attributes.gpu_count),
    "cpu_cores": lambda key, seen: seen.attributes.cpu_cores,
    "memory_gb": lambda key, seen: seen.attributes.memory_gb,
    "disk_gb": lambda key, seen: seen.attributes.disk_gb,
    "price": lambda key, seen: seen.attributes.price,
    "price_unit": lambda key, seen: _number(seen.attributes.price_unit),
    "price_per_gpu": _price_per_gpu,
    "remaining": lambda key, seen: Decimal(seen.remaining),
    "total_gpus": _total_gpus,
}

MATCH_KEYS: Final = tuple(_VALUES)
TEXT_KEYS: Final = frozenset({"source", "product_code", "name", "gpu_name"})
