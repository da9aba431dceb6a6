"""Reads back the products, and from their newest spans what later decisions need to know of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.core.moment import from_ms
from monitor.core.product import (
    Absent,
    Attributes,
    Invalid,
    Observation,
    ProductKey,
    Seen,
    is_available,
    is_shown_but_blocked,
)
from monitor.core.world import Product
from monitor.store.codec import ATTRIBUTES, attributes_of
from monitor.store.row_ids import RowIds
from monitor.store.rows import Reader, Row

SPANS_LOOKED_AT: Final = 64
"""Further back nobody looks for the time since when a product is unknown, blocked or gone."""

_BATCH: Final = 8
_PRODUCTS = (
    "SELECT p.id, s.name AS source, p.source_id, p.aidc_id, p.product_code, "
    f"{', '.join(f'p.{name}' for name in ATTRIBUTES)}"
    " FROM product p JOIN source s ON s.id = p.source_id ORDER BY p.id"
)
_SPANS = (
    "SELECT s.first_poll_id, s.until_poll_id, s.kind, s.remaining_count, s.stock_error, s.reason,"
    " f.at + f.duration_ms AS since, f.valid + f.invalid + f.unusable AS row_count"
    " FROM snapshot s LEFT JOIN poll f ON f.id = s.first_poll_id"
    " WHERE s.product_id = ? AND s.first_poll_id < ? ORDER BY s.first_poll_id DESC LIMIT ?"
)
# Only an answer whose every row had a usable key makes a product absent.
_SECOND_SIGHT = (
    "SELECT at + duration_ms FROM poll WHERE id > ? AND id < ? AND source_id = ?"
    " AND (aidc_id IS NULL OR aidc_id = ?) AND outcome = 'ok' AND unusable = 0 ORDER BY id LIMIT 1"
)
_NO_END: Final = 2**62


@dataclass(frozen=True, slots=True)
class _Past:
    """One span. `known` leaves out what could not be told; `known_at` is when that was so first."""

    observation: Observation
    since: datetime
    known: Seen | Absent | None
    known_at: datetime


def load_products(connection: Reader) -> tuple[RowIds, tuple[Product, ...]]:
    """Every product of every source, with the ids of their rows. `listed` is None."""
    ids = RowIds({name: id_ for id_, name in connection.exec_driver_sql("SELECT id, name FROM source")})
    products = []
    for row in connection.exec_driver_sql(_PRODUCTS).all():
        key = ProductKey(row.source, row.aidc_id, row.product_code)
        ids.products[key] = row.id
        past = _Spans(connection, row, attributes_of(row[5:]))
        if past.open_span is not None:
            ids.open_spans[row.id] = past.open_span
            products.append(_product(key, past.attributes, past))
    return ids, tuple(products)


class _Spans:
    """The spans of one product, newest first, fetched as far back as somebody looks."""

    def __init__(self, connection: Reader, product: Row, attributes: Attributes) -> None:
        self.attributes = attributes
        self._connection = connection
        self._product = product
        self._rows: list[Row] = []
        self._fetch(_NO_END)
        newest = self._rows[0] if self._rows else None
        is_open = newest is not None and newest.until_poll_id is None
        self.open_span: int | None = newest.first_poll_id if newest is not None and is_open else None

    def __iter__(self) -> Iterator[_Past]:
        for index in range(SPANS_LOOKED_AT):
            if index == len(self._rows) and not (index and self._fetch(self._rows[-1].first_poll_id)):
                return
            yield self._past(self._rows[index])

    def _fetch(self, before: int) -> bool:
        found = self._connection.exec_driver_sql(_SPANS, (self._product.id, before, _BATCH)).all()
        self._rows.extend(found)
        return bool(found)

    def _past(self, row: Row) -> _Past:
        since = from_ms(row.since or 0)
        if row.kind == "valid":
            seen = Seen(row.remaining_count, row.stock_error, self.attributes)
            return _Past(seen, since, seen, since)
        if row.kind == "invalid":
            return _Past(Invalid(row.reason), since, None, since)
        sure_at = since if row.row_count == 0 else self._second_sight(row)
        absent = Absent(sure=sure_at is not None)
        return _Past(absent, since, absent if absent.sure else None, sure_at or since)

    def _second_sight(self, row: Row) -> datetime | None:
        """When a second poll missed the product too, or a list that was believed to be empty came."""
        until = row.until_poll_id or _NO_END
        values = (row.first_poll_id, until, self._product.source_id, self._product.aidc_id)
        at = self._connection.exec_driver_sql(_SECOND_SIGHT, values).scalar()
        return None if at is None else from_ms(at)


def _product(key: ProductKey, attributes: Attributes, spans: _Spans) -> Product:
    current = next(iter(spans)).observation
    return Product(
        key,
        current,
        next((past.known for past in spans if past.known is not None), None),
        attributes,
        left_at=_left_at(spans),
        unknown_since=_unknown_since(spans),
        blocked_since=_blocked_since(spans),
    )


def _left_at(spans: _Spans) -> datetime | None:
    """When the product was last seen to become unavailable."""
    gone_at: datetime | None = None
    for past in spans:
        if past.known is None:
            continue
        if not (isinstance(past.known, Seen) and is_available(past.known)):
            gone_at = past.known_at
        elif gone_at is not None:
            return gone_at
    return None


def _unknown_since(spans: _Spans) -> datetime | None:
    since = None
    for past in spans:
        if past.known is not None:
            break
        since = past.since
    return since


def _blocked_since(spans: _Spans) -> datetime | None:
    """What could not be told in between is no end of it."""
    since = None
    for past in spans:
        if past.known is None:
            continue
        if not is_shown_but_blocked(past.known):
            break
        since = past.since
    return since
