"""Writes every row of the `observation` view, from spans merged poll by poll, in bounded memory.

The view looks each row up by itself; here spans and changes are read once, in the order of polls.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from monitor.core.moment import to_ms
from monitor.core.product import ProductKey, Seen, is_available
from monitor.store.poll_times import first_poll_since
from monitor.store.rows import Reader, Row

COLUMNS: Final = (
    *("poll_id", "at", "source", "aidc_id", "product_code", "name", "remaining_count"),
    *("stock_error", "available", "invalid_reason", "price", "price_unit"),
)
FORMATS: Final = ("csv", "jsonl")
POLLS_AT_ONCE: Final = 500
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")

Values = tuple[Any, ...]
Progress = Callable[[int, int], None]
"""(done, of): ids of polls are counted, so where polls were thinned the steps are uneven."""

_FIELDS: Final = json.dumps(["name", "price", "price_unit"])
_NO_END: Final = 2**63
_ENDS = "SELECT coalesce((SELECT min(id) FROM poll), 1), coalesce((SELECT max(id) FROM poll), 0)"
_PRODUCTS = (
    "SELECT p.id, p.source_id, s.name AS source, p.aidc_id, p.product_code, p.name, p.price, p.price_unit"
    " FROM product p JOIN source s ON s.id = p.source_id ORDER BY p.id"
)
_FIRST_CHANGES = (
    "SELECT c.product_id, c.field, c.old FROM product p CROSS JOIN json_each(?) f CROSS JOIN product_change c"
    " ON c.product_id = p.id AND c.field = f.value AND c.poll_id ="
    " (SELECT min(poll_id) FROM product_change l WHERE l.product_id = p.id AND l.field = f.value)"
)
_POLLS = "SELECT id, at, source_id, aidc_id FROM poll WHERE id BETWEEN ? AND ? AND outcome = 'ok' ORDER BY id"
_SPANS = (
    "SELECT s.first_poll_id AS poll_id, s.product_id, s.until_poll_id, s.kind, s.remaining_count,"
    " s.stock_error, s.reason FROM product p CROSS JOIN snapshot s"
    " ON s.product_id = p.id AND s.first_poll_id BETWEEN ? AND ?"
)
# What a poll saw is `old` of the first change after it, hence the look at the change after each.
_CHANGES = (
    "SELECT c.poll_id, c.product_id, c.field, n.poll_id IS NULL AS is_last, n.old"
    " FROM product p CROSS JOIN json_each(?) f CROSS JOIN product_change c"
    " ON c.product_id = p.id AND c.field = f.value AND c.poll_id BETWEEN ? AND ?"
    " LEFT JOIN product_change n ON n.product_id = c.product_id AND n.field = c.field AND n.poll_id ="
    " (SELECT min(poll_id) FROM product_change l"
    " WHERE l.product_id = c.product_id AND l.field = c.field AND l.poll_id > c.poll_id)"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which observations are wanted: since a time, and of these products. None: all."""

    since: datetime | None = None
    keys: frozenset[ProductKey] | None = None


EVERYTHING: Final = Chosen()


@dataclass(slots=True)
class _Product:
    """A product as the poll at hand saw it. `told`: its part of the row; None while it has none."""

    row: Row
    values: dict[str, Any]
    span: Row | None = None
    until: int = _NO_END
    told: Values | None = None


Products = dict[int, _Product]


def write_csv(connection: Reader, out: IO[str], progress: Progress, chosen: Chosen = EVERYTHING) -> None:
    """Header and rows; what is not known is an empty field. `out` must be opened with newline="".

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for values in observations(connection, progress, chosen):
        writer.writerow([_harmless(value) for value in values])


def write_jsonl(connection: Reader, out: IO[str], progress: Progress, chosen: Chosen = EVERYTHING) -> None:
    """One object a line, with the names of `COLUMNS`; every text as it was."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for values in observations(connection, progress, chosen):
        out.write(encode(dict(zip(COLUMNS, values, strict=True))) + "\n")


def observations(
    connection: Reader,
    progress: Progress = lambda _done, _of: None,
    chosen: Chosen = EVERYTHING,
) -> Iterator[Values]:
    """The rows of the view with the values of `COLUMNS`, in the order of polls."""
    products = _products(connection)
    covered = _by_feed(products, chosen)
    first, last = connection.exec_driver_sql(_ENDS).one()
    if chosen.since is not None:
        first = max(first, first_poll_since(connection, to_ms(chosen.since)))
    for start in range(0, first, POLLS_AT_ONCE * 10):
        end = min(start + POLLS_AT_ONCE * 10, first) - 1
        _apply(_events(connection, start, end), products)
    for start in range(first, last + 1, POLLS_AT_ONCE):
        end = min(start + POLLS_AT_ONCE - 1, last)
        yield from _slice(connection, start, end, products, covered)
        progress(end - first + 1, last - first + 1)


def _products(connection: Reader) -> Products:
    """All of them, with the attributes that the very first poll saw."""
    products = {
        row.id: _Product(row, {"name": row.name, "price": row.price, "price_unit": row.price_unit})
        for row in connection.exec_driver_sql(_PRODUCTS)
    }
    for change in connection.exec_driver_sql(_FIRST_CHANGES, (_FIELDS,)):
        products[change.product_id].values[change.field] = _value(change.field, change.old)
    return products


def _by_feed(products: Products, chosen: Chosen) -> dict[tuple[int, int | None], list[_Product]]:
    found: dict[tuple[int, int | None], list[_Product]] = {}
    for product in products.values():
        key = ProductKey(product.row.source, product.row.aidc_id, product.row.product_code)
        if chosen.keys is not None and key not in chosen.keys:
            continue
        for aidc_id in (None, product.row.aidc_id):
            found.setdefault((product.row.source_id, aidc_id), []).append(product)
    return found


def _slice(
    connection: Reader,
    start: int,
    end: int,
    products: Products,
    covered: Mapping[tuple[int, int | None], Iterable[_Product]],
) -> Iterator[Values]:
    events = _events(connection, start, end)
    for poll in connection.exec_driver_sql(_POLLS, (start, end)).all():
        begun = next((at for at, event in enumerate(events) if event.poll_id > poll.id), len(events))
        _apply(events[:begun], products)
        del events[:begun]
        for product in covered.get((poll.source_id, poll.aidc_id), ()):
            if product.told is not None and poll.id < product.until:
                yield poll.id, poll.at, *product.told
    _apply(events, products)


def _events(connection: Reader, start: int, end: int) -> list[Row]:
    """The spans and changes that begin with one of these polls, in their order."""
    spans = connection.exec_driver_sql(_SPANS, (start, end)).all()
    changes = connection.exec_driver_sql(_CHANGES, (_FIELDS, start, end)).all()
    return sorted([*spans, *changes], key=lambda event: int(event.poll_id))


def _apply(events: Iterable[Row], products: Products) -> None:
    for event in events:
        product = products[event.product_id]
        if hasattr(event, "kind"):
            product.span = event
            product.until = _NO_END if event.until_poll_id is None else event.until_poll_id
        else:
            now = getattr(product.row, event.field) if event.is_last else _value(event.field, event.old)
            product.values[event.field] = now
        product.told = _told(product)


def _told(product: _Product) -> Values | None:
    row, span, values = product.row, product.span, product.values
    if span is None or span.kind == "absent":
        return None
    available = None
    if span.kind == "valid":
        available = int(is_available(Seen(span.remaining_count, span.stock_error)))
    return (
        *(row.source, row.aidc_id, row.product_code, values["name"], span.remaining_count),
        *(span.stock_error, available, span.reason, values["price"], values["price_unit"]),
    )


def _value(field: str, text: str | None) -> str | int | None:
    return int(text) if field == "price_unit" and text is not None else text


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
