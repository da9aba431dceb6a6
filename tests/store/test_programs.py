"""Deliveries to a program: one event at a time, and no more starts in a day than it may have."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.core.decision import DeliveryIntent
from monitor.store.outbox import Cap, Claim, claim_one, recover
from tests.store.ground import NOON, Monitor, new_store
from tests.store.test_outbox import decide, fired, note, states

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
ACT = (DeliveryIntent("act", None, 6 * HOUR),)
TWICE = Cap(2, "two a day")
NOT_NOW = Refused(FailureClass.TRANSIENT, "exit code 75")


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine)


def take(monitor: Monitor, now: datetime = NOON, cap: Cap | None = TWICE) -> Claim:
    return monitor.write(lambda c: claim_one(c, "act", now, cap))


def openings(monitor: Monitor, count: int, at: datetime = NOON) -> None:
    decide(monitor, *(fired(f"PRD-{number}", at, ACT) for number in range(count)))


def attempts(monitor: Monitor) -> list[tuple[object, ...]]:
    return monitor.rows("SELECT delivery_id, outcome, reason, duration_ms FROM attempt ORDER BY id")


def test_each_event_is_taken_by_itself(monitor: Monitor) -> None:
    openings(monitor, 3)
    assert [len(take(monitor, cap=None).items) for _ in range(4)] == [1, 1, 1, 0]
    assert attempts(monitor) == []


def test_a_start_counts_from_its_claim_on_and_its_attempt_tells_how_it_ended(monitor: Monitor) -> None:
    openings(monitor, 1)
    claimed = take(monitor)
    assert attempts(monitor) == [(1, "started", None, 0)]
    note(monitor, claimed, Accepted("job 4711"))
    assert attempts(monitor) == [(1, "accepted", "job 4711", 1000)]
    assert states(monitor) == [("sent", None)]


def test_above_the_cap_the_next_ones_fail_at_once_and_that_is_a_loss(monitor: Monitor) -> None:
    openings(monitor, 4)
    for _ in range(2):
        note(monitor, take(monitor), Accepted())
    over = take(monitor)
    assert (over.items, over.too_often, over.is_loss_by_cap, over.is_loss) == ((), (3,), True, False)
    assert over.next_due == NOON
    assert take(monitor).too_often == (4,)
    assert states(monitor) == [("sent", None)] * 2 + [("failed", "two a day")] * 2
    assert monitor.rows("SELECT attempts, claimed_at FROM delivery WHERE id = 3") == [(0, None)]


def test_each_try_counts(monitor: Monitor) -> None:
    openings(monitor, 1)
    note(monitor, take(monitor), NOT_NOW)
    note(monitor, take(monitor, NOON + HOUR), NOT_NOW, NOON + HOUR)
    assert take(monitor, NOON + 2 * HOUR).too_often == (1,)


def test_a_day_later_it_may_be_started_again(monitor: Monitor) -> None:
    openings(monitor, 2)
    for _ in range(2):
        note(monitor, take(monitor), Accepted())
    tomorrow = NOON + DAY
    decide(monitor, fired("PRD-9", tomorrow, ACT))
    assert take(monitor, tomorrow).too_often == (3,)
    decide(monitor, fired("PRD-8", tomorrow, ACT))
    assert len(take(monitor, tomorrow + timedelta(milliseconds=1)).items) == 1


def test_the_starts_of_others_do_not_count(monitor: Monitor) -> None:
    other = (DeliveryIntent("other", None, 6 * HOUR),)
    decide(monitor, *(fired(f"PRD-{number}", NOON, other) for number in range(5)))
    for _ in range(5):
        monitor.write(lambda c: claim_one(c, "other", NOON, Cap(9, "")))
    decide(monitor, fired("PRD-9", NOON, ACT))
    assert len(take(monitor).items) == 1


def test_a_crash_does_not_make_a_start_forgotten(monitor: Monitor) -> None:
    """One that takes the monitor down with it is not started for ever."""
    openings(monitor, 1)
    for _ in range(2):
        assert len(take(monitor).items) == 1
        assert monitor.write(recover) == (1,)
    over = take(monitor)
    assert (over.too_often, over.items) == ((1,), ())
    assert attempts(monitor) == [(1, "started", None, 0)] * 2


def test_after_a_crash_the_same_event_comes_again_and_says_so(monitor: Monitor) -> None:
    openings(monitor, 1)
    (first,) = take(monitor).items
    monitor.write(recover)
    claimed = take(monitor)
    (again,) = claimed.items
    assert (first.possible_repeat, again.possible_repeat) == (False, True)
    assert first.told == again.told
    note(monitor, claimed, Accepted("done"))
    assert [outcome for _, outcome, _, _ in attempts(monitor)] == ["started", "accepted"]
