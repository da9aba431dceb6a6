"""Why a rule fired or resolved: what changed in the product since it was last known. Pure."""

from collections.abc import Iterable

from monitor.core.decision import Cause
from monitor.core.matching import COUNT_KEYS, PRICE_KEYS, Match, Rule, met_tables, verdict_on
from monitor.core.product import Absent, ProductKey, Seen, is_blocked

Known = Seen | Absent


def cause_of(rule: Rule, key: ProductKey, before: Known | None, after: Known) -> Cause:
    """The first of the telling changes, in the order in which people care for them."""
    if before is None:
        return Cause.FIRST_SIGHT
    if isinstance(before, Absent) or isinstance(after, Absent):
        return Cause.LISTING
    # A table that the product meets neither before nor after has no part in it.
    tables = {*met_tables(rule, key, before), *met_tables(rule, key, after)}
    changes = {
        Cause.STOCK: (before.remaining == 0) != (after.remaining == 0),
        Cause.COUNT: _turned(COUNT_KEYS, tables, key, before, after),
        Cause.PRICE: _turned(PRICE_KEYS, tables, key, before, after),
        Cause.STOCK_ERROR: is_blocked(before, rule.ignore_stock_error)
        != is_blocked(after, rule.ignore_stock_error),
    }
    return next((cause for cause, changed in changes.items() if changed), Cause.OTHER)


def _turned(
    keys: frozenset[str], tables: Iterable[Match], key: ProductKey, before: Seen, after: Seen
) -> bool:
    return verdict_on(keys, tables, key, before) != verdict_on(keys, tables, key, after)
