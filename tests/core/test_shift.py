"""A step of the wall clock moves open timers along."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from monitor.core.alert import Clearing, Firing, Inactive, Pending, State
from monitor.core.decision import Alert, Cause, Notice, NoticeKind
from monitor.core.product import Invalid
from monitor.core.shift import Step, shifted
from monitor.core.spacing import Spacing
from monitor.core.world import FeedState, Product, World
from tests.core.builders import (
    FEED,
    MINUTE,
    START,
    Answer,
    Stage,
    fired,
    key_of,
    repeated,
    resolved,
    rule,
    seen,
)

OUT: Answer = {"PRD-1": 0}
IN: Answer = {"PRD-1": 3}
HOUR: Final = timedelta(hours=1)
KEY: Final = ("nodes", key_of())


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (Inactive(), Inactive()),
        (Pending(START), Pending(START + MINUTE)),
        (Firing(START), Firing(START + MINUTE)),
        (Clearing(START, START + MINUTE), Clearing(START + MINUTE, START + 2 * MINUTE)),
    ],
    ids=["inactive", "pending", "firing", "clearing"],
)
def test_the_timers_of_a_state_move(state: State, after: State) -> None:
    key = ("nodes", key_of())
    world = World(alerts={key: Alert(*key, state, Cause.STOCK)})

    assert shifted(world, MINUTE).alerts[key].state == after


@pytest.mark.parametrize("step", [timedelta(hours=5), -timedelta(hours=5)], ids=["ahead", "back"])
def test_a_step_of_the_clock_neither_runs_a_timer_out_nor_holds_it_up(step: timedelta) -> None:
    stage = Stage(rule(hold_for=MINUTE, remind_every=30 * MINUTE, min_gap=MINUTE))
    stage.poll(OUT)
    stage.poll(IN)
    stage.step_the_clock(step)

    assert stage.poll(IN, after=MINUTE / 2) == []
    assert stage.poll(IN, after=MINUTE / 2) == fired(Cause.STOCK)
    stage.step_the_clock(step)
    assert stage.poll(IN, after=29 * MINUTE) == []
    assert stage.poll(IN, after=MINUTE) == repeated(Cause.REMINDER)
    stage.step_the_clock(step)
    assert stage.poll(OUT) == resolved(Cause.STOCK)
    assert stage.last.facts.lasted == 30 * MINUTE + timedelta(seconds=15)
    assert stage.notices == []


def test_blocked_and_unknown_products_and_gaps_keep_their_age() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3, "B": seen(1, "error"), "U": Invalid("remainingCount is null")})
    stage.poll({"PRD-1": 0, "B": seen(1, "error"), "U": Invalid("remainingCount is null")})
    stage.step_the_clock(timedelta(hours=5))
    stage.poll({"PRD-1": 3, "B": seen(1, "error"), "U": Invalid("remainingCount is null")}, after=MINUTE / 2)

    assert stage.notices == []
    assert stage.last.facts.gone_for == MINUTE / 2
    assert stage.last.facts.unseen_from is None


def test_silences_stay_on_the_wall() -> None:
    stage = Stage()
    stage.silence(for_=MINUTE)
    before = stage.world.silences
    stage.step_the_clock(timedelta(hours=5))

    assert stage.world.silences == before


@pytest.mark.parametrize("step", [5 * HOUR, -5 * HOUR], ids=["ahead", "back"])
def test_every_time_that_a_decision_looks_at_moves_and_nothing_else_does(step: timedelta) -> None:
    def world_at(start: datetime) -> World:
        since, then = start + MINUTE, start + 2 * MINUTE
        product = Product(key_of(), Invalid("no count"), seen(3), listed=seen(3))
        return World(
            feeds={FEED: FeedState(start, since, then, ever_listed=True, empties=2, last_failure="timeout")},
            products={
                FEED: {
                    key_of("LEFT"): replace(product, left_at=since),
                    key_of("DARK"): replace(product, unknown_since=then),
                    key_of("BLOCKED"): replace(product, blocked_since=then, left_at=start),
                }
            },
            alerts={KEY: Alert(*KEY, Firing(start), Cause.STOCK, "event-1", announced_at=since, peak=3)},
            spacings={KEY: Spacing(start, since, openings=3, announced=2, announced_at=then)},
        )

    assert shifted(world_at(START), step) == world_at(START + step)
    quiet = World(feeds={FEED: FeedState(START)}, spacings={KEY: Spacing(START, START)})
    assert shifted(quiet, step) == World(
        feeds={FEED: FeedState(START + step)}, spacings={KEY: Spacing(START + step, START + step)}
    )


def test_a_step_is_kept_as_a_notice_that_nobody_is_told() -> None:
    step = Step("event-1", START, timedelta(milliseconds=-1500, microseconds=-400))
    assert step.notice() == Notice(
        "event-1", NoticeKind.CLOCK_SET, "clock", START, {"seconds": -1.5}, (), is_episode=False
    )
