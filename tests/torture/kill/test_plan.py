"""Plans come from the seed alone, and together they reach everything."""

from collections import Counter

from tests.torture.kill.catalogue import FEEDS
from tests.torture.kill.plan import LIVES_ON_ONE_FEED, Ending, Moment, plan_of
from tests.torture.kill.receiver import BAD, GOOD, OF_A_WHOLE

MANY = 2_000


def test_the_same_seed_plans_the_same_and_another_does_not() -> None:
    plans = [plan_of(1, 0, cycle) for cycle in range(50)]
    assert plans == [plan_of(1, 0, cycle) for cycle in range(50)]
    assert plans != [plan_of(2, 0, cycle) for cycle in range(50)]
    assert plans != [plan_of(1, 1, cycle) for cycle in range(50)]


def test_every_moment_and_every_ending_comes_up() -> None:
    plans = [plan_of(1, 0, cycle) for cycle in range(MANY)]
    assert {plan.moment for plan in plans} == set(Moment)
    assert {plan.ending for plan in plans} == set(Ending)
    assert {plan.feeds[0] for plan in plans} == set(FEEDS)
    kills = Counter(plan.ending for plan in plans)
    assert kills[Ending.KILL] + kills[Ending.STOP_THEN_KILL] > 0.9 * MANY


def test_some_kills_come_at_the_very_moment_and_some_a_little_later() -> None:
    accepted = [plan for plan in (plan_of(1, 0, n) for n in range(MANY)) if plan.moment is Moment.ACCEPTED]
    assert {plan.delay_s == 0 for plan in accepted} == {True, False}


def test_lives_in_a_row_begin_with_the_same_feed() -> None:
    first = [plan_of(1, 0, cycle).feeds for cycle in range(LIVES_ON_ONE_FEED)]
    assert len(set(first)) == 1
    assert sorted(first[0]) == list(FEEDS)


def test_one_message_in_five_goes_wrong() -> None:
    assert GOOD.weight + sum(fate.weight for fate in BAD) == OF_A_WHOLE
    assert sum(fate.weight for fate in BAD) == OF_A_WHOLE / 5
