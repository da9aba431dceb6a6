"""What `stats` tells, as values: the statistics of the products and rules that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.past import check_rule, wanted_keys
from monitor.cli.stored import Place
from monitor.core.hours import Clock, local_clock
from monitor.core.price import Price, PriceRange, ranges
from monitor.core.product import Attributes, ProductKey
from monitor.core.stats import Statistics, of_product, of_rule
from monitor.core.watched import Folded, fold

if TYPE_CHECKING:
    from monitor.store.product_record import ProductRecord


@dataclass(frozen=True, slots=True)
class ProductFigures:
    key: ProductKey
    attributes: Attributes
    rules: tuple[str, ...]
    statistics: Statistics
    prices: tuple[PriceRange, ...]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """`products`: those that the rule watches, whatever their count is."""

    name: str
    products: tuple[ProductKey, ...]
    statistics: Statistics
    prices: tuple[PriceRange, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    products: tuple[ProductFigures, ...]
    rules: tuple[RuleFigures, ...]


def read_figures(
    place: Place, products: Sequence[str], rule: str | None, start: datetime, end: datetime
) -> Figures:
    """Of the products that are named; or of a rule and its products; or of everything.

    Raises DatabaseError, and UsageError for a name that is none.
    """
    from monitor.store.history import product_keys
    from monitor.store.product_record import product_records
    from monitor.store.readonly import reading

    check_rule(place, rule)
    clock = local_clock(place.zone, start, end)
    names = [] if products else [known.name for known in place.rules or () if rule in (None, known.name)]
    told: list[ProductFigures] = []
    watched: dict[str, list[tuple[ProductFigures, Folded[int]]]] = {name: [] for name in names}
    with reading(place.url) as connection:
        wanted = wanted_keys(products, product_keys(connection))
        for record in product_records(connection, start, end, wanted):
            rules = tuple(place.watched_by(record.key, record.attributes))
            if rule is None or rule in rules:
                folded = fold(record.sights, record.answered_ms, record.holes, clock.start_ms, clock.end_ms)
                told.append(_of_product(record, rules, folded, clock))
                for name in watched.keys() & set(rules):
                    watched[name].append((told[-1], folded))
    return Figures(tuple(told), tuple(_of_rule(name, of_it, clock) for name, of_it in watched.items()))


def _of_product(
    record: "ProductRecord", rules: tuple[str, ...], folded: Folded[int], clock: Clock
) -> ProductFigures:
    prices = ranges(
        record.prices.at(piece.opened_at) for piece in folded.pieces if piece.unseen_at is not None
    )
    return ProductFigures(record.key, record.attributes, rules, of_product(folded, clock), prices)


def _of_rule(name: str, watched: Sequence[tuple[ProductFigures, Folded[int]]], clock: Clock) -> RuleFigures:
    bounds = (
        Price(amount, price.unit)
        for product, _ in watched
        for price in product.prices
        for amount in (price.low, price.high)
    )
    return RuleFigures(
        name,
        tuple(product.key for product, _ in watched),
        of_rule([folded for _, folded in watched], clock),
        ranges(bounds),
    )
