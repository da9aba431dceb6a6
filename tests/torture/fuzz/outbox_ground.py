"""The outbox as the machine drives it: a real database, emptied for each story."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from monitor.core.alert import Clearing, Firing, Inactive, State
from monitor.core.backoff import Outcome
from monitor.core.decision import (
    Alert,
    Cause,
    Decision,
    DeliveryIntent,
    Facts,
    MuteReason,
    Notice,
    NoticeKind,
    PollRecord,
    Transition,
    TransitionKind,
)
from monitor.core.moment import to_ms
from monitor.core.product import Feed, ProductKey
from monitor.store import outbox
from monitor.store.commit import commit
from monitor.store.row_ids import RowIds
from monitor.store.schema import metadata
from tests.torture.fuzz.outbox_truth import Subject

T = TypeVar("T")
PATIENCE: Final = timedelta(hours=6)
CHANNELS: Final = ("phone", "mail")
FEED: Final = Feed("default", None)
_DELIVERIES: Final = (
    "SELECT d.id, d.channel, d.state, d.reason, d.attempts, d.claimed_at, d.possible_repeat, d.expires_at,"
    " coalesce(t.event_id, n.event_id) AS event_id,"
    " (SELECT count(*) FROM attempt WHERE delivery_id = d.id) AS tried FROM delivery d"
    " LEFT JOIN transition t ON t.id = d.transition_id LEFT JOIN notice n ON n.id = d.notice_id ORDER BY d.id"
)


class Ground:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.exec_driver_sql(f"DELETE FROM {table.name}")

    def write(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def decide(self, now: datetime, transitions: Sequence[Transition], alerts: Sequence[Alert]) -> None:
        """One poll with these."""
        record = PollRecord(FEED, now, timedelta(0))
        decision = Decision(record, transitions=list(transitions), alerts=list(alerts))
        self.write(lambda connection: commit(connection, decision, RowIds(), to_ms(now)))

    def notice(self, notice: Notice, now: datetime) -> None:
        decision = Decision(None, notices=[notice])
        self.write(lambda connection: commit(connection, decision, RowIds(), to_ms(now)))

    def record(self, numbers: Sequence[int], outcome: Outcome, now: datetime) -> outbox.Recorded:
        return self.write(
            lambda connection: outbox.record(connection, numbers, outcome, now, timedelta(0), "message", 0.5)
        )

    def deliveries(self) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.exec_driver_sql(_DELIVERIES).all())


def key_of(code: str) -> ProductKey:
    return ProductKey("default", 1, code)


def transition(
    event_id: str,
    subject: Subject,
    kind: TransitionKind,
    opening: str,
    now: datetime,
    muted: MuteReason | None,
) -> Transition:
    rule, code = subject
    cause = Cause.REMINDER if kind is TransitionKind.REPEATED else Cause.STOCK
    facts = Facts("default", 1, code, 3, fired_at=now)
    to = tuple(DeliveryIntent(channel, muted, PATIENCE) for channel in CHANNELS)
    return Transition(event_id, rule, key_of(code), now, kind, cause, opening, facts, to)


def notice(event_id: str, now: datetime) -> Notice:
    to = tuple(DeliveryIntent(channel, None, PATIENCE) for channel in CHANNELS)
    return Notice(event_id, NoticeKind.BLIND, event_id, now, {"feed": "default"}, to, is_episode=False)


def alert(subject: Subject, opening: str, now: datetime, *, state: type[State]) -> Alert:
    states: dict[type[State], State] = {
        Firing: Firing(now),
        Clearing: Clearing(now, now),
        Inactive: Inactive(),
    }
    return Alert(subject[0], key_of(subject[1]), states[state], Cause.STOCK, opening, now)
