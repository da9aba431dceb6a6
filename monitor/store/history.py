"""What was seen of products since a time, with how exactly each change is known."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Absent, Attributes, Invalid, Observation, ProductKey, Seen
from monitor.core.window import Span
from monitor.store.codec import ATTRIBUTES, attributes_of, from_ms_or_none
from monitor.store.poll_times import first_poll_since
from monitor.store.rows import Reader, Row

_PRODUCTS = (
    "SELECT p.id, s.name AS source, p.source_id, p.aidc_id, p.product_code, p.first_seen_at, "
    + ", ".join(f"p.{name}" for name in ATTRIBUTES)
    + " FROM product p JOIN source s ON s.id = p.source_id ORDER BY s.name, p.aidc_id, p.product_code"
)
_PREVIOUS_OK = (
    "SELECT at FROM poll WHERE id < {} AND source_id = ?3 AND (aidc_id IS NULL OR aidc_id = ?4)"
    " AND outcome = 'ok' ORDER BY id DESC LIMIT 1"
)
_REACHED_IN = "SELECT max(first_poll_id) FROM snapshot WHERE product_id = ?1 AND first_poll_id <= ?2"
# The last span that knew it gone: a window that reached into the time asked for began right after it.
_KNEW_IT_GONE = (
    "SELECT first_poll_id FROM snapshot g WHERE product_id = ?1 AND first_poll_id <= ?2 AND CASE kind"
    " WHEN 'valid' THEN remaining_count = 0 OR trim(coalesce(stock_error, '')) <> ''"
    " WHEN 'absent' THEN EXISTS (SELECT 1 FROM poll WHERE id > g.first_poll_id"
    " AND id < coalesce(g.until_poll_id, id + 1) AND source_id = ?3 AND (aidc_id IS NULL OR aidc_id = ?4)"
    " AND outcome = 'ok') END ORDER BY first_poll_id DESC LIMIT 1"
)
_SPANS = (
    "SELECT s.first_poll_id, s.kind, s.remaining_count, s.stock_error, s.reason, begun.at AS from_at,"
    " begun.valid + begun.invalid + begun.unusable AS row_count, ended.at AS until_at,"
    f" ({_PREVIOUS_OK.format('s.first_poll_id')}) AS unseen_from"
    " FROM snapshot s LEFT JOIN poll begun ON begun.id = s.first_poll_id"
    " LEFT JOIN poll ended ON ended.id = s.until_poll_id"
    " WHERE s.product_id = ?1 AND s.first_poll_id >= coalesce(({}), 0) ORDER BY s.first_poll_id"
)
_LAST_OK = _PREVIOUS_OK.format("?2")
_CHANGES = (
    "SELECT c.field, c.old, c.new, poll.at FROM product_change c LEFT JOIN poll ON poll.id = c.poll_id"
    " WHERE c.product_id = ? AND c.poll_id >= ? ORDER BY c.poll_id, c.field"
)
_KEYS = (
    "SELECT s.name, p.aidc_id, p.product_code FROM product p JOIN source s ON s.id = p.source_id"
    " ORDER BY s.name, p.aidc_id, p.product_code"
)
_NO_END: Final = 2**62


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: None when the poll that saw it is no longer stored."""

    field: str
    old: str | None
    new: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ProductHistory:
    """`spans` from the one that reached into the time asked for."""

    product_id: int
    key: ProductKey
    attributes: Attributes
    first_seen_at: datetime
    spans: tuple[Span, ...]
    changes: tuple[Change, ...]


def history(
    connection: Reader,
    since: datetime,
    product_codes: Collection[str] = (),
    *,
    whole_windows: bool = False,
) -> tuple[ProductHistory, ...]:
    """Of these products, or of all. `whole_windows`: spans from further back, when one reached in."""
    first = first_poll_since(connection, to_ms(since))
    sql = _SPANS.format(_KNEW_IT_GONE if whole_windows else _REACHED_IN)
    last_ok = _LastOk(connection)
    return tuple(
        ProductHistory(
            row.id,
            ProductKey(row.source, row.aidc_id, row.product_code),
            attributes_of(row[6:]),
            from_ms(row.first_seen_at),
            tuple(_spans(connection, sql, row, first, last_ok)),
            tuple(
                Change(change.field, change.old, change.new, from_ms_or_none(change.at))
                for change in connection.exec_driver_sql(_CHANGES, (row.id, first))
            ),
        )
        for row in connection.exec_driver_sql(_PRODUCTS).all()
        if not product_codes or row.product_code in product_codes
    )


def product_keys(connection: Reader) -> tuple[ProductKey, ...]:
    """Every product that was ever listed."""
    return tuple(ProductKey(*row) for row in connection.exec_driver_sql(_KEYS))


class _LastOk:
    """The last ok poll that covered a product, looked up once for a whole data centre."""

    def __init__(self, connection: Reader) -> None:
        self._connection = connection
        self._found: dict[tuple[int, int], int | None] = {}

    def __call__(self, product: Row) -> int | None:
        place = (product.source_id, product.aidc_id)
        if place not in self._found:
            values = (product.id, _NO_END, *place)
            self._found[place] = self._connection.exec_driver_sql(_LAST_OK, values).scalar()
        return self._found[place]


def _spans(
    connection: Reader, sql: str, product: Row, first: int, last_ok: Callable[[Row], int | None]
) -> Iterator[Span]:
    place = (product.id, first, product.source_id, product.aidc_id)
    rows = connection.exec_driver_sql(sql, place).all()
    attributes = attributes_of(product[6:])
    for row, later in zip(rows, [*rows[1:], None], strict=True):
        from_at = row.from_at or product.first_seen_at
        last_at = later.unseen_from if later is not None else last_ok(product)
        is_sure = row.row_count == 0 or (last_at is not None and last_at > from_at)
        yield Span(
            _observation(row, attributes, is_sure=is_sure),
            row.first_poll_id,
            from_ms(from_at),
            from_ms_or_none(row.unseen_from),
            from_ms(max(last_at or from_at, from_at)),
            from_ms_or_none(row.until_at),
        )


def _observation(row: Row, attributes: Attributes, *, is_sure: bool) -> Observation:
    if row.kind == "valid":
        return Seen(row.remaining_count, row.stock_error, attributes)
    return Invalid(row.reason) if row.kind == "invalid" else Absent(is_sure)
