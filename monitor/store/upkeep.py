"""What happens to the outbox outside of sending: reloads, retries by hand, and steps of the wall clock."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from monitor.core.backoff import LONGEST_RETRY_AFTER
from monitor.core.errors import MonitorError
from monitor.core.moment import to_ms
from monitor.core.shift import Step
from monitor.store.announce import raise_notice
from monitor.store.codec import span_ms
from monitor.store.told import WAITING

LEAST_PATIENCE: Final = timedelta(hours=1)
"""A delivery that is retried by hand is tried for at least this long."""

_EXPIRE = (
    "UPDATE delivery SET state = 'expired', reason = ?1, ended_at = ?2, next_at = NULL, claimed_at = NULL"
    f" WHERE {WAITING}"
)
_OF_CHANNEL = f"{_EXPIRE} AND channel = ?3 RETURNING id"
_OF_RULE = f"{_EXPIRE} AND (SELECT rule FROM transition WHERE id = transition_id) = ?3 RETURNING id"
_OF_SOURCE = (
    f"{_EXPIRE} AND (SELECT s.name FROM transition t JOIN product p ON p.id = t.product_id"
    " JOIN source s ON s.id = p.source_id WHERE t.id = transition_id) = ?3 RETURNING id"
)
_OF_CENTRE = (
    f"{_EXPIRE} AND (SELECT p.source_id FROM transition t JOIN product p ON p.id = t.product_id"
    " WHERE t.id = transition_id AND p.aidc_id = ?4) = ?3 RETURNING id"
)
_SOURCE_ID = "(SELECT id FROM source WHERE name = ?)"
_FORGET_RULE = ("DELETE FROM alert WHERE rule = ?", "DELETE FROM rule_feed WHERE rule = ?")
_FORGET_SOURCE = (
    f"DELETE FROM alert WHERE product_id IN (SELECT id FROM product WHERE source_id = {_SOURCE_ID})",
    f"DELETE FROM rule_feed WHERE source_id = {_SOURCE_ID}",
)
_FORGET_CENTRE = (
    "DELETE FROM alert WHERE product_id IN (SELECT id FROM product WHERE source_id = ? AND aidc_id = ?)"
)
_TO_RETRY = (
    "SELECT d.state, d.claimed_at, d.expires_at - coalesce(t.at, n.at) AS patience_ms FROM delivery d"
    " LEFT JOIN transition t ON t.id = d.transition_id LEFT JOIN notice n ON n.id = d.notice_id"
    " WHERE d.id = ?"
)
_RETRY = (
    "UPDATE delivery SET state = 'pending', reason = NULL, next_at = ?, expires_at = max(expires_at, ?),"
    " ended_at = NULL WHERE id = ?"
)
_SHIFT = (
    "UPDATE alert SET since = since + ?1, cleared_at = cleared_at + ?1, announced_at = announced_at + ?1",
    "UPDATE delivery SET next_at = next_at + ?1, expires_at = expires_at + ?1, claimed_at = claimed_at + ?1"
    f" WHERE {WAITING}",
)
_PULL_BACK = (
    "UPDATE alert SET since = min(since, ?1), cleared_at = min(cleared_at, ?1),"
    " announced_at = min(announced_at, ?1)",
    f"UPDATE delivery SET next_at = ?1 WHERE {WAITING} AND next_at > ?1 + ?2",
    f"UPDATE delivery SET claimed_at = ?1 WHERE {WAITING} AND claimed_at > ?1",
)


def expire_channel(connection: Connection, channel: str, reason: str, now: datetime) -> tuple[int, ...]:
    """The channel is no longer configured: end what it has yet to tell. Returns the deliveries."""
    return _expire(connection, _OF_CHANNEL, channel, reason, now)


def expire_rule(connection: Connection, rule: str, reason: str, now: datetime) -> tuple[int, ...]:
    """The rule is gone: so are its alerts, and if it returns it sees its products for the first time."""
    for sql in _FORGET_RULE:
        connection.exec_driver_sql(sql, (rule,))
    return _expire(connection, _OF_RULE, rule, reason, now)


def expire_source(connection: Connection, source: str, reason: str, now: datetime) -> tuple[int, ...]:
    """The source is no longer configured: the alerts of its products go. History stays."""
    for sql in _FORGET_SOURCE:
        connection.exec_driver_sql(sql, (source,))
    return _expire(connection, _OF_SOURCE, source, reason, now)


def expire_centre(
    connection: Connection, source_id: int, aidc_id: int, reason: str, now: datetime
) -> tuple[int, ...]:
    """No feed of the source covers this data centre any more: the alerts of its products go."""
    connection.exec_driver_sql(_FORGET_CENTRE, (source_id, aidc_id))
    return _expire(connection, _OF_CENTRE, source_id, reason, now, aidc_id)


def retry(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Send it, whatever became of it, as if it had just been decided.

    Raises MonitorError when there is no such delivery, or when it was sent or is in flight.
    """
    row = connection.exec_driver_sql(_TO_RETRY, (delivery_id,)).one_or_none()
    if row is None:
        raise MonitorError(f"there is no delivery {delivery_id}; `monitor alerts` lists them")
    if row.state == "sent":
        raise MonitorError(f"delivery {delivery_id} was sent; it is not sent twice")
    if row.claimed_at is not None:
        raise MonitorError(f"delivery {delivery_id} is being sent at this moment")
    now_ms = to_ms(now)
    expires_at = now_ms + max(row.patience_ms, span_ms(LEAST_PATIENCE))
    connection.exec_driver_sql(_RETRY, (now_ms, expires_at, delivery_id))


def shift(connection: Connection, step: Step) -> bool:
    """The wall clock was set: move the timers that run, so that they run on for as long as they had to.

    Once, however often the step is brought: False when they had moved already. History stays as it was told,
    and silences are meant by the wall clock.
    """
    if not raise_notice(connection, step.notice()):
        return False
    for sql in _SHIFT:
        connection.exec_driver_sql(sql, (span_ms(step.by),))
    return True


def pull_back(connection: Connection, now: datetime) -> None:
    """At a start: what the clock of an earlier run, since set back, left in the future reads as now."""
    now_ms = to_ms(now)
    alerts, waiting, in_flight = _PULL_BACK
    connection.exec_driver_sql(alerts, (now_ms,))
    connection.exec_driver_sql(waiting, (now_ms, span_ms(LONGEST_RETRY_AFTER)))
    connection.exec_driver_sql(in_flight, (now_ms,))


def _expire(
    connection: Connection, sql: str, owner: str | int, reason: str, now: datetime, *more: int
) -> tuple[int, ...]:
    rows = connection.exec_driver_sql(sql, (reason, to_ms(now), owner, *more))
    return tuple(row.id for row in rows.all())
