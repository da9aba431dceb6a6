"""Holds the database against the configuration: what is no longer configured has nothing left to tell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from monitor.core.decision import NoticeKind
from monitor.core.moment import to_ms
from monitor.core.product import Feed
from monitor.store.announce import end_episode
from monitor.store.told import WAITING
from monitor.store.upkeep import expire_centre, expire_channel, expire_rule, expire_source

_RULES: Final = (
    "SELECT rule FROM alert UNION SELECT rule FROM rule_feed UNION SELECT t.rule FROM delivery d"
    f" JOIN transition t ON t.id = d.transition_id WHERE {WAITING}"
)
_CHANNELS: Final = f"SELECT DISTINCT channel FROM delivery WHERE {WAITING}"
_SOURCES: Final = (
    "SELECT s.name FROM source s WHERE EXISTS (SELECT 1 FROM rule_feed f WHERE f.source_id = s.id)"
    " OR EXISTS (SELECT 1 FROM alert a JOIN product p ON p.id = a.product_id WHERE p.source_id = s.id)"
)
_CENTRES: Final = (
    "SELECT DISTINCT s.name, s.id, p.aidc_id FROM product p JOIN source s ON s.id = p.source_id"
    " ORDER BY s.id, p.aidc_id"
)
_RULE_FEEDS: Final = "SELECT f.rowid, s.name, f.aidc_id FROM rule_feed f JOIN source s ON s.id = f.source_id"
_FORGET_RULE_FEED: Final = "DELETE FROM rule_feed WHERE rowid = ?"
_EPISODES: Final = "SELECT kind, subject FROM notice WHERE ended_at IS NULL"
_OF_FEEDS: Final = frozenset({NoticeKind.BLIND, NoticeKind.FOREIGN_ROWS})


@dataclass(frozen=True, slots=True)
class Removed:
    """Names that the configuration no longer knows, and how many deliveries ended with them.

    `centres` are data centres of known sources that no feed covers any more.
    """

    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    centres: tuple[str, ...] = ()
    deliveries: int = 0


def retain(
    connection: Connection,
    rules: Collection[str],
    channels: Collection[str],
    feeds: Collection[Feed],
    now: datetime,
) -> Removed:
    """End the deliveries and alerts of every other rule, channel and feed; their history stays."""
    gone_sources = _others(connection, _SOURCES, {feed.source for feed in feeds})
    gone_rules = _others(connection, _RULES, rules)
    gone_channels = _others(connection, _CHANNELS, channels)
    ended = 0
    for source in gone_sources:
        ended += len(expire_source(connection, source, "source removed", now))
        end_episode(connection, NoticeKind.KEY_REFUSED, source, to_ms(now))
    for rule in gone_rules:
        ended += len(expire_rule(connection, rule, "rule removed", now))
        end_episode(connection, NoticeKind.MATCHES_NOTHING, rule, to_ms(now))
    for channel in gone_channels:
        ended += len(expire_channel(connection, channel, "channel removed", now))
        end_episode(connection, NoticeKind.DELIVERY_FAILED, channel, to_ms(now))
    centres, of_centres = _retain_feeds(connection, feeds, now)
    return Removed(gone_rules, gone_channels, gone_sources, centres, ended + of_centres)


def _retain_feeds(
    connection: Connection, feeds: Collection[Feed], now: datetime
) -> tuple[tuple[str, ...], int]:
    """Of sources that stay, the data centres that are no longer asked for. A feed that comes back is new."""
    gone: list[str] = []
    ended = 0
    for name, source_id, aidc_id in connection.exec_driver_sql(_CENTRES).all():
        if not any(feed.source == name and feed.aidc_id in {None, aidc_id} for feed in feeds):
            deliveries = expire_centre(connection, source_id, aidc_id, "feed removed", now)
            gone += [str(Feed(name, aidc_id))] if deliveries else []
            ended += len(deliveries)
    for row_id, name, aidc_id in connection.exec_driver_sql(_RULE_FEEDS).all():
        if Feed(name, aidc_id) not in feeds:
            connection.exec_driver_sql(_FORGET_RULE_FEED, (row_id,))
    subjects = {str(feed) for feed in feeds}
    for kind, subject in connection.exec_driver_sql(_EPISODES).all():
        if kind in _OF_FEEDS and subject not in subjects:
            end_episode(connection, NoticeKind(kind), subject, to_ms(now))
    return tuple(gone), ended


def _others(connection: Connection, sql: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({name for (name,) in connection.exec_driver_sql(sql)} - set(known)))
