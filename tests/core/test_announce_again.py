"""What is told again or not at all: reminders and silences."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, MuteReason, Silence
from monitor.core.product import Invalid
from tests.core.builders import (
    CODE,
    MINUTE,
    SECOND,
    START,
    Answer,
    Stage,
    failed,
    fired,
    repeated,
    resolved,
    rule,
    seen,
)

OUT: Answer = {"PRD-1": 0}
IN: Answer = {"PRD-1": 3}
BAD_COUNT: Answer = {"PRD-1": Invalid("remainingCount is null"), "OTHER": seen(0)}


# reminders


def test_a_reminder_is_due_when_it_was_told_long_enough_ago() -> None:
    stage = Stage(rule(remind_every=30 * MINUTE))
    stage.poll(IN)

    assert stage.poll(IN, after=30 * MINUTE - SECOND) == []
    assert stage.poll({"PRD-1": 9}, after=SECOND) == repeated(Cause.REMINDER)
    assert stage.last.facts.remaining == 9
    assert stage.last.facts.fired_at == START + timedelta(seconds=15)
    assert stage.last.opening == stage.transitions[0].event_id
    assert stage.poll(IN, after=29 * MINUTE) == []
    assert stage.poll(IN, after=MINUTE) == repeated(Cause.REMINDER)


def test_missed_reminders_are_not_made_up() -> None:
    stage = Stage(rule(remind_every=30 * MINUTE))
    stage.poll(IN)
    stage.poll(failed(), after=60 * MINUTE)
    stage.poll(BAD_COUNT, after=60 * MINUTE)

    assert stage.poll(IN) == repeated(Cause.REMINDER)
    assert stage.poll(IN) == []


def test_nobody_is_reminded_of_what_is_clearing() -> None:
    stage = Stage(rule(remind_every=30 * MINUTE, keep_firing_for=60 * MINUTE))
    stage.poll(IN)
    stage.poll(OUT)

    assert stage.poll(OUT, after=40 * MINUTE) == []
    assert stage.poll(IN) == repeated(Cause.REMINDER)


def test_a_restart_forgets_no_reminder_and_repeats_none() -> None:
    stage = Stage(rule(remind_every=30 * MINUTE))
    stage.poll(IN)
    stage.restart()

    assert stage.poll(IN, after=20 * MINUTE) == []
    assert stage.poll(IN, after=10 * MINUTE) == repeated(Cause.REMINDER)


def test_what_was_not_told_is_not_told_again() -> None:
    stage = Stage(rule(remind_every=MINUTE, announce_existing=False))
    stage.poll(IN)

    assert stage.poll(IN, after=MINUTE) == []


# silences


def test_a_silence_mutes_what_is_told_and_nothing_else() -> None:
    stage = Stage()
    stage.poll(OUT)
    stage.silence(for_=10 * MINUTE)

    assert stage.poll(IN) == fired(Cause.STOCK, MuteReason.SILENCE)
    assert stage.alert() is not None
    assert stage.poll(OUT) == resolved(Cause.STOCK, MuteReason.SILENCE)


def test_when_a_silence_ends_what_still_fires_is_told_once() -> None:
    stage = Stage()
    stage.poll(OUT)
    stage.silence(for_=MINUTE)
    stage.poll(IN)

    assert stage.poll(IN, after=30 * SECOND) == []
    assert stage.poll(BAD_COUNT, after=MINUTE) == []
    assert stage.poll(IN) == repeated(Cause.SILENCE_ENDED)
    assert stage.poll(IN) == []
    assert stage.poll(OUT) == resolved(Cause.STOCK)


def test_a_resolve_whose_beginning_was_muted_is_muted_too() -> None:
    stage = Stage(rule(keep_firing_for=MINUTE))
    stage.poll(OUT)
    stage.silence(for_=MINUTE)
    stage.poll(IN)
    stage.poll(OUT)

    assert stage.poll(OUT, after=2 * MINUTE) == resolved(Cause.STOCK, MuteReason.SILENCE)


def test_a_resolve_in_a_silence_is_muted_though_its_beginning_was_told() -> None:
    stage = Stage()
    stage.poll(IN)
    stage.silence(for_=MINUTE)

    assert stage.poll(OUT) == resolved(Cause.STOCK, MuteReason.SILENCE)


def test_a_reminder_in_a_silence_is_muted_and_what_was_told_is_not_told_as_its_end() -> None:
    stage = Stage(rule(remind_every=MINUTE))
    stage.poll(IN)
    stage.silence(for_=90 * SECOND)

    assert stage.poll(IN, after=MINUTE) == repeated(Cause.REMINDER, MuteReason.SILENCE)
    assert stage.poll(IN, after=40 * SECOND) == []
    assert stage.poll(IN, after=20 * SECOND) == repeated(Cause.REMINDER)


def test_the_end_of_a_silence_does_not_tell_of_what_existed() -> None:
    stage = Stage(rule(announce_existing=False))
    stage.silence(for_=MINUTE)

    assert stage.poll(IN) == fired(Cause.EXISTING, MuteReason.EXISTING)
    assert stage.poll(IN, after=2 * MINUTE) == []


@pytest.mark.parametrize(
    ("silence", "covers"),
    [
        pytest.param(Silence(START, START + MINUTE), True, id="of everything"),
        pytest.param(Silence(START, START + MINUTE, rule="nodes"), True, id="of the rule"),
        pytest.param(Silence(START, START + MINUTE, rule="other"), False, id="of another rule"),
        pytest.param(Silence(START, START + MINUTE, product_code=CODE), True, id="of the product"),
        pytest.param(Silence(START, START + MINUTE, product_code="X"), False, id="of another product"),
        pytest.param(Silence(START, START + MINUTE, "nodes", "X"), False, id="both must fit"),
        pytest.param(Silence(START + SECOND, START + MINUTE), False, id="not yet"),
        pytest.param(Silence(START - MINUTE, START), False, id="over, to the second"),
        pytest.param(Silence(START - MINUTE, START + SECOND), True, id="in its last second"),
    ],
)
def test_what_a_silence_covers(silence: Silence, covers: bool) -> None:
    assert silence.covers("nodes", CODE, START) is covers
