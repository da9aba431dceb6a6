"""What rules would have announced of a past, put together for people."""

from datetime import datetime, timedelta

from monitor.core.backtest import Opening, Outcome, backtest, merged, timings
from monitor.core.decision import Cause, MuteReason
from monitor.core.matching import Rule
from tests.core.builders import MINUTE, SECOND, START, key_of, rule, seen
from tests.core.replayed import TICK, Played, ids, live

USUAL_MS = 15_000
POLLS = [Played(seen(left)) for left in (0, 2, 1, 0, 0, 3, 3, 3, 3, 0)]


def test_each_opening_is_told_with_how_long_it_stayed() -> None:
    outcome = _outcome(rule(notify_sold_out=False))
    assert outcome.openings == (
        Opening(key_of(), _at(2), Cause.STOCK, 2, _at(2), None, _at(4), 2),
        Opening(key_of(), _at(6), Cause.STOCK, 3, _at(6), None, _at(10), 3),
    )
    assert (outcome.told, outcome.messages) == (2, 2)


def test_an_opening_that_is_held_back_is_told_when_it_opened_again_or_never() -> None:
    late = _outcome(rule(min_gap=90 * SECOND)).openings[1]
    assert (late.told_at, late.muted) == (_at(8), None)
    never = _outcome(rule(min_gap=5 * MINUTE)).openings[1]
    assert (never.told_at, never.muted) == (None, MuteReason.FLAPPING)


def test_what_is_there_still_has_no_end() -> None:
    (opening,) = _outcome(rule(), [*POLLS[:1], Played(seen(1))]).openings
    assert (opening.ended_at, opening.peak) == (None, None)


def test_each_other_timing_is_tried_and_costs_what_it_loses() -> None:
    outcome = _outcome(rule(min_gap=MINUTE))
    tried = {(one.setting, one.value): one.cost for one in outcome.tried}
    assert list(tried)[:4] == [(None, None), *(("interval", every * TICK) for every in (2, 4, 20))]
    assert (tried[None, None].chances, tried[None, None].lost) == (2, 0)
    assert tried["for", MINUTE].lost == 2
    assert tried["for", 30 * SECOND].later == [30 * SECOND]
    assert tried["for", 30 * SECOND].left == [30 * SECOND]
    assert tried["keep_firing_for", 5 * MINUTE].told == 1


def test_a_timing_is_tried_only_where_it_is_another() -> None:
    own = rule(hold_for=30 * SECOND, keep_firing_for=timedelta(0), min_gap=MINUTE)
    told = [(one.setting, one.value.total_seconds()) for one in timings(own, USUAL_MS)]
    assert told == [
        *(("interval", seconds) for seconds in (30, 60, 300)),
        *(("for", seconds) for seconds in (0, 60, 120, 300)),
        *(("keep_firing_for", seconds) for seconds in (60, 300)),
        *(("min_gap", seconds) for seconds in (0, 300)),
    ]


def test_without_a_usual_interval_none_is_tried() -> None:
    assert {one.setting for one in timings(rule(), 0)} == {"for", "keep_firing_for", "min_gap"}


def test_products_of_one_rule_are_put_together_in_order_of_time() -> None:
    first, second = _outcome(rule()), _outcome(rule(), [Played(None), *POLLS[:3]])
    both = merged([first, second])
    assert [one.fired_at for one in both.openings] == [_at(2), _at(3), _at(6)]
    assert both.messages == first.messages + second.messages
    assert both.products == (key_of(), key_of())
    assert [one.cost.chances for one in both.tried] == [3] * len(first.tried)


def test_every_rule_has_an_outcome() -> None:
    lived = live(POLLS, rule(name="one"), rule(name="other", hold_for=MINUTE))
    outcomes = list(backtest(lived.past, lived.stage.settings, USUAL_MS, ids().__next__))
    assert [(one.rule.name, one.told) for one in outcomes] == [("one", 2), ("other", 0)]


def _outcome(one: Rule, polls: list[Played] | None = None) -> Outcome:
    lived = live(POLLS if polls is None else polls, one)
    (outcome,) = backtest(lived.past, lived.stage.settings, USUAL_MS, ids().__next__)
    return outcome


def _at(poll: int) -> datetime:
    return START + poll * TICK
