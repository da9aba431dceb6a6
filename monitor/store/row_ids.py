"""The ids of sources, products and open spans, kept in memory so that a poll need not look them up."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.core.product import UNKNOWN_ATTRIBUTES, Attributes, ProductKey
from monitor.store.codec import ATTRIBUTES, attribute_columns

if TYPE_CHECKING:
    from sqlalchemy import Connection  # verbs that only read need RowIds, and not this

_NEW_PRODUCT = (
    "INSERT INTO product"
    f" (source_id, aidc_id, product_code, first_seen_at, last_seen_at, {', '.join(ATTRIBUTES)})"
    f" VALUES (?, ?, ?, ?, ?{', ?' * len(ATTRIBUTES)}) RETURNING id"
)


@dataclass(slots=True)
class RowIds:
    """`open_spans`: product id -> first_poll_id of the span that is open.

    A transaction reads these and returns what it added; only once it is committed is that absorbed,
    so a failed one leaves no id behind that the database does not know.
    """

    sources: dict[str, int] = field(default_factory=dict)
    products: dict[ProductKey, int] = field(default_factory=dict)
    open_spans: dict[int, int] = field(default_factory=dict)

    def absorb(self, added: "RowIds") -> None:
        self.sources |= added.sources
        self.products |= added.products
        self.open_spans |= added.open_spans


class Rows:
    """Finds ids for one transaction: in memory, else in the database, else by making the row."""

    def __init__(self, connection: "Connection", known: RowIds, now_ms: int) -> None:
        self.added = RowIds()
        self._connection = connection
        self._known = known
        self._now_ms = now_ms
        self._made: set[int] = set()

    def source(self, name: str) -> int:
        found = self._known.sources.get(name) or self.added.sources.get(name)
        if found is None:
            found = self._scalar("SELECT id FROM source WHERE name = ?", name)
            if found is None:
                found = self._scalar("INSERT INTO source (name) VALUES (?) RETURNING id", name) or 0
            self.added.sources[name] = found
        return found

    def product(self, key: ProductKey, attributes: Attributes = UNKNOWN_ATTRIBUTES) -> int:
        """The id of the product; a new one gets these attributes."""
        known = self._known.products.get(key) or self.added.products.get(key)
        return known or self._uncached(key, attributes)

    def open_span(self, product_id: int) -> int | None:
        """The first_poll_id of the product's open span."""
        found = self._known.open_spans.get(product_id)
        if found is None and product_id not in self._made:
            found = self._scalar(
                "SELECT max(first_poll_id) FROM snapshot WHERE product_id = ? AND until_poll_id IS NULL",
                product_id,
            )
        return found

    def _uncached(self, key: ProductKey, attributes: Attributes) -> int:
        source_id = self.source(key.source)
        found = self._scalar(
            "SELECT id FROM product WHERE source_id = ? AND aidc_id = ? AND product_code = ?",
            source_id,
            key.aidc_id,
            key.product_code,
        )
        if found is None:
            identity = (source_id, key.aidc_id, key.product_code, self._now_ms, self._now_ms)
            found = self._scalar(_NEW_PRODUCT, *identity, *attribute_columns(attributes)) or 0
            self._made.add(found)
        self.added.products[key] = found
        return found

    def _scalar(self, sql: str, *values: object) -> int | None:
        found: int | None = self._connection.exec_driver_sql(sql, values).scalar()
        return found
