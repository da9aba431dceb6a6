"""Writes one decision into the database: poll, spans, alerts, transitions, deliveries, all or nothing.

To be called inside one write transaction. An unchanged product costs no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from monitor.core.decision import Alert, AttributeChange, Decision, PollRecord, SpanStart
from monitor.core.moment import to_ms
from monitor.core.product import UNKNOWN_ATTRIBUTES, Absent, Attributes, Feed, Seen
from monitor.store.announce import end_episodes, write_notices, write_transitions
from monitor.store.codec import (
    ATTRIBUTES,
    attribute_column,
    span_columns,
    span_ms,
    state_columns,
    to_ms_or_none,
)
from monitor.store.row_ids import RowIds, Rows

_POLL = (
    "INSERT INTO poll"
    " (source_id, aidc_id, at, duration_ms, outcome, reason, excerpt, valid, invalid, unusable)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_CLOSE_SPAN = "UPDATE snapshot SET until_poll_id = ? WHERE product_id = ? AND first_poll_id = ?"
_OPEN_SPAN = (
    "INSERT INTO snapshot (product_id, first_poll_id, remaining_count, stock_error, reason)"
    " VALUES (?, ?, ?, ?, ?)"
)
_PREVIOUS_OK = (
    "SELECT at FROM poll WHERE id < ? AND source_id = ? AND aidc_id IS ? AND outcome = 'ok'"
    " ORDER BY id DESC LIMIT 1"
)
_LAST_SEEN = (
    "UPDATE product SET last_seen_at = ? WHERE id = ? AND EXISTS (SELECT 1 FROM snapshot"
    " WHERE product_id = product.id AND first_poll_id = ? AND kind <> 'absent')"
)
_CHANGE = "INSERT INTO product_change (product_id, field, poll_id, old, new) VALUES (?, ?, ?, ?, ?)"
_SET_ATTRIBUTE = {name: f"UPDATE product SET {name} = ? WHERE id = ?" for name in ATTRIBUTES}
_ALERT_COLUMNS = (
    *("state", "since", "cleared_at", "cause", "opening", "announced_at", "muted", "peak"),
    "told_remaining",
)
_ALERT = (
    f"INSERT INTO alert (rule, product_id, {', '.join(_ALERT_COLUMNS)})"
    f" VALUES (?, ?{', ?' * len(_ALERT_COLUMNS)}) ON CONFLICT (rule, product_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _ALERT_COLUMNS)
)
_NO_ALERT = "DELETE FROM alert WHERE rule = ? AND product_id = ?"
_RULE_FEED = (
    "INSERT INTO rule_feed (rule, source_id, aidc_id, first_poll_id) SELECT ?1, ?2, ?3, ?4"
    " WHERE NOT EXISTS (SELECT 1 FROM rule_feed WHERE rule = ?1 AND source_id = ?2 AND aidc_id IS ?3)"
)


@dataclass(frozen=True, slots=True)
class Committed:
    """`added`: ids to be absorbed into the caller's once the transaction is committed."""

    poll_id: int | None
    added: RowIds


def commit(connection: Connection, decision: Decision, ids: RowIds, now_ms: int | None = None) -> Committed:
    """Write all of it. `ids` is only read.

    `now_ms` is when it was decided: episodes end then, and from then on deliveries of edges are tried.
    Without it the newest of its times is taken.
    """
    now_ms = now_ms if now_ms is not None else _time_of(decision)
    rows = Rows(connection, ids, now_ms)
    poll_id = None
    if decision.poll is not None:
        poll_id = _write_poll(connection, decision.poll, rows)
        _write_spans(connection, decision, poll_id, rows)
        _write_changes(connection, decision.attributes, poll_id, rows)
        _write_rule_feeds(connection, decision.rule_feeds, poll_id, rows)
    _write_alerts(connection, decision.alerts, rows)
    write_transitions(connection, decision.transitions, poll_id, rows.product, now_ms)
    end_episodes(connection, decision.notice_ends, now_ms)
    write_notices(connection, decision.notices)
    return Committed(poll_id, rows.added)


def _time_of(decision: Decision) -> int:
    if decision.poll is not None:
        return to_ms(decision.poll.at)
    times = [transition.at for transition in decision.transitions]
    return max((to_ms(at) for at in [*times, *(notice.at for notice in decision.notices)]), default=0)


def _write_poll(connection: Connection, poll: PollRecord, rows: Rows) -> int:
    outcome = "ok" if poll.reason is None else "failed"
    row = (
        *(rows.source(poll.feed.source), poll.feed.aidc_id, to_ms(poll.at), span_ms(poll.duration)),
        *(outcome, poll.reason, poll.excerpt, poll.valid, poll.invalid, poll.unusable),
    )
    poll_id: int = connection.exec_driver_sql(_POLL, row).scalar_one()
    return poll_id


def _write_spans(connection: Connection, decision: Decision, poll_id: int, rows: Rows) -> None:
    opened, closed, left = [], [], []
    for span in decision.spans:
        product_id = rows.product(span.product, _attributes(span))
        opened.append((product_id, poll_id, *span_columns(span.observation)))
        if (first_poll_id := rows.open_span(product_id)) is not None:
            closed.append((poll_id, product_id, first_poll_id))
            if isinstance(span.observation, Absent):
                left.append((product_id, first_poll_id))
        rows.added.open_spans[product_id] = poll_id
    if left and decision.poll is not None:
        _write_last_seen(connection, left, poll_id, decision.poll.feed, rows)
    if closed:
        connection.exec_driver_sql(_CLOSE_SPAN, closed)
    if opened:
        connection.exec_driver_sql(_OPEN_SPAN, opened)


def _attributes(span: SpanStart) -> Attributes:
    return span.observation.attributes if isinstance(span.observation, Seen) else UNKNOWN_ATTRIBUTES


def _write_last_seen(
    connection: Connection, left: Sequence[tuple[int, int]], poll_id: int, feed: Feed, rows: Rows
) -> None:
    """Products that this poll misses were last seen by the ok poll before it."""
    feed_key = (poll_id, rows.source(feed.source), feed.aidc_id)
    at = connection.exec_driver_sql(_PREVIOUS_OK, feed_key).scalar()
    if at is not None:
        connection.exec_driver_sql(_LAST_SEEN, [(at, product_id, first) for product_id, first in left])


def _write_changes(
    connection: Connection, changes: Sequence[AttributeChange], poll_id: int, rows: Rows
) -> None:
    for change in changes:
        product_id = rows.product(change.product)
        connection.exec_driver_sql(_CHANGE, (product_id, change.field, poll_id, change.old, change.new))
        connection.exec_driver_sql(
            _SET_ATTRIBUTE[change.field], (attribute_column(change.field, change.new), product_id)
        )


def _write_rule_feeds(
    connection: Connection, rule_feeds: Sequence[tuple[str, Feed]], poll_id: int, rows: Rows
) -> None:
    for rule, feed in rule_feeds:
        row = (rule, rows.source(feed.source), feed.aidc_id, poll_id)
        connection.exec_driver_sql(_RULE_FEED, row)


def _write_alerts(connection: Connection, alerts: Sequence[Alert], rows: Rows) -> None:
    kept, gone = [], []
    for alert in alerts:
        key = (alert.rule, rows.product(alert.product))
        state = state_columns(alert.state)
        if state is None:
            gone.append(key)
            continue
        announced_at = to_ms_or_none(alert.announced_at)
        told = (alert.cause, alert.opening, announced_at, alert.muted, alert.peak, alert.told_remaining)
        kept.append((*key, *state, *told))
    if gone:
        connection.exec_driver_sql(_NO_ALERT, gone)
    if kept:
        connection.exec_driver_sql(_ALERT, kept)
