"""What would come next: the decision itself, on polls that were never made."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.alert import Clearing, Firing, Inactive, Pending
from monitor.core.decision import Cause, MuteReason, Silence, TransitionKind
from monitor.core.foresight import Announced, Cut, Step, Timer, course, cut, enough, timers
from monitor.core.product import Absent, Invalid, Observation
from tests.core.builders import CODE, FEED, H800, MINUTE, Stage, key_of, rule, seen, table

TICK = timedelta(seconds=15)
FIRED = TransitionKind.FIRED


def cut_of(stage: Stage) -> Cut:
    product = stage.world.products[FEED][key_of()]
    return cut(stage.world, stage.settings, FEED, stage.settings.rules[0], product)


def ahead(stage: Stage, observation: Observation) -> list[Step]:
    return course(cut_of(stage), observation, stage.now + TICK, TICK)


def told(cause: Cause, kind: TransitionKind = FIRED, muted: MuteReason | None = None) -> Announced:
    return Announced(kind, cause, ("phone",), muted)


def stage_of(*counts: int, silences: tuple[Silence, ...] = (), **settings: object) -> Stage:
    stage = Stage(rule(**settings), silences=silences)  # type: ignore[arg-type]
    for count in counts:
        stage.poll({CODE: count})
    return stage


def test_stock_at_the_next_poll_is_announced_by_it() -> None:
    stage = stage_of(0)
    at = stage.now + TICK
    assert ahead(stage, seen(1)) == [Step(at, Firing(at), (told(Cause.STOCK),))]
    assert ahead(stage, seen(0)) == []


def test_it_is_what_the_stage_then_plays() -> None:
    stage = stage_of(0, 3, min_gap=MINUTE)
    (step,) = ahead(stage, seen(0))
    played = stage.poll({CODE: 0})
    assert [(one.kind, one.cause, one.muted) for one in step.announced] == played


def test_the_world_is_left_as_it_is() -> None:
    stage = stage_of(3)
    before = repr(stage.world)
    ahead(stage, seen(0))
    assert repr(stage.world) == before


def test_for_is_waited_out_on_the_grid_of_polls() -> None:
    stage = stage_of(0, hold_for=timedelta(seconds=40))
    first, later = stage.now + TICK, stage.now + 4 * TICK
    assert ahead(stage, seen(1)) == [
        Step(first, Pending(first), ()),
        Step(later, Firing(later), (told(Cause.STOCK),)),
    ]
    stage.poll({CODE: 1})
    assert timers(cut_of(stage), stage.now) == [Timer("for", first + timedelta(seconds=40))]


def test_keep_firing_for_is_waited_out_and_dated_back() -> None:
    stage = stage_of(3, keep_firing_for=MINUTE)
    first = stage.now + TICK
    clearing, over = ahead(stage, seen(0))
    assert clearing == Step(first, Clearing(stage.now, first), ())
    assert over == Step(first + MINUTE, Inactive(), (told(Cause.STOCK, TransitionKind.RESOLVED),))
    stage.poll({CODE: 0})
    assert timers(cut_of(stage), stage.now) == [Timer("keep_firing_for", first + MINUTE)]
    assert ahead(stage, seen(3)) == [Step(stage.now + TICK, Firing(stage.now - TICK), ())]


def test_a_reminder_comes_at_the_first_poll_after_it_is_due() -> None:
    stage = stage_of(3, remind_every=timedelta(seconds=50))
    (step,) = ahead(stage, seen(3))
    assert step.at == stage.now + 4 * TICK
    assert step.announced == (told(Cause.REMINDER, TransitionKind.REPEATED),)
    assert timers(cut_of(stage), stage.now) == [Timer("remind_every", stage.now + timedelta(seconds=50))]


def test_an_opening_that_is_too_soon_is_held_and_then_told() -> None:
    stage = stage_of(0, 1, 0, min_gap=MINUTE)
    opened_at = stage.now - TICK
    held, again = ahead(stage, seen(1))
    assert held.announced == (told(Cause.STOCK, muted=MuteReason.FLAPPING),)
    assert again == Step(
        opened_at + MINUTE, Firing(held.at), (told(Cause.OPENED_AGAIN, TransitionKind.REPEATED),)
    )
    assert timers(cut_of(stage), stage.now) == [Timer("min_gap", opened_at + MINUTE)]
    stage.poll({CODE: 1})
    assert timers(cut_of(stage), stage.now) == [Timer("min_gap", opened_at + MINUTE)]
    assert timers(cut_of(stage), stage.now + 9 * MINUTE) == [Timer("min_gap", opened_at + MINUTE)]


def test_spacing_of_an_opening_that_was_told_holds_nothing_up() -> None:
    stage = stage_of(0, 1, min_gap=MINUTE)
    assert timers(cut_of(stage), stage.now) == []
    stage.poll({CODE: 0}, after=2 * MINUTE)
    assert timers(cut_of(stage), stage.now) == []


def test_an_opening_that_was_never_announced_has_no_gap_to_wait_for() -> None:
    stage = stage_of(0)
    stage.silence(for_=MINUTE)
    stage.poll({CODE: 1})
    assert [timer.what for timer in timers(cut_of(stage), stage.now)] == ["silence"]


def test_a_silence_mutes_and_what_still_fires_is_told_after_it() -> None:
    stage = stage_of(0)
    stage.silence(for_=MINUTE, product_code=CODE)
    stage.silence(for_=MINUTE, product_code="another")
    muted, after = ahead(stage, seen(1))
    assert muted.announced == (told(Cause.STOCK, muted=MuteReason.SILENCE),)
    assert (after.at, after.announced) == (
        stage.now + MINUTE,
        (told(Cause.SILENCE_ENDED, TransitionKind.REPEATED),),
    )
    assert timers(cut_of(stage), stage.now) == [Timer("silence", stage.now + MINUTE)]


@pytest.mark.parametrize("observation", [Invalid("no count"), Absent(sure=False), Absent(sure=True)])
def test_what_is_not_known_moves_nothing_and_absence_resolves(observation: Observation) -> None:
    stage = stage_of(3)
    found = ahead(stage, observation)
    is_unknown = isinstance(observation, Invalid)
    assert [step.announced for step in found] == (
        [] if is_unknown else [(told(Cause.LISTING, TransitionKind.RESOLVED),)]
    )


def test_a_rule_that_tells_nobody_is_recorded() -> None:
    stage = stage_of(0, notify=())
    (step,) = ahead(stage, seen(1))
    assert step.announced == (Announced(FIRED, Cause.STOCK, (), None),)


def test_what_repeats_without_end_is_cut_off() -> None:
    """A silence after the other, each of which ends with another one in force."""
    stage = stage_of(0)
    for minutes in range(1, 9):
        stage.silence(for_=minutes * MINUTE)
    (step,) = ahead(stage, seen(1))
    assert step.announced[0].muted is MuteReason.SILENCE


def test_a_cut_holds_nothing_of_other_rules_and_products() -> None:
    stage = Stage(rule(), rule(name="other"))
    stage.poll({CODE: 3, "PRD-2": 3})
    small = cut_of(stage)
    assert list(small.world.products[FEED]) == [key_of()]
    assert list(small.world.alerts) == [("nodes", key_of())]
    assert small.settings.rules == (stage.settings.rules[0],)
    assert small.world.rule_feeds == {("nodes", FEED)}


@pytest.mark.parametrize(
    ("wanted", "remaining"),
    [
        ({}, 1),
        ({"remaining": ">=4"}, 4),
        ({"remaining": ">4"}, 5),
        ({"remaining": "<=4"}, 1),
        ({"remaining": "0"}, None),
        ({"remaining": "7|3..5"}, 3),
        ({"total_gpus": ">=16"}, 2),
        ({"total_gpus": ">=17"}, 3),
        ({"total_gpus": "12"}, None),
        ({"gpu_count": "4"}, None),
        ({"gpu_count": "8", "remaining": ">=2"}, 2),
    ],
)
def test_the_fewest_nodes_that_would_do(wanted: dict[str, str], remaining: int | None) -> None:
    found = enough(rule(table(**wanted)), key_of(), H800)
    assert (found and found.remaining) == remaining


def test_no_count_of_gpus_is_known_of_what_has_no_gpu_count() -> None:
    assert enough(rule(table(total_gpus=">=8")), key_of(), replace(H800, gpu_count=None)) is None
