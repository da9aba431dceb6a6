"""How things stand: sources, products, alerts and deliveries, for the verbs that only read.

Quick with a year of history: every query is a seek by key, or walks back from the newest poll.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.core.decision import Alert, Notice
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Absent, Feed
from monitor.core.world import Product
from monitor.store.codec import from_ms_or_none
from monitor.store.feeds import StoredFeed, read_feed
from monitor.store.past import load_products
from monitor.store.rows import Reader, Row
from monitor.store.world import load_alerts, load_episodes

LATELY: Final = timedelta(days=7)
"""Deliveries that ended longer ago are not counted."""

_SINCE = (
    "SELECT p.id, poll.at AS since, p.first_seen_at, p.last_seen_at FROM product p JOIN snapshot s"
    " ON s.product_id = p.id AND s.first_poll_id ="
    " (SELECT max(l.first_poll_id) FROM snapshot l WHERE l.product_id = p.id)"
    " LEFT JOIN poll ON poll.id = s.first_poll_id ORDER BY p.id"
)
_WAITING = (
    "SELECT channel, count(*) AS waiting, count(claimed_at) AS in_flight, min(next_at) AS next_at"
    " FROM delivery WHERE state IN ('pending', 'retry') GROUP BY channel"
)
_ENDED = (
    "SELECT channel, sum(state = 'sent') AS sent, sum(state = 'failed') AS failed,"
    " sum(state = 'expired') AS expired, sum(state = 'muted') AS muted FROM ("
    "SELECT d.channel, d.state FROM transition t JOIN delivery d ON d.transition_id = t.id WHERE t.at >= ?1"
    " UNION ALL"
    " SELECT d.channel, d.state FROM notice n JOIN delivery d ON d.notice_id = n.id WHERE n.at >= ?1"
    ") GROUP BY channel"
)
_NEWEST_TROUBLE = (
    "SELECT d.reason, coalesce(d.ended_at, (SELECT max(at) FROM attempt WHERE delivery_id = d.id)) AS at"
    " FROM delivery d WHERE d.id IN ("
    "SELECT d.id FROM delivery d"
    " WHERE d.channel = ?1 AND d.state IN ('pending', 'retry') AND d.state = 'retry'"
    " UNION ALL SELECT d.id FROM transition t JOIN delivery d ON d.transition_id = t.id"
    " WHERE t.at >= ?2 AND d.channel = ?1 AND d.state IN ('failed', 'expired')"
    " UNION ALL SELECT d.id FROM notice n JOIN delivery d ON d.notice_id = n.id"
    " WHERE n.at >= ?2 AND d.channel = ?1 AND d.state IN ('failed', 'expired')"
    ") ORDER BY d.id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class ProductStatus:
    """`since`: when the open span began. `last_seen_at`: None while the product is listed."""

    product_id: int
    product: Product
    since: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """`waiting` includes what is in flight; what ended is counted for a week after it was decided.

    `trouble`: why the newest delivery that waits for a retry or was given up was not sent, and when.
    """

    channel: str
    waiting: int = 0
    in_flight: int = 0
    next_at: datetime | None = None
    sent: int = 0
    failed: int = 0
    expired: int = 0
    muted: int = 0
    trouble: str | None = None
    trouble_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """`alerts`: every one that is not inactive. `episodes`: notices that are not over."""

    feeds: tuple[StoredFeed, ...]
    products: tuple[ProductStatus, ...]
    alerts: tuple[Alert, ...]
    channels: tuple[ChannelStatus, ...]
    episodes: tuple[Notice, ...]


def status(connection: Reader, feeds: Iterable[Feed], now: datetime) -> Status:
    """Everything of all sources; how polls went only of `feeds`, those of the configuration."""
    ids, products = load_products(connection)
    keys = {product_id: key for key, product_id in ids.products.items()}
    by_key = {product.key: product for product in products}
    return Status(
        tuple(read_feed(connection, feed, ids.sources.get(feed.source)) for feed in feeds),
        tuple(
            ProductStatus(
                row.id,
                by_key[keys[row.id]],
                from_ms_or_none(row.since),
                from_ms(row.first_seen_at),
                from_ms(row.last_seen_at) if isinstance(by_key[keys[row.id]].current, Absent) else None,
            )
            for row in connection.exec_driver_sql(_SINCE)
            if keys[row.id] in by_key
        ),
        load_alerts(connection, keys),
        _channels(connection, now),
        load_episodes(connection),
    )


def _channels(connection: Reader, now: datetime) -> tuple[ChannelStatus, ...]:
    lately = to_ms(now - LATELY)
    waiting = {row.channel: row for row in connection.exec_driver_sql(_WAITING)}
    ended = {row.channel: row for row in connection.exec_driver_sql(_ENDED, (lately,))}
    return tuple(
        _channel(connection, name, waiting.get(name), ended.get(name), lately)
        for name in sorted({*waiting, *ended})
    )


def _channel(
    connection: Reader, name: str, waiting: Row | None, ended: Row | None, lately: int
) -> ChannelStatus:
    found = ChannelStatus(name)
    if waiting is not None:
        next_at = from_ms_or_none(waiting.next_at)
        found = replace(found, waiting=waiting.waiting, in_flight=waiting.in_flight, next_at=next_at)
    if ended is not None:
        counts = {state: getattr(ended, state) for state in ("sent", "failed", "expired", "muted")}
        found = replace(found, **counts)
    trouble = connection.exec_driver_sql(_NEWEST_TROUBLE, (name, lately)).one_or_none()
    if trouble is not None:
        found = replace(found, trouble=trouble.reason, trouble_at=from_ms_or_none(trouble.at))
    return found
