"""What is told of an edge, and what is muted and why: reminders, silences, flapping, facts."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, DeliveryIntent, MuteReason, Silence, TransitionKind
from monitor.core.product import Invalid
from monitor.core.spacing import after_announcement, after_opening, after_resolve
from tests.core.builders import (
    CODE,
    H800,
    MINUTE,
    SECOND,
    START,
    Answer,
    Stage,
    failed,
    fired,
    in_short,
    key_of,
    repeated,
    resolved,
    rule,
    seen,
    table,
)

OUT: Answer = {"PRD-1": 0}
IN: Answer = {"PRD-1": 3}
BAD_COUNT: Answer = {"PRD-1": Invalid("remainingCount is null"), "OTHER": seen(0)}


def _counts(*numbers: int) -> list[Answer]:
    return [{CODE: number} for number in numbers]


# channels and facts


def test_every_channel_of_the_rule_has_its_delivery_and_its_patience() -> None:
    stage = Stage(rule(notify=("phone", "mail")))
    stage.poll(IN)

    assert stage.last.deliveries == (
        DeliveryIntent("phone", None, timedelta(hours=6)),
        DeliveryIntent("mail", None, timedelta(hours=1)),
    )
    assert stage.decision.channels() == {"phone", "mail"}


def test_a_muted_transition_wakes_no_channel() -> None:
    stage = Stage(rule(announce_existing=False))
    stage.poll(IN)

    assert stage.decision.channels() == set()


def test_the_facts_are_those_of_the_product_as_it_was_seen() -> None:
    stage = Stage(rule(note="submit.sh {product_code} {aidc_id} {other} {}"))
    stage.poll(OUT)
    stage.poll({"PRD-1": seen(3)})

    facts = stage.last.facts
    assert (facts.source, facts.aidc_id, facts.product_code) == key_of()
    assert (facts.name, facts.gpu_name, facts.gpu_count) == (H800.name, H800.gpu_name, H800.gpu_count)
    assert (facts.cpu_cores, facts.memory_gb, facts.disk_gb) == (H800.cpu_cores, H800.memory_gb, H800.disk_gb)
    assert (facts.price, facts.price_unit, facts.remaining) == (H800.price, H800.price_unit, 3)
    assert facts.seen_at == stage.now
    assert facts.note == "submit.sh PRD-1 1 {other} {}"


def test_a_blocked_product_is_told_with_its_error_and_the_count_shown() -> None:
    stage = Stage()
    stage.poll(IN)

    assert stage.poll({"PRD-1": seen(6, "库存不足")}) == resolved(Cause.STOCK_ERROR)
    assert (stage.last.facts.remaining, stage.last.facts.stock_error) == (6, "库存不足")


def test_a_resolve_tells_how_long_it_lasted_and_the_peak() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 2})
    fired_at = stage.now
    stage.poll({"PRD-1": 7}, after=MINUTE)
    stage.poll({"PRD-1": 1}, after=MINUTE)
    stage.poll(OUT, after=MINUTE)

    facts = stage.last.facts
    assert (facts.fired_at, facts.lasted, facts.peak) == (fired_at, 3 * MINUTE, 7)


@pytest.mark.parametrize(("wanted", "gpus"), [("remaining", False), ("total_gpus", True)])
def test_a_count_is_told_with_what_the_rule_wants(wanted: str, gpus: bool) -> None:
    stage = Stage(rule(table(**{wanted: ">=16"})))
    stage.poll({"PRD-1": seen(16, gpu_count=1)})
    stage.poll({"PRD-1": seen(3, gpu_count=1)})

    assert in_short(stage.last) == resolved(Cause.COUNT)[0]
    assert (stage.last.facts.wanted, stage.last.facts.wants_gpus) == ("16", gpus)


def test_what_the_rule_wants_is_left_out_when_it_is_not_to_the_point() -> None:
    stage = Stage(rule(table(remaining=">=2"), remind_every=MINUTE))
    for answer in _counts(1, 2, 2, 0):
        stage.poll(answer, after=MINUTE)

    assert [(t.cause, t.facts.wanted) for t in stage.transitions] == [
        (Cause.COUNT, "2"),
        (Cause.REMINDER, None),
        (Cause.STOCK, None),
    ]


@pytest.mark.parametrize(
    ("answers", "gone_for"),
    [
        pytest.param([OUT, IN], None, id="never seen before"),
        pytest.param([IN, OUT, IN], MINUTE, id="sold out and back"),
        pytest.param([IN, OUT, failed(), OUT, IN], 3 * MINUTE, id="with unknown in between"),
        pytest.param([IN, {"PRD-1": seen(9, "error")}, OUT, IN], 2 * MINUTE, id="blocked, then sold out"),
        pytest.param([IN, {"PRD-1": seen(9, "error")}, IN], MINUTE, id="blocked and back"),
    ],
)
def test_a_return_tells_how_long_the_product_was_gone(answers: list[Answer], gone_for: timedelta) -> None:
    stage = Stage()
    for answer in answers:
        stage.poll(answer, after=MINUTE)

    assert stage.last.facts.gone_for == gone_for


def test_a_product_that_waited_for_its_rule_is_gone_until_it_came_back() -> None:
    stage = Stage(rule(hold_for=5 * MINUTE))
    for answer in (IN, OUT, IN):
        stage.poll(answer, after=MINUTE)
    stage.poll(IN, after=5 * MINUTE)

    assert stage.last.facts.gone_for == MINUTE


def test_a_count_that_is_reached_later_is_no_return() -> None:
    stage = Stage(rule(table(remaining=">=2")))
    for answer in _counts(3, 0, 1, 2):
        stage.poll(answer, after=MINUTE)

    assert in_short(stage.last) == fired(Cause.COUNT)[0]
    assert stage.last.facts.gone_for is None


def test_a_new_rule_sees_no_return_in_what_came_back_before_it() -> None:
    stage = Stage()
    for answer in (IN, OUT, IN):
        stage.poll(answer)
    stage.reload(rule(name="new"))
    stage.poll(IN)

    assert stage.last.facts.gone_for is None


def test_a_rule_may_keep_its_resolves_to_itself() -> None:
    stage = Stage(rule(notify_sold_out=False))
    stage.poll(IN)

    assert stage.poll(OUT) == resolved(Cause.STOCK, MuteReason.RULE_SETTING)


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


# flapping


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
