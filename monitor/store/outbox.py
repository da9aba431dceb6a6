"""The outbox: what each channel has yet to tell, what is in flight, and how every attempt ended.

At least once: a delivery is claimed before it is sent and ends only with a recorded outcome; one that a
crash left claimed is sent again, marked as a possible repeat. Every function is one write transaction's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from sqlalchemy import Connection, Row

from monitor.core.backoff import Accepted, GiveUp, Outcome, Refused, RetryAt, after_refusal
from monitor.core.decision import MuteReason, NoticeKind, Transition
from monitor.core.moment import to_ms
from monitor.core.outbox import Choice, Item, Waiting, choose, choose_one, next_due, next_due_of_one
from monitor.store.announce import end_episode
from monitor.store.codec import span_ms
from monitor.store.told import WAITING, load_waiting

_EXPIRE = (
    "UPDATE delivery SET state = 'expired', ended_at = ?, next_at = NULL,"
    " reason = 'gave up: ' || coalesce(reason, 'it could not be sent in time')"
    f" WHERE channel = ? AND {WAITING} AND claimed_at IS NULL AND expires_at <= ? RETURNING id, notice_id"
)
_MERGE = "UPDATE delivery SET state = 'muted', reason = ?, ended_at = ?, next_at = NULL WHERE id = ?"
_CLAIM = "UPDATE delivery SET claimed_at = ? WHERE id = ?"
_RELEASE = "UPDATE delivery SET claimed_at = NULL WHERE id = ?"
_RECOVER = (
    "UPDATE delivery SET possible_repeat = 1, next_at = claimed_at, claimed_at = NULL"
    f" WHERE {WAITING} AND claimed_at IS NOT NULL AND channel = coalesce(?, channel) RETURNING id"
)
_TRIED = "SELECT id, channel, state, attempts, notice_id FROM delivery WHERE id = ?"
_ATTEMPT = (
    "INSERT INTO attempt (delivery_id, message_id, at, duration_ms, outcome, reason)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
# The newest attempt of a delivery, and only if it has begun and not ended: an older one was cut short.
_FINISH = (
    "UPDATE attempt SET message_id = ?, at = ?, duration_ms = ?, outcome = ?, reason = ? WHERE id ="
    " (SELECT max(id) FROM attempt WHERE delivery_id = ?) AND outcome = 'started'"
)
# Ids grow with time: walking back from the newest it ends at the first that is too old.
_STARTS = (
    "SELECT count(*) FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.channel = ?1"
    " AND a.id > coalesce((SELECT id FROM attempt WHERE at < ?2 ORDER BY id DESC LIMIT 1), 0)"
)
_TOO_OFTEN = (
    "UPDATE delivery SET state = 'failed', reason = ?, next_at = NULL, claimed_at = NULL, ended_at = ?"
    " WHERE id = ?"
)
_SENT = (
    "UPDATE delivery SET state = 'sent', reason = NULL, attempts = attempts + 1, next_at = NULL,"
    " claimed_at = NULL, ended_at = ? WHERE id = ?"
)
_RETRY = (
    "UPDATE delivery SET state = 'retry', reason = ?, attempts = attempts + 1, next_at = ?,"
    " claimed_at = NULL, possible_repeat = max(possible_repeat, ?) WHERE id = ?"
)
_FAILED = (
    "UPDATE delivery SET state = 'failed', reason = ?, attempts = attempts + 1, next_at = NULL,"
    " claimed_at = NULL, ended_at = ? WHERE id = ?"
)
_ENDED_MEANWHILE = "UPDATE delivery SET attempts = attempts + 1, claimed_at = NULL WHERE id = ?"
_WAKE = (
    f"UPDATE delivery SET next_at = ?1 WHERE channel = ?2 AND {WAITING} AND state = 'retry' AND next_at > ?1"
)


DAY: Final = timedelta(hours=24)
STARTED: Final = "started"
"""The outcome of an attempt that has begun; it stays so where a crash came between."""


@dataclass(frozen=True, slots=True)
class Cap:
    """So many starts in 24 hours, and what is said of what comes after them."""

    most_a_day: int
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The next message of a channel, empty if nothing is due; `next_due` is of those that wait on.

    `expired` are those that ended now; `is_loss` when one of them told of stock and not of a notice.
    `too_often` are those that failed now, since the channel was sent to as often as it may be in a day.
    """

    items: tuple[Item, ...]
    expired: tuple[int, ...]
    next_due: datetime | None
    is_loss: bool = False
    too_often: tuple[int, ...] = ()
    is_loss_by_cap: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """How the deliveries of one message ended. `is_loss` as in Claim: the loss must be surfaced."""

    sent: tuple[int, ...] = ()
    retried: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    is_loss: bool = False


def claim(connection: Connection, channel: str, now: datetime) -> Claim:
    """Take the next message of the channel, after ending what can no longer be told in time."""
    return _claim(connection, channel, now, choose, next_due)


def claim_one(connection: Connection, channel: str, now: datetime, cap: Cap | None) -> Claim:
    """Take the next event of a channel that is a program, if it may be told of one more today.

    What it is started for counts from here on: the attempt is written before it is made, so that a crash does
    not forget it.
    """
    claimed = _claim(connection, channel, now, choose_one, next_due_of_one)
    ids = [item.delivery_id for item in claimed.items]
    if cap is None or not ids:
        return claimed
    if _starts_since(connection, channel, now - DAY) < cap.most_a_day:
        _many(connection, _ATTEMPT, [(id_, "", to_ms(now), 0, STARTED, None) for id_ in ids])
        return claimed
    _many(connection, _TOO_OFTEN, [(cap.reason, to_ms(now), id_) for id_ in ids])
    is_surfaced = any(isinstance(item.told, Transition) for item in claimed.items)
    return replace(claimed, items=(), next_due=now, too_often=tuple(ids), is_loss_by_cap=is_surfaced)


def _claim(
    connection: Connection,
    channel: str,
    now: datetime,
    choose: Callable[[Sequence[Waiting], datetime], Choice],
    next_due: Callable[[Iterable[Waiting]], datetime | None],
) -> Claim:
    now_ms = to_ms(now)
    ended = expire(connection, channel, now)
    waiting = load_waiting(connection, channel)
    choice = choose(waiting, now)
    _many(connection, _MERGE, [(MuteReason.MERGED, now_ms, id_) for id_ in choice.merged])
    _many(connection, _CLAIM, [(now_ms, item.delivery_id) for item in choice.items])
    taken = {*choice.merged, *(item.delivery_id for item in choice.items)}
    return Claim(
        choice.items,
        ended.expired,
        next_due(w for w in waiting if w.delivery_id not in taken),
        ended.is_loss,
    )


def expire(connection: Connection, channel: str, now: datetime) -> Claim:
    """End what can no longer be told in time, and take nothing."""
    now_ms = to_ms(now)
    expired = connection.exec_driver_sql(_EXPIRE, (now_ms, channel, now_ms)).all()
    return Claim((), tuple(row.id for row in expired), None, any(row.notice_id is None for row in expired))


def record(
    connection: Connection,
    delivery_ids: Sequence[int],
    outcome: Outcome,
    now: datetime,
    duration: timedelta,
    message_id: str,
    jitter: float,
) -> Recorded:
    """Note how one attempt ended for all the deliveries that went in its message."""
    tried = [connection.exec_driver_sql(_TRIED, (id_,)).one_or_none() for id_ in delivery_ids]
    rows = [row for row in tried if row is not None]
    kind, reason = _in_words(outcome)
    attempt = (message_id, to_ms(now), span_ms(duration), kind, reason)
    new = [row for row in rows if not _finish(connection, row.id, attempt)]
    _many(connection, _ATTEMPT, [(row.id, *attempt) for row in new])
    match outcome:
        case Accepted():
            return _accepted(connection, rows, now)
        case Refused():
            return _refused(connection, rows, outcome, now, jitter)
        case _:
            assert_never(outcome)


def release(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Put back what was claimed and certainly not sent."""
    _many(connection, _RELEASE, [(id_,) for id_ in delivery_ids])


def recover(connection: Connection, channel: str | None = None) -> tuple[int, ...]:
    """After a start, or of one channel when its lane died: what was in flight may have arrived; it is due."""
    return tuple(row.id for row in connection.exec_driver_sql(_RECOVER, (channel,)).all())


def _starts_since(connection: Connection, channel: str, since: datetime) -> int:
    count: int = connection.exec_driver_sql(_STARTS, (channel, to_ms(since))).scalar_one()
    return count


def _finish(connection: Connection, delivery_id: int, attempt: tuple[object, ...]) -> bool:
    """The attempt that was written when it began, if there is one."""
    return connection.exec_driver_sql(_FINISH, (*attempt, delivery_id)).rowcount > 0


def _in_words(outcome: Outcome) -> tuple[str, str | None]:
    if isinstance(outcome, Accepted):
        return "accepted", outcome.note
    return outcome.kind.value, outcome.reason


def _accepted(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> Recorded:
    """The channel works: what waits for a retry need not wait on, and its failing episode is over."""
    now_ms = to_ms(now)
    _many(connection, _SENT, [(now_ms, row.id) for row in rows])
    for channel in {row.channel for row in rows}:
        connection.exec_driver_sql(_WAKE, (now_ms, channel))
        end_episode(connection, NoticeKind.DELIVERY_FAILED, channel, now_ms)
    return Recorded(sent=tuple(row.id for row in rows))


def _refused(
    connection: Connection, rows: Sequence[Row[Any]], refused: Refused, now: datetime, jitter: float
) -> Recorded:
    retried: list[tuple[object, ...]] = []
    failed: list[tuple[object, ...]] = []
    waiting = [row for row in rows if row.state in {"pending", "retry"}]
    for row in waiting:
        match after_refusal(refused, row.attempts + 1, now, jitter):
            case RetryAt(at, possible_repeat):
                retried.append((refused.reason, to_ms(at), int(possible_repeat), row.id))
            case GiveUp(reason):
                failed.append((reason, to_ms(now), row.id))
    _many(connection, _RETRY, retried)
    _many(connection, _FAILED, failed)
    _many(connection, _ENDED_MEANWHILE, [(row.id,) for row in rows if row not in waiting])
    ids = tuple(row.id for row in waiting)
    if not failed:
        return Recorded(retried=ids)
    return Recorded(failed=ids, is_loss=any(row.notice_id is None for row in waiting))


def _many(connection: Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(sql, list(rows))
