"""What each key of a rule's match wants, what a product has instead, and which product comes nearest. Pure.

The verdict itself is that of `matching`: this only writes down, key by key, how it comes about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from monitor.core.evaluate import condition_of
from monitor.core.matching import (
    COUNT_KEYS,
    Condition,
    Criterion,
    Inapplicable,
    Match,
    Met,
    NotMet,
    Rule,
    Unknown,
    Value,
    covers,
    value_of,
)
from monitor.core.product import Absent, Attributes, Invalid, Observation, ProductKey, Seen, is_blocked
from monitor.core.wording import number_text


@dataclass(frozen=True, slots=True)
class Answer:
    """`key`: of the match, or `listing`, `remaining`, `stock_error`, which every rule asks for.

    `found` and `holds` are None where it is not known.
    """

    key: str
    wanted: str
    found: str | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Explained:
    """`verdict`: is the rule met; `watched`: is it about this product at all, whatever stock is left?

    Of `tables` any will do, each with every key of it; `stock` must hold with any of them.
    """

    verdict: Condition
    watched: Condition
    tables: tuple[tuple[Answer, ...], ...]
    stock: tuple[Answer, ...]

    @property
    def lacking(self) -> tuple[Answer, ...]:
        """What stands in the way: of the table that comes nearest, and of the stock."""
        tables = [tuple(answer for answer in table if not answer.holds) for table in self.tables]
        nearest = min(tables, key=len, default=())
        asked = {answer.key for answer in nearest}
        return nearest + tuple(a for a in self.stock if not a.holds and a.key not in asked)


@dataclass(frozen=True, slots=True)
class Nearest:
    product: ProductKey
    lacking: tuple[Answer, ...]


def explained(rule: Rule, key: ProductKey, attributes: Attributes, observation: Observation) -> Explained:
    """Why the rule is met, not met or unknown. `attributes`: as they are known, also while stock is not."""
    return Explained(
        condition_of(rule, key, observation),
        covers(rule, key, attributes),
        tuple(_answers(match, key, attributes, observation) for match in rule.any_of),
        _stock(rule, observation),
    )


def nearest(rule: Rule, products: Mapping[ProductKey, tuple[Attributes, Observation]]) -> Nearest | None:
    """Of the products that the rule watches, the one that lacks least. None: it watches none of them."""
    watched = [
        (key, found)
        for key, (attributes, observation) in products.items()
        if not isinstance((found := explained(rule, key, attributes, observation)).watched, NotMet)
    ]
    if not watched:
        return None
    key, found = min(watched, key=lambda each: (_distance(each[1]), each[0]))
    return Nearest(key, found.lacking)


def _distance(found: Explained) -> tuple[int, int]:
    """First by the verdict, then by how many keys say no."""
    order = 0 if isinstance(found.verdict, Met) else 1 if isinstance(found.verdict, NotMet) else 2
    return order, len(found.lacking)


def _answers(
    match: Match, key: ProductKey, attributes: Attributes, observation: Observation
) -> tuple[Answer, ...]:
    seen = observation if isinstance(observation, Seen) else None
    about = seen or Seen(0, None, attributes)
    return tuple(
        _answer(criterion, None if seen is None and criterion.key in COUNT_KEYS else about, key)
        for criterion in match
    )


def _answer(criterion: Criterion, about: Seen | None, key: ProductKey) -> Answer:
    value = None if about is None else value_of(criterion.key, key, about)
    return Answer(criterion.key, criterion.wanted(), _found(value), criterion.accepts(value))


def _found(value: Value) -> str | None:
    if isinstance(value, Decimal):
        return number_text(value)
    return value.value if isinstance(value, Inapplicable) else value


def _stock(rule: Rule, observation: Observation) -> tuple[Answer, ...]:
    """What every rule asks of the stock, whatever its match says."""
    match observation:
        case Seen(remaining, stock_error):
            blocked = is_blocked(observation, rule.ignore_stock_error)
            return (
                Answer("remaining", ">0", str(remaining), remaining > 0),
                Answer("stock_error", _error_wanted(rule), stock_error or "none", not blocked),
            )
        case Invalid(reason):
            return (Answer("remaining", ">0", reason, None),)
        case Absent(sure):
            return (Answer("listing", "listed", "not listed", False if sure else None),)
        case _ as never:
            assert_never(never)


def _error_wanted(rule: Rule) -> str:
    return " or ".join(["none", *rule.ignore_stock_error])


def verdict_text(verdict: Condition) -> str:
    """`met`, `not met: remaining`, `unknown: price was never known`."""
    match verdict:
        case Met():
            return "met"
        case NotMet(key):
            return f"not met: {key}"
        case Unknown(why):
            return f"unknown: {why}"
        case _ as never:
            assert_never(never)


def lacking_text(lacking: Iterable[Answer]) -> str:
    """`remaining is 1, wanted >=2`, as many as there are."""
    return "; ".join(
        f"{a.key} is {'not known' if a.found is None else a.found}, wanted {a.wanted}" for a in lacking
    )
