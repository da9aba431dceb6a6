"""What there is now, for somebody who waits for it: the newest poll of each feed and every open span.

Three milliseconds for a thousand products: one query, and nothing of the past.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from monitor.core.product import Absent, Attributes, Feed, Invalid, Observation, ProductKey, Seen
from monitor.store.codec import ATTRIBUTES, attributes_of
from monitor.store.feeds import StoredFeed, read_feed
from monitor.store.rows import Reader

_SOURCES = "SELECT name, id FROM source"
_NEWEST_POLL = "SELECT coalesce(max(id), 0) FROM poll"
_OPEN_SPANS = (
    "SELECT c.name, p.aidc_id, p.product_code, s.kind, s.remaining_count, s.stock_error, s.reason, "
    + ", ".join(f"p.{name}" for name in ATTRIBUTES)
    + " FROM product p JOIN source c ON c.id = p.source_id JOIN snapshot s ON s.product_id = p.id"
    " AND s.first_poll_id = (SELECT max(l.first_poll_id) FROM snapshot l WHERE l.product_id = p.id)"
    " WHERE s.until_poll_id IS NULL"
)


def newest_poll(connection: Reader) -> int:
    """The id of the newest poll, 0 when there was none."""
    return int(connection.exec_driver_sql(_NEWEST_POLL).scalar_one())


def polled(connection: Reader, feeds: Iterable[Feed]) -> tuple[StoredFeed, ...]:
    """How the polls of these feeds went."""
    ids = {row.name: row.id for row in connection.exec_driver_sql(_SOURCES)}
    return tuple(read_feed(connection, feed, ids.get(feed.source)) for feed in feeds)


def stock_now(connection: Reader) -> Mapping[ProductKey, tuple[Attributes, Observation]]:
    """Of each product its attributes and what is known of its stock; a missing one is missing for sure."""
    return dict(_told(tuple(row)) for row in connection.exec_driver_sql(_OPEN_SPANS))


@lru_cache(maxsize=8192)
def _told(row: tuple[Any, ...]) -> tuple[ProductKey, tuple[Attributes, Observation]]:
    """Most rows are those of the last look, and making sense of one takes longer than fetching it."""
    source, aidc_id, code, kind, remaining, stock_error, reason, *columns = row
    attributes = attributes_of(columns)
    key = ProductKey(source, aidc_id, code)
    if kind == "valid":
        return key, (attributes, Seen(remaining, stock_error, attributes))
    return key, (attributes, Invalid(reason) if kind == "invalid" else Absent(sure=True))
