"""Writes what is to be told: transitions, notices, and a delivery of each for every channel."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from monitor.core.decision import DeliveryIntent, Notice, NoticeEnd, NoticeKind, Transition
from monitor.core.moment import to_ms
from monitor.core.product import ProductKey
from monitor.store.codec import facts_text, notice_facts_text, span_ms

_TRANSITION = (
    "INSERT INTO transition (event_id, rule, product_id, poll_id, at, edge, cause, opening, facts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# An episode that is open already is not raised again; then it has no row for deliveries to find.
_NOTICE = (
    "INSERT INTO notice (event_id, kind, subject, at, ended_at, facts) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_DELIVERY = (
    "INSERT INTO delivery ({told}_id, channel, state, reason, next_at, expires_at, ended_at)"
    " SELECT id, ?, ?, ?, ?, ?, ? FROM {told} WHERE event_id = ?"
)
_OF_TRANSITION = _DELIVERY.format(told="transition")
_OF_NOTICE = _DELIVERY.format(told="notice")


def write_transitions(
    connection: Connection,
    transitions: Sequence[Transition],
    poll_id: int | None,
    product_id: Callable[[ProductKey], int],
    now_ms: int,
) -> None:
    """`now_ms`: a resolve is dated when the product left, but can be told only from when it was decided."""
    if not transitions:
        return
    rows = [
        (
            *(t.event_id, t.rule, product_id(t.product), poll_id, to_ms(t.at)),
            *(t.kind, t.cause, t.opening, facts_text(t.facts)),
        )
        for t in transitions
    ]
    connection.exec_driver_sql(_TRANSITION, rows)
    _write_deliveries(connection, _OF_TRANSITION, transitions, now_ms)


def write_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    for notice in notices:
        raise_notice(connection, notice)


def raise_notice(connection: Connection, notice: Notice) -> bool:
    """Tell of a new episode; False when the same one (kind and subject) is open already."""
    at = to_ms(notice.at)
    ended_at = None if notice.is_episode else at
    row = (notice.event_id, notice.kind, notice.subject, at, ended_at, notice_facts_text(notice.facts))
    if connection.exec_driver_sql(_NOTICE, row).rowcount == 0:
        return False
    _write_deliveries(connection, _OF_NOTICE, [notice], at)
    return True


def end_episodes(connection: Connection, ends: Sequence[NoticeEnd], now_ms: int) -> None:
    for end in ends:
        end_episode(connection, end.kind, end.subject, now_ms)


def end_episode(connection: Connection, kind: NoticeKind, subject: str, now_ms: int) -> None:
    """The next one of this kind and subject is told again."""
    connection.exec_driver_sql(
        "UPDATE notice SET ended_at = ? WHERE kind = ? AND subject = ? AND ended_at IS NULL",
        (now_ms, kind, subject),
    )


def _write_deliveries(
    connection: Connection, sql: str, told: Sequence[Transition | Notice], decided_ms: int
) -> None:
    rows = [_delivery(one, intent, decided_ms) for one in told for intent in one.deliveries]
    if rows:
        connection.exec_driver_sql(sql, rows)


def _delivery(told: Transition | Notice, intent: DeliveryIntent, decided_ms: int) -> tuple[object, ...]:
    at = to_ms(told.at)
    expires_at = max(at, decided_ms) + span_ms(intent.give_up_after)
    if intent.muted is None:
        return intent.channel, "pending", None, at, expires_at, None, told.event_id
    return intent.channel, "muted", intent.muted, None, expires_at, at, told.event_id
