"""MORE IN STOCK: told when so many times the count that was told last is left while a rule fires."""

from decimal import Decimal

import pytest

from monitor.core.decision import Cause, MuteReason
from monitor.core.product import Invalid
from tests.core.builders import (
    CODE,
    H800,
    MINUTE,
    SECOND,
    Answer,
    Stage,
    failed,
    fired,
    repeated,
    resolved,
    rule,
    seen,
    table,
)

TWICE = Decimal(2)


def counts(number: int) -> Answer:
    return {CODE: number}


def told_counts(stage: Stage) -> list[tuple[int | None, int | None]]:
    """The count before and now of each MORE IN STOCK."""
    return [(t.facts.told_before, t.facts.remaining) for t in stage.transitions if t.cause is Cause.MORE]


@pytest.mark.parametrize(
    ("more_at", "numbers", "told"),
    [
        pytest.param(None, [3, 60], [], id="never, unless it is asked for"),
        pytest.param("2", [3, 5], [], id="not yet twice as many"),
        pytest.param("2", [3, 6], [(3, 6)], id="twice as many"),
        pytest.param("2", [3, 4, 6], [(3, 6)], id="in two steps: what counts is what was told"),
        pytest.param("2", [1, 2, 4, 7, 9], [(1, 2), (2, 4), (4, 9)], id="against the last that was told"),
        pytest.param("2", [4, 1, 2, 7], [], id="not against the least there was"),
        pytest.param("2", [3, 6, 2, 6], [(3, 6)], id="up, down and up again is told once"),
        pytest.param("1.5", [3, 4, 5], [(3, 5)], id="half as many again"),
        pytest.param("1.1", [10, 11], [(10, 11)], id="exactly, without a rounding error"),
    ],
)
def test_more_is_told_at_so_many_times_what_was_told_last(
    more_at: str | None, numbers: list[int], told: list[tuple[int, int]]
) -> None:
    stage = Stage(rule(more_at=more_at and Decimal(more_at)))
    for number in numbers:
        stage.poll(counts(number))

    assert told_counts(stage) == told


def test_it_belongs_to_its_opening_and_says_since_when_the_rule_is_met() -> None:
    stage = Stage(rule(more_at=TWICE))
    stage.poll(counts(0))
    stage.poll(counts(3))
    opened_at = stage.now

    assert stage.poll(counts(6)) == repeated(Cause.MORE)
    assert stage.last.opening == stage.transitions[0].event_id
    assert stage.last.facts.fired_at == opened_at
    assert stage.poll(counts(0)) == resolved(Cause.STOCK)
    assert stage.last.facts.told_before is None


def test_it_is_told_no_closer_to_the_last_message_than_the_gap_between_openings() -> None:
    stage = Stage(rule(more_at=TWICE, min_gap=MINUTE))
    stage.poll(counts(1))

    assert stage.poll(counts(2), after=59 * SECOND) == []
    assert stage.poll(counts(2), after=SECOND) == repeated(Cause.MORE)
    assert stage.poll(counts(8), after=30 * SECOND) == []
    assert stage.poll(counts(3), after=SECOND) == []
    assert stage.poll(counts(4), after=MINUTE) == repeated(Cause.MORE)


def test_it_does_not_widen_the_gap_between_openings() -> None:
    stage = Stage(rule(more_at=TWICE, min_gap=MINUTE))
    stage.poll(counts(1))
    stage.poll(counts(2), after=MINUTE)
    stage.poll(counts(0), after=SECOND)

    assert stage.poll(counts(1), after=SECOND) == fired(Cause.STOCK)


def test_reminders_start_anew_when_more_is_told_and_count_as_told() -> None:
    stage = Stage(rule(more_at=TWICE, remind_every=10 * MINUTE))
    stage.poll(counts(4))
    stage.poll(counts(8), after=9 * MINUTE)

    assert stage.poll(counts(8), after=9 * MINUTE) == []
    assert stage.poll(counts(2), after=MINUTE) == repeated(Cause.REMINDER)
    assert stage.poll(counts(4), after=MINUTE) == repeated(Cause.MORE)


def test_when_a_reminder_is_due_as_well_more_is_what_is_said() -> None:
    stage = Stage(rule(more_at=TWICE, remind_every=MINUTE))
    stage.poll(counts(4))

    assert stage.poll(counts(8), after=MINUTE) == repeated(Cause.MORE)
    assert stage.poll(counts(8), after=30 * SECOND) == []


def test_what_grew_in_a_silence_is_told_when_that_is_over_if_it_is_so_still() -> None:
    stage = Stage(rule(more_at=TWICE), rule(name="other", more_at=TWICE))
    stage.poll({CODE: 3, "B": 3})
    stage.silence(for_=MINUTE)

    assert stage.poll({CODE: 6, "B": 6}) == []
    assert stage.poll({CODE: 6, "B": 5}) == []
    assert stage.poll({CODE: 6, "B": 5}, after=MINUTE) == repeated(Cause.MORE) * 2
    assert told_counts(stage) == [(3, 6), (3, 6)]


def test_a_reminder_that_a_silence_mutes_is_not_what_was_told_last() -> None:
    stage = Stage(rule(more_at=TWICE, remind_every=MINUTE))
    stage.poll(counts(3))
    stage.silence(for_=90 * SECOND)

    assert stage.poll(counts(6), after=MINUTE) == repeated(Cause.REMINDER, MuteReason.SILENCE)
    assert stage.poll(counts(6), after=40 * SECOND) == repeated(Cause.MORE)
    assert told_counts(stage) == [(3, 6)]


def test_what_was_never_told_has_nothing_to_grow_from() -> None:
    stage = Stage(rule(more_at=TWICE, announce_existing=False))

    assert stage.poll(counts(3)) == fired(Cause.EXISTING, MuteReason.EXISTING)
    assert stage.poll(counts(30)) == []


def test_an_opening_that_is_told_late_is_told_with_the_count_of_then() -> None:
    stage = Stage(rule(more_at=TWICE))
    stage.poll(counts(0))
    stage.silence(for_=MINUTE)
    stage.poll(counts(1))

    assert stage.poll(counts(5), after=MINUTE) == repeated(Cause.SILENCE_ENDED)
    assert stage.poll(counts(9)) == []
    assert stage.poll(counts(10)) == repeated(Cause.MORE)


@pytest.mark.parametrize("dark", [failed(), {CODE: Invalid("no count"), "B": seen(0)}], ids=["poll", "row"])
def test_what_is_unknown_has_not_grown(dark: Answer) -> None:
    stage = Stage(rule(more_at=TWICE, min_gap=MINUTE))
    stage.poll({CODE: 3, "B": 0})
    stage.poll({CODE: 6, "B": 0})

    assert stage.poll(dark, after=2 * MINUTE) == []
    assert stage.poll({CODE: 6, "B": 0}) == repeated(Cause.MORE)


def test_what_is_clearing_has_not_grown() -> None:
    stage = Stage(rule(table(price="<=16"), more_at=TWICE, keep_firing_for=MINUTE))
    stage.poll({CODE: seen(3)})

    assert stage.poll({CODE: seen(6, None, H800, price=Decimal(20))}) == []
    assert stage.poll({CODE: seen(6)}) == repeated(Cause.MORE)


def test_a_restart_forgets_neither_what_was_told_nor_tells_it_again() -> None:
    stage = Stage(rule(more_at=TWICE))
    stage.poll(counts(3))
    stage.restart()
    assert stage.poll(counts(5)) == []
    assert stage.poll(counts(6)) == repeated(Cause.MORE)
    stage.restart()
    assert stage.poll(counts(6)) == []
