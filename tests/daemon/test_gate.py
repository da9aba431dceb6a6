"""How long a source that complains is left alone."""

from datetime import timedelta

import pytest

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.daemon.gate import SourceGate
from tests.core.builders import failed
from tests.fakes.clock import FakeClock

INTERVAL = timedelta(seconds=15)
REFUSED = failed(FailureKind.KEY_REFUSED)


def closed_for(gate: SourceGate, clock: FakeClock) -> float:
    """Seconds until it opens, in tenths; the clock is there afterwards."""
    waited = 0
    while not gate.is_open:
        clock.advance(0.1)
        waited += 1
    return waited / 10


def test_each_complaint_doubles_the_wait_up_to_a_minute() -> None:
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    waits = []
    for _ in range(5):
        gate.note(REFUSED, clock.monotonic())
        waits.append(closed_for(gate, clock))
    assert waits == pytest.approx([30, 60, 60, 60, 60], abs=0.2)


def test_a_long_interval_is_never_left_alone_for_longer_than_itself() -> None:
    clock = FakeClock()
    gate = SourceGate(timedelta(minutes=5), clock.monotonic)
    gate.note(REFUSED, clock.monotonic())
    assert closed_for(gate, clock) == pytest.approx(300, abs=0.2)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (timedelta(seconds=90), 90),
        (timedelta(days=9), 900),
        pytest.param(timedelta(seconds=26), 26, id="longer than what is left of ours"),
        pytest.param(timedelta(seconds=1), 25, id="shorter than ours, which counts from the request"),
        pytest.param(timedelta(0), 25, id="none at all"),
    ],
)
def test_a_retry_after_is_counted_from_the_answer_and_capped(asked: timedelta, waits: float) -> None:
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    began = clock.monotonic()
    clock.advance(5)
    gate.note(Failed(FailureKind.RATE_LIMITED, "too many requests", None, asked), began)
    assert closed_for(gate, clock) == pytest.approx(waits, abs=0.2)


def test_an_ok_poll_forgets_all_complaints() -> None:
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    for _ in range(3):
        gate.note(REFUSED, clock.monotonic())
    gate.note(Listing(()), clock.monotonic())
    assert gate.is_open
    gate.note(REFUSED, clock.monotonic())
    assert closed_for(gate, clock) == pytest.approx(30, abs=0.2)


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if not kind.backs_off])
def test_other_failures_are_asked_again_in_the_next_slot(kind: FailureKind) -> None:
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    gate.note(failed(kind), clock.monotonic())
    assert gate.is_open


def test_other_failures_between_two_complaints_reset_nothing() -> None:
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    gate.note(REFUSED, clock.monotonic())
    closed_for(gate, clock)
    gate.note(failed(FailureKind.TIMEOUT), clock.monotonic())
    gate.note(REFUSED, clock.monotonic())
    assert closed_for(gate, clock) == pytest.approx(60, abs=0.2)


def test_the_slot_at_which_the_wait_ends_is_not_missed() -> None:
    """A request takes a moment, and slots are counted from its beginning."""
    clock = FakeClock()
    gate = SourceGate(INTERVAL, clock.monotonic)
    began = clock.monotonic()
    clock.advance(3)
    gate.note(REFUSED, began)
    clock.advance(30 - 3 - 0.05)
    assert gate.is_open
