"""A replay of what is stored tells what the monitor told when it lived it."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings

from monitor.core.answered import Answered
from monitor.core.decision import Cause, Transition
from monitor.core.matching import Rule
from monitor.core.moment import to_ms
from monitor.core.product import Absent
from monitor.core.replay import Past, Sight, replay
from tests.core.builders import FEED, MINUTE, START, Stage, key_of, rule, seen, table
from tests.core.replayed import ANYTHING, ODD, RULES, TICK, Played, ids, live, pasts, without_ids


@settings(max_examples=120, deadline=None)
@given(pasts(ANYTHING), RULES, RULES)
def test_it_tells_what_the_monitor_told(polls: list[Played], one: Rule, other: Rule) -> None:
    lived = live(polls, one, replace(other, name="others"))
    again = list(replay(lived.past, lived.stage.settings, ids().__next__))
    assert without_ids(again) == without_ids(lived.transitions)


@settings(max_examples=60, deadline=None)
@given(pasts(ANYTHING), RULES)
def test_polls_that_were_thinned_away_are_polls_still(polls: list[Played], one: Rule) -> None:
    lived = live([replace(played, fails=False, after=1) for played in polls], one)
    thin = replace(lived.past, answered=_thinned(lived.past))
    again = list(replay(thin, lived.stage.settings, ids().__next__))
    assert without_ids(again) == without_ids(lived.transitions)


def test_what_was_before_the_first_answer_is_known_and_existing() -> None:
    sights = [Sight(0, seen(1)), Sight(1, seen(2)), Sight(ms(1), seen(0))]
    fired, ended = _told(Past(key_of(), FEED, sights, Answered([ms(0), ms(1)], [0, 0])))
    assert (fired.cause, fired.at, ended.cause) == (Cause.EXISTING, START, Cause.STOCK)


def test_a_rule_does_not_fire_before_the_first_known_poll() -> None:
    assert not _told(Past(key_of(), FEED, [Sight(0, ODD)], Answered([ms(0), ms(1)], [0, 0])))


def test_a_product_that_is_listed_later_is_no_existing_one() -> None:
    past = Past(key_of(), FEED, [Sight(ms(2), seen(2))], Answered([ms(0), ms(2)], [0, 0]))
    (fired,) = _told(past)
    assert fired.cause is Cause.FIRST_SIGHT


def test_a_product_that_was_never_listed_cannot_be_missed() -> None:
    assert not _told(Past(key_of(), FEED, [Sight(ms(0), Absent(True))], Answered([ms(0)], [0])))


def test_nothing_is_decided_where_nothing_was_answered() -> None:
    assert not _told(Past(key_of(), FEED, [Sight(ms(0), seen(2))], Answered([], [])))


def test_a_timer_that_runs_out_in_a_hole_is_decided_after_it() -> None:
    past = Past(
        key_of(),
        FEED,
        [Sight(ms(0), seen(0)), Sight(ms(1), seen(2))],
        Answered([ms(0), ms(1), ms(240)], [0, 0, 0]),
    )
    (fired,) = _told(past, rule(hold_for=MINUTE))
    assert fired.at == START + 240 * TICK


def test_one_timer_that_moves_nothing_does_not_stop_another() -> None:
    """With one node left the one rule cannot be judged, for the price was never known; the other is met."""
    shown = [replace(seen(left), attributes=replace(seen(0).attributes, price=None)) for left in (5, 1, 5)]
    sights = [Sight(ms(tick), one) for tick, one in zip((0, 1, 8), shown, strict=True)]
    past = Past(key_of(), FEED, sights, Answered([ms(tick) for tick in range(10)], [0] * 10))
    either = (table(remaining=">=3"), table(price="<=20", price_unit="11"))
    told = _told(past, rule(*either, name="open", hold_for=2 * TICK), rule(name="any", hold_for=4 * TICK))
    assert [(one.rule, one.at) for one in told] == [("any", START + 4 * TICK), ("open", START + 8 * TICK)]


def test_a_count_that_grew_too_soon_is_told_when_the_gap_is_over() -> None:
    sights = [Sight(ms(tick), seen(left)) for tick, left in ((0, 0), (1, 2), (2, 4))]
    past = Past(key_of(), FEED, sights, Answered([ms(tick) for tick in range(30)], [0] * 30))
    told = _told(past, rule(more_at=Decimal(2), min_gap=MINUTE, remind_every=4 * MINUTE))
    assert [(one.cause, one.at) for one in told] == [
        *((Cause.STOCK, START + TICK), (Cause.MORE, START + 5 * TICK)),
        (Cause.REMINDER, START + 21 * TICK),
    ]


def ms(tick: int) -> int:
    return to_ms(START + tick * TICK)


def _told(past: Past, *rules: Rule) -> list[Transition]:
    return list(replay(past, Stage(*rules).settings, ids().__next__))


def _thinned(past: Past) -> Answered:
    """The first, the last, and both sides of each sight."""
    times = list(past.answered.times)
    news = {sight.at_ms for sight in past.sights}
    kept = [
        index
        for index, at in enumerate(times)
        if index in {0, len(times) - 1} or at in news or times[index + 1] in news
    ]
    between = [later - index - 1 for index, later in pairwise(kept)]
    return Answered([times[index] for index in kept], [*between, 0])
