"""What was told since a time: transitions and notices, and how each delivery and attempt went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.decision import Notice, Transition
from monitor.core.moment import from_ms, to_ms
from monitor.store.codec import from_ms_or_none
from monitor.store.rows import Reader, Row
from monitor.store.told import as_json, load_notices, load_transitions

_TRANSITIONS = "SELECT id FROM transition WHERE at >= ? ORDER BY at, id"
_NOTICES = "SELECT id FROM notice WHERE at >= ? ORDER BY at, id"
_DELIVERIES = (
    "SELECT id, transition_id, notice_id, channel, state, reason, attempts, next_at, expires_at, claimed_at,"
    " possible_repeat, ended_at FROM delivery WHERE {} IN (SELECT value FROM json_each(?)) ORDER BY id"
)
_OF_TRANSITIONS = _DELIVERIES.format("transition_id")
_OF_NOTICES = _DELIVERIES.format("notice_id")
_BY_ID = _DELIVERIES.format("id")
_ATTEMPTS = (
    "SELECT delivery_id, message_id, at, duration_ms, outcome, reason FROM attempt"
    " WHERE delivery_id IN (SELECT value FROM json_each(?)) ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`outcome`: accepted, permanent, transient or ambiguous. One message may serve many deliveries."""

    at: datetime
    duration: timedelta
    outcome: str
    reason: str | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """`state`: pending, retry, sent, failed, expired or muted; `reason`: why it was not sent."""

    delivery_id: int
    channel: str
    state: str
    reason: str | None
    next_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    in_flight: bool
    possible_repeat: bool
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """`what` is without its intents: `deliveries` say what became of them."""

    what: Transition | Notice
    deliveries: tuple[Delivery, ...]


def transitions_since(connection: Reader, since: datetime) -> tuple[Told, ...]:
    """The transitions of every rule, oldest first."""
    ids = connection.exec_driver_sql(_TRANSITIONS, (to_ms(since),)).scalars().all()
    rows = connection.exec_driver_sql(_OF_TRANSITIONS, (as_json(ids),)).all()
    return _told(ids, load_transitions(connection, ids), rows, _attempts(connection, rows), "transition_id")


def notices_since(connection: Reader, since: datetime) -> tuple[Told, ...]:
    """What the monitor said of itself, oldest first."""
    ids = connection.exec_driver_sql(_NOTICES, (to_ms(since),)).scalars().all()
    rows = connection.exec_driver_sql(_OF_NOTICES, (as_json(ids),)).all()
    return _told(ids, load_notices(connection, ids), rows, _attempts(connection, rows), "notice_id")


def delivery(connection: Reader, delivery_id: int) -> Told | None:
    """One delivery with what it tells; None when there is no such delivery."""
    rows = connection.exec_driver_sql(_BY_ID, (as_json([delivery_id]),)).all()
    if not rows:
        return None
    what: Transition | Notice
    if rows[0].notice_id is None:
        what = load_transitions(connection, [rows[0].transition_id])[rows[0].transition_id]
    else:
        what = load_notices(connection, [rows[0].notice_id])[rows[0].notice_id]
    return Told(what, (_delivery(rows[0], _attempts(connection, rows)),))


def _told(
    ids: Iterable[int],
    whats: dict[int, Transition] | dict[int, Notice],
    rows: Sequence[Row],
    attempts: dict[int, list[Attempt]],
    column: str,
) -> tuple[Told, ...]:
    deliveries: dict[int, list[Delivery]] = {}
    for row in rows:
        deliveries.setdefault(getattr(row, column), []).append(_delivery(row, attempts))
    return tuple(Told(whats[id_], tuple(deliveries.get(id_, ()))) for id_ in ids)


def _attempts(connection: Reader, deliveries: Sequence[Row]) -> dict[int, list[Attempt]]:
    found: dict[int, list[Attempt]] = {}
    for row in connection.exec_driver_sql(_ATTEMPTS, (as_json(row.id for row in deliveries),)):
        duration = timedelta(milliseconds=row.duration_ms)
        attempt = Attempt(from_ms(row.at), duration, row.outcome, row.reason, row.message_id)
        found.setdefault(row.delivery_id, []).append(attempt)
    return found


def _delivery(row: Row, attempts: dict[int, list[Attempt]]) -> Delivery:
    return Delivery(
        row.id,
        row.channel,
        row.state,
        row.reason,
        from_ms_or_none(row.next_at),
        from_ms(row.expires_at),
        from_ms_or_none(row.ended_at),
        row.claimed_at is not None,
        bool(row.possible_repeat),
        tuple(attempts.get(row.id, ())),
    )
