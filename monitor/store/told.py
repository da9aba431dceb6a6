"""Reads back what is told: transitions and notices, as rows of deliveries need them."""

import json
from collections.abc import Iterable
from typing import Final

from monitor.core.decision import Cause, Notice, NoticeKind, Transition, TransitionKind
from monitor.core.moment import from_ms
from monitor.core.outbox import Waiting
from monitor.core.product import ProductKey
from monitor.store.codec import facts_of, notice_facts_of
from monitor.store.rows import Reader, Row

AT_ONCE: Final = 500
"""So many waiting deliveries are looked at for one message, and so many more that were never tried."""

# Written so that SQLite sees that the partial index ix_delivery_waiting serves.
WAITING: Final = "state IN ('pending', 'retry')"

TRANSITION_COLUMNS: Final = (
    "t.id, t.event_id, t.rule, t.at, t.edge, t.cause, t.opening, t.facts,"
    " s.name AS source, p.aidc_id, p.product_code"
)
TRANSITIONS: Final = "transition t JOIN product p ON p.id = t.product_id JOIN source s ON s.id = p.source_id"

_IDS = f"SELECT id FROM delivery WHERE channel = ?1 AND claimed_at IS NULL AND {WAITING}"
_OLDEST = f"SELECT id FROM ({_IDS} ORDER BY id LIMIT {AT_ONCE})"
_OLDEST_UNTRIED = f"SELECT id FROM ({_IDS} AND state = 'pending' ORDER BY id LIMIT {AT_ONCE})"
_WAITING = (
    "SELECT d.id, d.transition_id, d.notice_id, d.state, d.next_at, d.attempts, d.possible_repeat,"
    " t.poll_id, r.id AS resolve_id, a.state IS 'clearing' AS is_clearing FROM delivery d"
    " LEFT JOIN transition t ON t.id = d.transition_id"
    " LEFT JOIN transition r ON r.opening = t.opening AND r.edge = 'resolved' AND t.edge <> 'resolved'"
    " LEFT JOIN alert a ON a.rule = t.rule AND a.product_id = t.product_id AND a.opening = t.opening"
    f" WHERE d.id IN ({_OLDEST} UNION {_OLDEST_UNTRIED}) ORDER BY d.id"
)
_BY_ID = f"SELECT {TRANSITION_COLUMNS} FROM {TRANSITIONS} WHERE t.id IN (SELECT value FROM json_each(?))"
_NOTICES = (
    "SELECT id, event_id, kind, subject, at, ended_at, facts FROM notice"
    " WHERE id IN (SELECT value FROM json_each(?))"
)


def load_waiting(connection: Reader, channel: str) -> list[Waiting]:
    """The channel's deliveries that are neither ended nor in flight, oldest first."""
    rows = connection.exec_driver_sql(_WAITING, (channel,)).all()
    transitions = load_transitions(connection, [id_ for r in rows for id_ in (r.transition_id, r.resolve_id)])
    notices = load_notices(connection, [row.notice_id for row in rows])
    return [
        Waiting(
            row.id,
            row.poll_id,
            notices[row.notice_id] if row.transition_id is None else transitions[row.transition_id],
            row.state == "pending",
            from_ms(row.next_at),
            row.attempts,
            bool(row.possible_repeat),
            transitions.get(row.resolve_id),
            bool(row.is_clearing),
        )
        for row in rows
    ]


def load_transitions(connection: Reader, ids: Iterable[int | None]) -> dict[int, Transition]:
    """By id, without their deliveries."""
    return {row.id: transition_of(row) for row in connection.exec_driver_sql(_BY_ID, (as_json(ids),))}


def load_notices(connection: Reader, ids: Iterable[int | None]) -> dict[int, Notice]:
    """By id, without their deliveries."""
    return {row.id: notice_of(row) for row in connection.exec_driver_sql(_NOTICES, (as_json(ids),))}


def transition_of(row: Row) -> Transition:
    """From `TRANSITION_COLUMNS`; its deliveries are left out."""
    return Transition(
        row.event_id,
        row.rule,
        ProductKey(row.source, row.aidc_id, row.product_code),
        from_ms(row.at),
        TransitionKind(row.edge),
        Cause(row.cause),
        row.opening,
        facts_of(row.facts),
        (),
    )


def notice_of(row: Row) -> Notice:
    """From event_id, kind, subject, at, ended_at and facts; its deliveries are left out."""
    return Notice(
        row.event_id,
        NoticeKind(row.kind),
        row.subject,
        from_ms(row.at),
        notice_facts_of(row.facts),
        (),
        is_episode=row.ended_at != row.at,
    )


def as_json(ids: Iterable[int | None]) -> str:
    """For `json_each`: a list of any length in one value."""
    return json.dumps(sorted({id_ for id_ in ids if id_ is not None}))
