"""The life of a delivery in the database: claimed, sent, tried again, given up, merged, expired."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.alert import Clearing, Firing
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.decision import (
    Alert,
    Cause,
    Decision,
    DeliveryIntent,
    Facts,
    Notice,
    NoticeKind,
    PollRecord,
    Transition,
    TransitionKind,
)
from monitor.core.moment import to_ms
from monitor.store.announce import raise_notice
from monitor.store.commit import commit
from monitor.store.outbox import Claim, Recorded, claim, record, recover, release
from monitor.store.row_ids import RowIds
from monitor.store.told import AT_ONCE
from tests.store.ground import FEED, NOON, Monitor, key, new_store

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DOWN = Refused(FailureClass.TRANSIENT, "HTTP 503")
LOST = Refused(FailureClass.AMBIGUOUS, "reset after the request was sent")
REVOKED = Refused(FailureClass.PERMANENT, "HTTP 404: the webhook was removed")
SLACK = (DeliveryIntent("slack", None, 6 * HOUR),)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine)


def fired(code: str = "PRD-1", at: datetime = NOON, to: tuple[DeliveryIntent, ...] = SLACK) -> Transition:
    facts = Facts(*key(code), remaining=3, price=Decimal("19.90"), seen_at=at, gone_for=timedelta(hours=5))
    event_id = f"fired-{code}-{to_ms(at)}"
    return Transition(event_id, "any", key(code), at, TransitionKind.FIRED, Cause.STOCK, event_id, facts, to)


def resolved(opening: Transition, at: datetime, to: tuple[DeliveryIntent, ...] = SLACK) -> Transition:
    return replace(
        opening, event_id=f"resolved-{opening.event_id}", at=at, kind=TransitionKind.RESOLVED, deliveries=to
    )


def decide(monitor: Monitor, *transitions: Transition) -> None:
    """One poll with these transitions."""
    decision = Decision(PollRecord(FEED, NOON, SECOND), transitions=list(transitions))
    monitor.write(lambda c: commit(c, decision, RowIds()))


def take(monitor: Monitor, now: datetime = NOON, channel: str = "slack") -> Claim:
    return monitor.write(lambda c: claim(c, channel, now))


def note(monitor: Monitor, claimed: Claim, outcome: Outcome, now: datetime = NOON) -> Recorded:
    ids = [item.delivery_id for item in claimed.items]
    return monitor.write(lambda c: record(c, ids, outcome, now, SECOND, "message", 0.0))


def try_once(monitor: Monitor, outcome: Outcome, now: datetime = NOON) -> Recorded:
    return note(monitor, take(monitor, now), outcome, now)


def states(monitor: Monitor) -> list[tuple[object, ...]]:
    return monitor.rows("SELECT state, reason FROM delivery ORDER BY id")


def test_a_claim_gives_back_the_transition_as_it_was_decided(monitor: Monitor) -> None:
    opening = fired()
    decide(monitor, opening)
    (item,) = take(monitor).items
    assert item.told == replace(opening, deliveries=())


def test_what_is_in_flight_is_not_claimed_again(monitor: Monitor) -> None:
    decide(monitor, fired())
    assert take(monitor).items
    assert take(monitor) == Claim((), (), None)


def test_a_channel_does_not_see_the_deliveries_of_another(monitor: Monitor) -> None:
    decide(monitor, fired(to=(DeliveryIntent("mail"),)))
    assert take(monitor).items == ()
    assert len(take(monitor, channel="mail").items) == 1


def test_a_resolve_that_was_decided_long_after_the_product_left_is_still_told(monitor: Monitor) -> None:
    late = NOON + 9 * HOUR
    decision = Decision(PollRecord(FEED, late, SECOND), transitions=[resolved(fired(), NOON)])
    monitor.write(lambda c: commit(c, decision, RowIds(), to_ms(late)))
    claimed = take(monitor, late)
    assert [item.told.at for item in claimed.items] == [NOON]
    assert claimed.expired == ()


def test_an_accepted_delivery_is_sent_and_its_attempt_kept(monitor: Monitor) -> None:
    decide(monitor, fired())
    assert try_once(monitor, Accepted()) == Recorded(sent=(1,))
    assert monitor.rows("SELECT state, attempts, next_at, claimed_at, ended_at FROM delivery") == [
        ("sent", 1, None, None, to_ms(NOON))
    ]
    assert monitor.rows("SELECT delivery_id, message_id, duration_ms, outcome, reason FROM attempt") == [
        (1, "message", 1000, "accepted", None)
    ]


def test_a_transient_failure_is_tried_again_at_its_time_and_not_before(monitor: Monitor) -> None:
    decide(monitor, fired())
    assert try_once(monitor, DOWN) == Recorded(retried=(1,))
    assert states(monitor) == [("retry", "HTTP 503")]
    assert take(monitor, NOON + SECOND / 2) == Claim((), (), NOON + SECOND)
    (item,) = take(monitor, NOON + SECOND).items
    assert (item.attempts, item.possible_repeat) == (1, False)


def test_an_answer_that_was_lost_makes_a_possible_repeat_for_good(monitor: Monitor) -> None:
    decide(monitor, fired())
    try_once(monitor, LOST)
    try_once(monitor, DOWN, NOON + HOUR)
    (item,) = take(monitor, NOON + 2 * HOUR).items
    assert item.possible_repeat


def test_a_permanent_failure_ends_the_delivery_and_is_a_loss(monitor: Monitor) -> None:
    decide(monitor, fired())
    assert try_once(monitor, REVOKED) == Recorded(failed=(1,), is_loss=True)
    assert states(monitor) == [("failed", REVOKED.reason)]


def test_a_notice_that_cannot_be_sent_is_no_loss_to_be_surfaced(monitor: Monitor) -> None:
    notice = Notice("n", NoticeKind.BLIND, "alaya", NOON, {"feed": "alaya"}, SLACK)
    assert monitor.write(lambda c: raise_notice(c, notice))
    claimed = take(monitor)
    assert claimed.items[0].told == replace(notice, deliveries=())
    assert note(monitor, claimed, REVOKED) == Recorded(failed=(1,))


def test_what_could_not_be_told_in_time_expires_with_its_last_reason(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    try_once(monitor, DOWN)
    decide(monitor, fired("PRD-2"))
    assert take(monitor, NOON + 6 * HOUR) == Claim((), (1, 2), None, is_loss=True)
    assert states(monitor) == [
        ("expired", "gave up: HTTP 503"),
        ("expired", "gave up: it could not be sent in time"),
    ]


def test_deliveries_of_one_poll_go_together(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"), fired("PRD-2"))
    decide(monitor, fired("PRD-3"))
    first = take(monitor)
    assert [item.delivery_id for item in first.items] == [1, 2]
    assert first.next_due == NOON
    note(monitor, first, Accepted())
    assert [item.delivery_id for item in take(monitor).items] == [3]


def test_an_opening_that_is_over_before_it_was_told_tells_the_whole_window(monitor: Monitor) -> None:
    opening = fired()
    decide(monitor, opening)
    gone = resolved(opening, NOON + SECOND)
    decide(monitor, gone)
    (item,) = take(monitor, NOON + SECOND).items
    assert item.resolve == replace(gone, deliveries=())
    assert states(monitor)[1] == ("muted", "merged")


def test_an_opening_whose_resolve_is_not_told_itself_still_tells_that_it_is_over(monitor: Monitor) -> None:
    opening = fired()
    decide(monitor, opening)
    decide(monitor, resolved(opening, NOON + SECOND, to=()))
    (item,) = take(monitor, NOON + SECOND).items
    assert item.resolve is not None


def test_a_success_makes_the_waiting_retries_of_its_channel_due(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    for later in range(8):
        try_once(monitor, DOWN, NOON + later * HOUR / 10)
    decide(monitor, fired("PRD-2"))
    now = NOON + 0.7 * HOUR + SECOND
    assert try_once(monitor, Accepted(), now).sent == (2,)
    assert [item.delivery_id for item in take(monitor, now).items] == [1]


def test_a_success_ends_the_episode_of_failed_deliveries(monitor: Monitor) -> None:
    notice = Notice("n", NoticeKind.DELIVERY_FAILED, "slack", NOON, {"channel": "slack"}, ())
    assert monitor.write(lambda c: raise_notice(c, notice))
    assert not monitor.write(lambda c: raise_notice(c, replace(notice, event_id="again")))
    decide(monitor, fired())
    try_once(monitor, Accepted())
    assert monitor.rows("SELECT ended_at FROM notice") == [(to_ms(NOON),)]
    assert monitor.write(lambda c: raise_notice(c, replace(notice, event_id="later")))


def test_a_delivery_that_was_put_back_is_claimed_as_if_nothing_had_been(monitor: Monitor) -> None:
    decide(monitor, fired())
    first = take(monitor)
    monitor.write(lambda c: release(c, [1]))
    assert take(monitor) == first


def test_what_a_crash_left_in_flight_is_sent_again_as_a_possible_repeat(monitor: Monitor) -> None:
    decide(monitor, fired())
    take(monitor)
    assert monitor.write(recover) == (1,)
    (item,) = take(monitor).items
    assert item.possible_repeat
    assert monitor.write(recover) == (1,)


def test_a_delivery_that_ended_while_in_flight_is_not_tried_again(monitor: Monitor) -> None:
    decide(monitor, fired())
    claimed = take(monitor)
    monitor.write(
        lambda c: c.exec_driver_sql("UPDATE delivery SET state = 'expired', reason = 'rule removed'")
    )
    assert note(monitor, claimed, DOWN) == Recorded()
    assert states(monitor) == [("expired", "rule removed")]
    assert monitor.rows("SELECT outcome FROM attempt") == [("transient",)]


def test_a_delivery_that_ended_while_in_flight_and_arrived_was_sent(monitor: Monitor) -> None:
    decide(monitor, fired())
    claimed = take(monitor)
    monitor.write(
        lambda c: c.exec_driver_sql("UPDATE delivery SET state = 'expired', reason = 'rule removed'")
    )
    note(monitor, claimed, Accepted())
    assert states(monitor) == [("sent", None)]


def test_a_long_queue_of_retries_does_not_hide_what_was_never_tried(monitor: Monitor) -> None:
    decide(monitor, *(fired(f"PRD-{number}") for number in range(AT_ONCE + 1)))
    try_once(monitor, DOWN)
    try_once(monitor, DOWN)
    decide(monitor, fired("PRD-NEW"))
    newest = AT_ONCE + 2
    assert newest in [item.delivery_id for item in take(monitor, NOON).items]


def test_every_one_of_a_thousand_deliveries_is_sent_in_the_end(monitor: Monitor) -> None:
    decide(monitor, *(fired(f"PRD-{number}") for number in range(1000)))
    sent: list[int] = []
    while (claimed := take(monitor)).items:
        sent += note(monitor, claimed, Accepted()).sent
    assert sorted(sent) == list(range(1, 1001))


def test_an_opening_waits_while_its_alert_is_clearing_and_is_told_when_the_stock_is_back(
    monitor: Monitor,
) -> None:
    opening = fired()
    alert = Alert("any", key("PRD-1"), Clearing(NOON, NOON), Cause.STOCK, opening.event_id, NOON)
    decision = Decision(PollRecord(FEED, NOON, SECOND), transitions=[opening], alerts=[alert])
    monitor.write(lambda c: commit(c, decision, RowIds()))
    assert take(monitor).items == ()
    assert take(monitor).next_due is None

    back = Decision(PollRecord(FEED, NOON, SECOND), alerts=[replace(alert, state=Firing(NOON))])
    monitor.write(lambda c: commit(c, back, RowIds()))
    assert [item.told.event_id for item in take(monitor).items] == [opening.event_id]
