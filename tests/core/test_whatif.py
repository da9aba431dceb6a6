"""What other timings had told: by the monitor's own state machine, and held against its whole decision."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from monitor.core.answered import Answered, Slower
from monitor.core.decision import Cause, Transition, TransitionKind
from monitor.core.matching import Met, NotMet, Rule, Unknown
from monitor.core.moment import to_ms
from monitor.core.product import Observation
from monitor.core.replay import Sight
from monitor.core.whatif import (
    Chance,
    Cost,
    Run,
    announcements,
    chances,
    cost,
    quantile,
    runs,
    together,
)
from tests.core.builders import MINUTE, SECOND, key_of, rule, seen
from tests.core.replayed import ANYTHING, LISTED, ODD, RULES, Lived, Played, live, pasts

MS = timedelta(milliseconds=1)


@settings(max_examples=120, deadline=None)
@given(pasts(ANYTHING), RULES)
def test_with_the_rules_own_timings_it_announces_what_the_monitor_announced(
    polls: list[Played], one: Rule
) -> None:
    lived = live(polls, one)
    assert _announced(one, lived) == _told(lived.transitions)


@settings(max_examples=80, deadline=None)
@given(pasts(ANYTHING), RULES, RULES)
def test_with_other_timings_it_announces_what_the_monitor_had(
    polls: list[Played], one: Rule, other: Rule
) -> None:
    timed = replace(
        one, hold_for=other.hold_for, keep_firing_for=other.keep_firing_for, min_gap=other.min_gap
    )
    assert _announced(timed, live(polls, one)) == _told(live(polls, timed).transitions)


@settings(max_examples=80, deadline=None)
@given(pasts(LISTED), RULES)
def test_with_a_longer_interval_it_announces_what_a_slower_monitor_had(
    polls: list[Played], one: Rule
) -> None:
    polls = [replace(played, fails=False) for played in polls]
    lived = live(polls, one)
    slower = Slower(lived.past.answered, 60_000)
    if lived.past.answered.times:
        start = lived.past.answered.times[0]
        announced = announcements(one, runs(one, key_of(), lived.past.sights, start), slower, start)
        assert announced == _told(live(_every(lived, slower, polls), one).transitions)


def test_a_run_lasts_while_the_condition_is_of_the_same_kind() -> None:
    shown: list[Observation] = [seen(0), seen(1), seen(2), ODD, seen(3), seen(0)]
    sights = [Sight(10 * number, one) for number, one in enumerate(shown)]
    found = runs(rule(), key_of(), sights, start_ms=15)
    assert [(run.from_ms, type(run.condition)) for run in found] == [
        *((15, Met), (30, Unknown)),
        *((40, Met), (50, NotMet)),
    ]
    assert runs(rule(), key_of(), [], 0) == []


@pytest.mark.parametrize(
    ("announces_existing", "found"), [(True, [(0, 20), (30, None)]), (False, [(30, None)])]
)
def test_what_is_not_known_ends_no_chance(
    announces_existing: bool, found: list[tuple[int, int | None]]
) -> None:
    told = [
        *(Run(0, Met()), Run(10, Unknown("odd")), Run(15, Met()), Run(20, NotMet("remaining"))),
        *(Run(25, Unknown("odd")), Run(30, Met()), Run(40, Unknown("odd"))),
    ]
    expected = [Chance(*one) for one in found]
    assert chances(rule(announce_existing=announces_existing), told, 0) == expected


def test_a_chance_that_no_announcement_falls_into_is_lost() -> None:
    there = [Chance(0, 10), Chance(20, 30), Chance(40, None), Chance(60, 70)]
    found = cost(there, [5, 30, 45])
    assert found == Cost(4, [5 * MS, 5 * MS], [5 * MS])
    assert (found.told, found.lost) == (2, 2)
    assert cost(there[3:], []) == Cost(1, [], [])


def test_costs_of_several_products_are_added_up() -> None:
    both = together([Cost(3, [MS], []), Cost(2, [2 * MS], [MS])])
    assert both == Cost(5, [MS, 2 * MS], [MS])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.2, 1), (0.5, 3), (0.9, 5), (1.0, 5)])
def test_a_quantile_is_one_of_the_values(share: float, expected: int) -> None:
    assert quantile([number * SECOND for number in (3, 1, 5, 2, 4)], share) == expected * SECOND
    assert quantile([], share) is None


def test_a_run_that_no_poll_falls_into_was_not_seen() -> None:
    told = [Run(0, NotMet("remaining")), Run(10, Met()), Run(20, NotMet("remaining")), Run(30, Met())]
    assert announcements(rule(), told, Answered([0, 25, 35], [0, 0, 0]), 0) == [35]
    assert announcements(rule(), told, Answered([0, 5], [0, 0]), 0) == []


def test_an_opening_that_is_held_back_is_announced_when_the_gap_is_over() -> None:
    told = [Run(0, Met()), Run(20_000, NotMet("remaining")), Run(30_000, Met())]
    polls = Answered([second * 1000 for second in range(0, 100, 10)], [0] * 10)
    assert announcements(rule(min_gap=MINUTE), told, polls, 0) == [0, 60_000]


def _announced(one: Rule, lived: Lived) -> list[int]:
    past = lived.past
    if not past.answered.times:
        return []
    start = past.answered.times[0]
    return announcements(one, runs(one, past.key, past.sights, start), past.answered, start)


def _told(transitions: Sequence[Transition]) -> list[int]:
    return [
        to_ms(one.at)
        for one in transitions
        if one.deliveries[0].muted is None
        and (one.kind is TransitionKind.FIRED or one.cause is Cause.OPENED_AGAIN)
    ]


def _every(lived: Lived, slower: Slower, polls: list[Played]) -> list[Played]:
    """Those of the polls that a slower monitor had made, as far apart as they were."""
    by_time = dict(zip(lived.past.answered.times, polls, strict=True))
    kept: list[Played] = []
    before, at = None, slower.first_from(0)
    while at is not None:
        after = polls[0].after if before is None else (at - before) // 15_000
        kept.append(replace(by_time[at], after=after))
        before, at = at, slower.first_from(at + 1)
    return kept
