"""Openings that follow each other too soon: held, told as opened again, counted."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, MuteReason, TransitionKind
from monitor.core.product import Invalid
from monitor.core.spacing import after_announcement, after_opening, after_resolve
from tests.core.builders import (
    MINUTE,
    SECOND,
    Answer,
    Stage,
    fired,
    in_short,
    key_of,
    repeated,
    resolved,
    rule,
    seen,
)

OUT: Answer = {"PRD-1": 0}
IN: Answer = {"PRD-1": 3}
BAD_COUNT: Answer = {"PRD-1": Invalid("remainingCount is null"), "OTHER": seen(0)}


def _flapping() -> Stage:
    """An alert with a gap of a minute that has just been told for the first time."""
    stage = Stage(rule(min_gap=MINUTE))
    stage.poll(OUT)
    stage.poll(IN)
    return stage


def test_an_opening_too_soon_after_the_last_is_held_and_told_when_the_gap_ends() -> None:
    stage = _flapping()
    first = stage.now

    assert stage.poll(OUT, after=10 * SECOND) == resolved(Cause.STOCK)
    assert stage.poll(IN, after=10 * SECOND) == fired(Cause.STOCK, MuteReason.FLAPPING)
    held = stage.last
    assert stage.poll(IN, after=39 * SECOND) == []
    assert stage.poll(BAD_COUNT, after=SECOND) == []
    assert stage.poll(IN, after=SECOND) == repeated(Cause.OPENED_AGAIN)
    assert stage.last.opening == held.event_id
    assert (stage.last.facts.openings, stage.last.facts.openings_since) == (2, first)
    assert stage.poll(IN) == []
    assert stage.poll(OUT) == resolved(Cause.STOCK)


def test_an_opening_that_closes_while_it_is_held_is_counted_in_the_next_message() -> None:
    stage = _flapping()
    stage.poll(OUT, after=10 * SECOND)
    stage.poll(IN, after=10 * SECOND)

    assert stage.poll(OUT, after=10 * SECOND) == resolved(Cause.STOCK, MuteReason.FLAPPING)
    assert stage.poll(IN, after=30 * SECOND) == fired(Cause.STOCK)
    assert stage.last.facts.openings == 3


def test_nothing_held_is_told_while_it_is_clearing() -> None:
    stage = Stage(rule(min_gap=MINUTE, keep_firing_for=MINUTE))
    for answer in (OUT, IN, OUT):
        stage.poll(answer, after=10 * SECOND)
    assert stage.poll(OUT, after=MINUTE) == resolved(Cause.STOCK)
    stage.world.spacings.clear()
    stage.poll(IN)
    stage.poll(OUT)
    stage.poll(OUT, after=MINUTE)

    assert stage.poll(IN, after=-MINUTE) == fired(Cause.STOCK, MuteReason.FLAPPING)
    stage.poll(OUT)
    assert stage.poll(OUT, after=50 * SECOND) == []


@pytest.mark.parametrize(("told_before", "gap"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8)])
def test_the_gap_doubles_with_each_told_opening_up_to_eight(told_before: int, gap: int) -> None:
    stage = _flapping()
    for number in range(1, told_before):
        stage.poll(IN, after=min(2 ** (number - 1), 8) * MINUTE - 2 * SECOND)
        stage.poll(OUT, after=SECOND)
        assert stage.poll(IN, after=SECOND) == fired(Cause.STOCK)
    stage.poll(IN, after=gap * MINUTE - 3 * SECOND)
    stage.poll(OUT, after=SECOND)

    assert stage.poll(IN, after=SECOND) == fired(Cause.STOCK, MuteReason.FLAPPING)
    assert stage.poll(IN, after=SECOND) == repeated(Cause.OPENED_AGAIN)


def test_the_gap_falls_back_after_eight_gaps_without_an_edge() -> None:
    stage = _flapping()
    for _ in range(4):
        stage.poll(OUT, after=8 * MINUTE - 2 * SECOND)
        stage.poll(IN, after=SECOND)
    stage.poll(OUT, after=SECOND)

    assert stage.poll(IN, after=8 * MINUTE) == fired(Cause.STOCK)
    assert (stage.last.facts.openings, stage.last.facts.openings_since) == (1, stage.now)


def test_a_restart_does_not_shorten_the_gap() -> None:
    stage = _flapping()
    stage.poll(OUT, after=10 * SECOND)
    stage.restart()

    assert stage.poll(IN, after=10 * SECOND) == fired(Cause.STOCK, MuteReason.FLAPPING)
    stage.restart()
    assert stage.poll(IN, after=40 * SECOND) == repeated(Cause.OPENED_AGAIN)


def test_a_held_opening_waits_for_the_end_of_a_silence_as_well() -> None:
    stage = _flapping()
    stage.poll(OUT, after=10 * SECOND)
    stage.poll(IN, after=10 * SECOND)
    stage.silence(for_=2 * MINUTE)

    assert stage.poll(IN, after=MINUTE) == []
    assert stage.poll(IN, after=MINUTE) == repeated(Cause.OPENED_AGAIN)


def test_a_reminder_is_no_opening() -> None:
    stage = Stage(rule(min_gap=MINUTE, remind_every=20 * SECOND))
    stage.poll(OUT)
    stage.poll(IN)
    assert stage.poll(IN, after=40 * SECOND) == repeated(Cause.REMINDER)
    stage.poll(OUT, after=10 * SECOND)

    assert stage.poll(IN, after=10 * SECOND) == fired(Cause.STOCK)
    assert stage.last.facts.openings == 2


def test_an_opening_of_long_ago_needs_no_episode_to_be_resolved() -> None:
    stage = _flapping()
    stage.world.spacings.clear()

    assert stage.poll(OUT, after=timedelta(days=2)) == resolved(Cause.STOCK)
    assert (stage.last.facts.openings, stage.last.facts.openings_since) == (1, None)


def test_each_alert_has_its_own_gap() -> None:
    stage = _flapping()

    assert stage.poll({"PRD-1": 3, "OTHER": 1}) == fired(Cause.FIRST_SIGHT)


def test_the_gap_can_be_told_again_from_the_transition_rows() -> None:
    stage = Stage(rule(min_gap=2 * MINUTE, keep_firing_for=30 * SECOND))
    for answer in (OUT, IN, OUT, OUT, OUT, IN, IN, IN, IN, IN, OUT, OUT, OUT):
        stage.poll(answer)

    spacing = None
    for told in stage.transitions:
        is_told = in_short(told)[2] is None
        if told.kind is TransitionKind.FIRED:
            spacing = after_opening(spacing, 2 * MINUTE, told.at)
        if told.kind is TransitionKind.RESOLVED:
            spacing = after_resolve(spacing, told.at)
        elif spacing is not None and is_told:
            spacing = after_announcement(spacing, told.at)
    assert spacing == stage.world.spacings["nodes", key_of()]
    assert len(stage.transitions) == 5


def test_a_resolve_counts_the_openings_of_its_episode_too() -> None:
    stage = _flapping()
    stage.poll(OUT)
    stage.poll(IN)
    stage.poll(OUT)
    assert (stage.last.kind, stage.last.facts.openings) == (TransitionKind.RESOLVED, 2)
