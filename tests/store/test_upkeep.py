"""Reloads, retries by hand and clock steps, as the outbox and the alerts see them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.alert import Clearing, Firing
from monitor.core.backoff import Accepted
from monitor.core.decision import Alert, Cause, Decision, DeliveryIntent, MuteReason
from monitor.core.errors import MonitorError
from monitor.core.moment import to_ms
from monitor.core.shift import Step
from monitor.store.commit import commit
from monitor.store.outbox import claim, recover
from monitor.store.row_ids import RowIds
from monitor.store.upkeep import expire_channel, expire_rule, expire_source, pull_back, retry, shift
from tests.store.ground import NOON, Monitor, key, listing, new_store, seen
from tests.store.test_outbox import DOWN, HOUR, REVOKED, decide, fired, states, take, try_once


def set_by(step: timedelta) -> Step:
    return Step("step", NOON + step, step)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine)


def test_a_removed_channel_ends_what_it_had_yet_to_tell(monitor: Monitor) -> None:
    decide(monitor, fired(to=(DeliveryIntent("slack"), DeliveryIntent("mail"))))
    assert monitor.write(lambda c: expire_channel(c, "mail", "channel removed", NOON)) == (2,)
    assert states(monitor) == [("pending", None), ("expired", "channel removed")]


def test_a_removed_rule_loses_its_alerts_and_deliveries_but_not_its_history(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(3)}))
    ended = monitor.write(lambda c: expire_rule(c, "any", "rule removed", NOON))
    assert len(ended) == 2
    assert {state for state, _ in states(monitor)} == {"expired"}
    assert monitor.rows("SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM rule_feed)") == [(0, 0)]
    assert monitor.rows("SELECT rule FROM transition") == [("any",)]


def test_a_removed_source_loses_its_alerts_and_deliveries(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(3)}))
    assert monitor.write(lambda c: expire_source(c, "other", "source removed", NOON)) == ()
    assert len(monitor.write(lambda c: expire_source(c, "alaya", "source removed", NOON))) == 2
    assert monitor.rows("SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM rule_feed)") == [(0, 0)]


def test_a_failed_delivery_that_is_retried_by_hand_is_due_at_once(monitor: Monitor) -> None:
    decide(monitor, fired())
    try_once(monitor, REVOKED)
    much_later = NOON + 100 * HOUR
    monitor.write(lambda c: retry(c, 1, much_later))
    (item,) = take(monitor, much_later).items
    assert item.attempts == 1
    assert monitor.rows("SELECT expires_at, ended_at FROM delivery") == [(to_ms(much_later + 6 * HOUR), None)]


def test_a_muted_delivery_can_be_sent_by_hand(monitor: Monitor) -> None:
    decide(monitor, fired(to=(DeliveryIntent("slack", MuteReason.SILENCE),)))
    monitor.write(lambda c: retry(c, 1, NOON))
    assert len(take(monitor).items) == 1


def test_what_was_sent_is_not_sent_twice(monitor: Monitor) -> None:
    decide(monitor, fired())
    try_once(monitor, Accepted())
    with pytest.raises(MonitorError, match="was sent"):
        monitor.write(lambda c: retry(c, 1, NOON))


def test_what_is_in_flight_or_unknown_cannot_be_retried(monitor: Monitor) -> None:
    decide(monitor, fired())
    take(monitor)
    with pytest.raises(MonitorError, match="at this moment"):
        monitor.write(lambda c: retry(c, 1, NOON))
    with pytest.raises(MonitorError, match="there is no delivery 7"):
        monitor.write(lambda c: retry(c, 7, NOON))


def test_a_step_of_the_clock_moves_the_timers_that_run_and_no_history(monitor: Monitor) -> None:
    firing = Alert("any", key("PRD-1"), Firing(NOON), Cause.STOCK, announced_at=NOON)
    clearing = Alert("any", key("PRD-2"), Clearing(NOON, NOON + HOUR), Cause.STOCK)
    decide(monitor, fired("PRD-1"))
    monitor.write(lambda c: commit(c, Decision(None, alerts=[firing, clearing]), RowIds()))
    step = timedelta(days=-1)
    monitor.write(lambda c: shift(c, set_by(step)))
    moved, noon = to_ms(NOON + step), to_ms(NOON)
    assert monitor.rows("SELECT since, cleared_at, announced_at FROM alert") == [
        (moved, None, moved),
        (moved, to_ms(NOON + step + HOUR), None),
    ]
    assert monitor.rows("SELECT next_at, expires_at FROM delivery") == [
        (moved, to_ms(NOON + step + 6 * HOUR))
    ]
    assert monitor.rows("SELECT at FROM transition") == [(noon,)]


def test_a_step_that_is_brought_again_moves_nothing_twice_and_is_kept_as_a_notice(monitor: Monitor) -> None:
    decide(monitor, fired())
    for _ in range(2):
        monitor.write(lambda c: shift(c, set_by(HOUR)))
    assert monitor.rows("SELECT next_at FROM delivery") == [(to_ms(NOON + HOUR),)]
    assert monitor.rows("SELECT kind, facts, ended_at IS NULL FROM notice") == [
        ("clock set", '{"seconds":3600.0}', 0)
    ]


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_is_in_flight_while_the_clock_is_set_is_due_at_once_when_its_lane_dies(
    monitor: Monitor, step: timedelta
) -> None:
    decide(monitor, fired())
    take(monitor)
    monitor.write(lambda c: shift(c, set_by(step)))
    monitor.write(lambda c: recover(c, None))
    assert monitor.rows("SELECT next_at FROM delivery") == [(to_ms(NOON + step),)]


def test_what_a_crash_left_in_flight_before_the_clock_was_set_back_is_due_at_once(monitor: Monitor) -> None:
    decide(monitor, fired())
    take(monitor)
    monitor.write(lambda c: pull_back(c, NOON - HOUR))
    monitor.write(lambda c: recover(c, None))
    assert monitor.rows("SELECT next_at FROM delivery") == [(to_ms(NOON - HOUR),)]


def test_a_step_of_the_clock_leaves_ended_deliveries_alone(monitor: Monitor) -> None:
    decide(monitor, fired())
    try_once(monitor, Accepted())
    before = monitor.rows("SELECT * FROM delivery")
    monitor.write(lambda c: shift(c, set_by(HOUR)))
    assert monitor.rows("SELECT * FROM delivery") == before
    assert monitor.write(lambda c: claim(c, "slack", NOON)).items == ()


def test_what_an_earlier_clock_left_in_the_future_reads_as_now(monitor: Monitor) -> None:
    clearing = Alert("any", key("PRD-1"), Clearing(NOON, NOON + HOUR), Cause.STOCK, announced_at=NOON)
    decide(monitor, fired("PRD-1"))
    monitor.write(lambda c: commit(c, Decision(None, alerts=[clearing]), RowIds()))
    try_once(monitor, DOWN)
    earlier = NOON - timedelta(days=1)
    monitor.write(lambda c: pull_back(c, earlier))
    now = to_ms(earlier)
    assert monitor.rows("SELECT since, cleared_at, announced_at FROM alert") == [(now, now, now)]
    assert monitor.rows("SELECT next_at FROM delivery") == [(now,)]


def test_a_retry_that_a_receiver_put_off_is_not_pulled_back(monitor: Monitor) -> None:
    decide(monitor, fired())
    try_once(monitor, replace(DOWN, retry_after=timedelta(minutes=15)))
    monitor.write(lambda c: pull_back(c, NOON))
    assert monitor.rows("SELECT next_at FROM delivery") == [(to_ms(NOON + timedelta(minutes=15)),)]
