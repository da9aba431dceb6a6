"""Holds the database against the configuration: what is no longer configured has nothing left to tell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from monitor.core.decision import NoticeKind
from monitor.core.moment import to_ms
from monitor.store.announce import end_episode
from monitor.store.told import WAITING
from monitor.store.upkeep import expire_channel, expire_rule, expire_source

_RULES: Final = (
    "SELECT rule FROM alert UNION SELECT rule FROM rule_feed UNION SELECT t.rule FROM delivery d"
    f" JOIN transition t ON t.id = d.transition_id WHERE {WAITING}"
)
_CHANNELS: Final = f"SELECT DISTINCT channel FROM delivery WHERE {WAITING}"
_SOURCES: Final = (
    "SELECT s.name FROM source s WHERE EXISTS (SELECT 1 FROM rule_feed f WHERE f.source_id = s.id)"
    " OR EXISTS (SELECT 1 FROM alert a JOIN product p ON p.id = a.product_id WHERE p.source_id = s.id)"
)


@dataclass(frozen=True, slots=True)
class Removed:
    """Names that the configuration no longer knows, and how many deliveries ended with them."""

    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    deliveries: int = 0


def retain(
    connection: Connection,
    rules: Collection[str],
    channels: Collection[str],
    sources: Collection[str],
    now: datetime,
) -> Removed:
    """End the deliveries and alerts of every other rule, channel and source; their history stays."""
    gone_sources = _others(connection, _SOURCES, sources)
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
    return Removed(gone_rules, gone_channels, gone_sources, ended)


def _others(connection: Connection, sql: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({name for (name,) in connection.exec_driver_sql(sql)} - set(known)))
