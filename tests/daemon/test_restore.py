"""What a restart knows of openings and their spacing."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, TransitionKind
from monitor.daemon.restore import spacings
from monitor.store.world import RecentTransition
from tests.core.builders import MINUTE, START, key_of, rule
from tests.daemon.stage import settings

FIRED, RESOLVED, REPEATED = TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.REPEATED
SETTINGS = settings(rule(min_gap=MINUTE))
KEY = ("nodes", key_of())


def row(
    kind: TransitionKind, minute: float, told: bool = True, cause: Cause = Cause.STOCK
) -> RecentTransition:
    at = START + minute * MINUTE
    return RecentTransition("event", "nodes", key_of(), at, kind, cause, "opening", told)


@pytest.mark.parametrize(
    ("transitions", "openings", "announced"),
    [
        pytest.param([row(FIRED, 0)], 1, 1, id="one opening"),
        pytest.param([row(FIRED, 0), row(RESOLVED, 1), row(FIRED, 2, False)], 2, 1, id="a muted one"),
        pytest.param(
            [
                row(FIRED, 0),
                row(RESOLVED, 1),
                row(FIRED, 2, False),
                row(REPEATED, 3, cause=Cause.OPENED_AGAIN),
            ],
            2,
            2,
            id="announced later",
        ),
        pytest.param([row(FIRED, 0), row(REPEATED, 1, cause=Cause.REMINDER)], 1, 1, id="a reminder"),
        pytest.param([row(FIRED, 0), row(REPEATED, 1, cause=Cause.MORE)], 1, 1, id="more in stock"),
        pytest.param([row(FIRED, 0), row(RESOLVED, 1), row(FIRED, 10)], 1, 1, id="a new episode"),
        pytest.param([row(REPEATED, 1, cause=Cause.SILENCE_ENDED)], 0, 0, id="its opening was long ago"),
    ],
)
def test_openings_are_replayed(transitions: list[RecentTransition], openings: int, announced: int) -> None:
    found = spacings(transitions, SETTINGS, START + 60 * MINUTE).get(KEY)
    assert (found.openings if found else 0, found.announced if found else 0) == (openings, announced)


def test_a_rule_that_is_gone_leaves_none() -> None:
    assert spacings([row(FIRED, 0)], settings(rule(name="other", min_gap=timedelta(minutes=1))), START) == {}


def test_an_opening_that_the_clock_dated_in_the_future_holds_the_next_one_for_its_gap_only() -> None:
    found = spacings([row(FIRED, 600), row(RESOLVED, 601)], SETTINGS, START)[KEY]
    assert not found.allows(MINUTE, START)
    assert found.allows(MINUTE, START + MINUTE)
