"""Reads back, after a start, all that the daemon must know to decide its next poll.

Quick with a year of history: every query is a seek by key, or walks back from the newest poll.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.core.decision import Alert, Cause, MuteReason, Notice, NoticeKind, Silence, TransitionKind
from monitor.core.moment import from_ms, to_ms
from monitor.core.product import Feed, ProductKey
from monitor.core.world import Product
from monitor.store.codec import from_ms_or_none, notice_facts_of, state_of
from monitor.store.feeds import StoredFeed, read_feed
from monitor.store.past import load_products
from monitor.store.row_ids import RowIds
from monitor.store.rows import Reader

REMEMBERED_TRANSITIONS: Final = timedelta(hours=24)

_ALERTS = (
    "SELECT rule, product_id, state, since, cleared_at, cause, opening, announced_at, muted, peak,"
    " told_remaining FROM alert"
)
_RULE_FEEDS = "SELECT f.rule, s.name, f.aidc_id FROM rule_feed f JOIN source s ON s.id = f.source_id"
_EPISODES = (
    "SELECT event_id, kind, subject, at, facts FROM notice WHERE ended_at IS NULL ORDER BY kind, subject"
)
_SILENCES = (
    "SELECT from_at, until_at, rule, product_code FROM silence WHERE until_at > ? AND ended_at IS NULL"
    " ORDER BY id"
)
_TRANSITIONS = (
    "SELECT t.event_id, t.rule, t.product_id, t.at, t.edge, t.cause, t.opening, EXISTS ("
    "SELECT 1 FROM delivery d WHERE d.transition_id = t.id"
    " AND (d.state <> 'muted' OR d.reason IN ('merged', 'channel setting'))"
    ") AS told"
    " FROM transition t WHERE t.at >= ? ORDER BY t.id"
)


@dataclass(frozen=True, slots=True)
class RecentTransition:
    """`told`: at least one of its deliveries was to be sent."""

    event_id: str
    rule: str
    product: ProductKey
    at: datetime
    kind: TransitionKind
    cause: Cause
    opening: str
    told: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """`products` of all sources, without `listed`: the first poll looks at every row anew."""

    ids: RowIds
    products: tuple[Product, ...]
    feeds: tuple[StoredFeed, ...]
    alerts: tuple[Alert, ...]
    rule_feeds: frozenset[tuple[str, Feed]]
    episodes: tuple[Notice, ...]
    silences: tuple[Silence, ...]
    transitions: tuple[RecentTransition, ...]


def load(connection: Reader, feeds: Iterable[Feed], now: datetime) -> Stored:
    """Everything of all sources; how polls went only of `feeds`, those of the configuration."""
    ids, products = load_products(connection)
    keys = {product_id: key for key, product_id in ids.products.items()}
    return Stored(
        ids,
        products,
        tuple(read_feed(connection, feed, ids.sources.get(feed.source)) for feed in feeds),
        load_alerts(connection, keys),
        _rule_feeds(connection),
        load_episodes(connection),
        load_silences(connection, now),
        _transitions(connection, keys, now),
    )


def load_silences(connection: Reader, now: datetime) -> tuple[Silence, ...]:
    """Those that are not over, including those yet to begin."""
    rows = connection.exec_driver_sql(_SILENCES, (to_ms(now),))
    return tuple(Silence(from_ms(begin), from_ms(end), rule, code) for begin, end, rule, code in rows)


def load_episodes(connection: Reader) -> tuple[Notice, ...]:
    """The notices whose episode goes on, without their deliveries."""
    return tuple(
        Notice(event_id, NoticeKind(kind), subject, from_ms(at), notice_facts_of(facts), ())
        for event_id, kind, subject, at, facts in connection.exec_driver_sql(_EPISODES)
    )


def load_alerts(connection: Reader, keys: Mapping[int, ProductKey]) -> tuple[Alert, ...]:
    """Those that are not inactive. `keys`: the product of each row id."""
    return tuple(
        Alert(
            row.rule,
            keys[row.product_id],
            state_of(row.state, row.since, row.cleared_at),
            Cause(row.cause),
            row.opening,
            from_ms_or_none(row.announced_at),
            None if row.muted is None else MuteReason(row.muted),
            row.peak,
            row.told_remaining,
        )
        for row in connection.exec_driver_sql(_ALERTS)
    )


def _rule_feeds(connection: Reader) -> frozenset[tuple[str, Feed]]:
    rows = connection.exec_driver_sql(_RULE_FEEDS)
    return frozenset((rule, Feed(source, aidc_id)) for rule, source, aidc_id in rows)


def _transitions(
    connection: Reader, keys: Mapping[int, ProductKey], now: datetime
) -> tuple[RecentTransition, ...]:
    rows = connection.exec_driver_sql(_TRANSITIONS, (to_ms(now - REMEMBERED_TRANSITIONS),))
    return tuple(
        RecentTransition(
            *(row.event_id, row.rule, keys[row.product_id], from_ms(row.at)),
            *(TransitionKind(row.edge), Cause(row.cause), row.opening, bool(row.told)),
        )
        for row in rows
    )
