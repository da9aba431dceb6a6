"""The outbox of the store in memory: claims, outcomes and ends on plain values. No SQL."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from monitor.core.alert import Clearing
from monitor.core.backoff import Accepted, GiveUp, Outcome, Refused, RetryAt, after_refusal
from monitor.core.decision import Notice, NoticeKind, Transition, TransitionKind
from monitor.core.outbox import Waiting, choose, next_due
from monitor.store.outbox import Claim, Recorded
from tests.torture.clocks.kept import DeliveryRow, Kept, NoticeRow, cut


def add_deliveries(kept: Kept, told: Transition | Notice, poll: int | None, decided_at: datetime) -> None:
    at = cut(told.at)
    for intent in told.deliveries:
        expires_at = max(at, decided_at) + intent.give_up_after
        state = "pending" if intent.muted is None else "muted"
        row = DeliveryRow(
            len(kept.deliveries) + 1, told, intent.channel, state, intent.muted, at, expires_at, poll
        )
        kept.deliveries.append(row)
        if row.is_waiting:
            kept.waiting[row.number] = row


def add_notice(kept: Kept, notice: Notice) -> bool:
    """False: there is one of that id, or of the same episode."""
    if notice.is_episode and any(_is_same(row.notice, notice) for row in kept.open_notices()):
        return False
    if any(row.notice.event_id == notice.event_id for row in kept.notices):
        return False
    kept.notices.append(NoticeRow(notice, None if notice.is_episode else cut(notice.at)))
    add_deliveries(kept, notice, None, cut(notice.at))
    return True


def end_episode(kept: Kept, kind: NoticeKind, subject: str, now: datetime) -> None:
    for row in kept.open_notices():
        if (row.notice.kind, row.notice.subject) == (kind, subject):
            row.ended_at = now


def claim(kept: Kept, channel: str, now: datetime) -> Claim:
    ended = expire(kept, channel, now)
    waiting = [_waiting(kept, row) for row in kept.waiting.values() if _may_go(row, channel)]
    choice = choose(waiting, now)
    for number in choice.merged:
        kept.end(kept.deliveries[number - 1], "muted", "merged")
    for item in choice.items:
        kept.deliveries[item.delivery_id - 1].claimed_at = cut(now)
    taken = {*choice.merged, *(item.delivery_id for item in choice.items)}
    rest = next_due(w for w in waiting if w.delivery_id not in taken)
    return Claim(choice.items, ended.expired, rest, ended.is_loss)


def expire(kept: Kept, channel: str, now: datetime) -> Claim:
    late = [row for row in kept.waiting.values() if _may_go(row, channel) and row.expires_at <= cut(now)]
    for row in late:
        kept.end(row, "expired", "gave up")
    return Claim((), tuple(row.number for row in late), None, any(_tells_of_stock(row) for row in late))


def record(kept: Kept, numbers: Sequence[int], outcome: Outcome, now: datetime, jitter: float) -> Recorded:
    rows = [kept.deliveries[number - 1] for number in numbers]
    waiting = [row for row in rows if row.is_waiting]
    for row in rows:
        row.attempts += 1
        row.claimed_at = None
    if isinstance(outcome, Accepted):
        return _accepted(kept, rows, now)
    failed = [row for row in waiting if not _retried(row, outcome, now, jitter)]
    for row in failed:
        kept.end(row, "failed", outcome.reason)
    if failed:
        return Recorded(failed=_numbers(waiting), is_loss=any(map(_tells_of_stock, waiting)))
    return Recorded(retried=_numbers(waiting))


def recover(kept: Kept, channel: str | None) -> tuple[int, ...]:
    rows = [r for r in kept.waiting.values() if r.claimed_at and channel in {None, r.channel}]
    for row in rows:
        row.next_at, row.claimed_at, row.possible_repeat = row.claimed_at or row.next_at, None, True
    return _numbers(rows)


def give_up(kept: Kept, reason: str, is_concerned: Callable[[DeliveryRow], bool]) -> int:
    """End what waits for something that is no longer configured; how many there were."""
    rows = [row for row in kept.waiting.values() if is_concerned(row)]
    for row in rows:
        kept.end(row, "expired", reason)
    return len(rows)


def _accepted(kept: Kept, rows: Sequence[DeliveryRow], now: datetime) -> Recorded:
    for row in rows:
        kept.end(row, "sent", None)
    for channel in {row.channel for row in rows}:
        for row in kept.waiting.values():
            if row.channel == channel and row.state == "retry":
                row.next_at = min(row.next_at, cut(now))
        end_episode(kept, NoticeKind.DELIVERY_FAILED, channel, cut(now))
    return Recorded(sent=_numbers(rows))


def _retried(row: DeliveryRow, refused: Refused, now: datetime, jitter: float) -> bool:
    match after_refusal(refused, row.attempts, now, jitter):
        case RetryAt(at, possible_repeat):
            row.state, row.reason, row.next_at = "retry", refused.reason, cut(at)
            row.possible_repeat |= possible_repeat
            return True
        case GiveUp():
            return False


def _may_go(row: DeliveryRow, channel: str) -> bool:
    return row.channel == channel and row.claimed_at is None


def _waiting(kept: Kept, row: DeliveryRow) -> Waiting:
    told = row.told
    is_opening = isinstance(told, Transition) and told.kind is not TransitionKind.RESOLVED
    resolve = kept.resolves.get(told.opening) if isinstance(told, Transition) and is_opening else None
    alert = kept.alerts.get((told.rule, told.product)) if isinstance(told, Transition) else None
    is_clearing = (
        isinstance(told, Transition)
        and alert is not None
        and alert.opening == told.opening
        and isinstance(alert.state, Clearing)
    )
    return Waiting(
        row.number,
        row.poll,
        told,
        row.state == "pending",
        row.next_at,
        row.attempts,
        row.possible_repeat,
        resolve,
        is_clearing,
    )


def _tells_of_stock(row: DeliveryRow) -> bool:
    return isinstance(row.told, Transition)


def _is_same(one: Notice, other: Notice) -> bool:
    return (one.kind, one.subject) == (other.kind, other.subject)


def _numbers(rows: Iterable[DeliveryRow]) -> tuple[int, ...]:
    return tuple(row.number for row in rows)
