"""Forecasts of the past: each is made of what was seen before it, and judged by what was watched after it."""

from random import Random

import pytest

from monitor.core.calendar import slots_between
from monitor.core.hindsight import (
    DAY_S,
    HORIZONS_S,
    HOUR_S,
    LEAST_BLOCKS,
    TRAINED_FOR_S,
    Score,
    Trial,
    expanded,
    gain_at_least,
    trials,
)
from monitor.core.openings import Record
from tests.core.bursts import CALENDAR, OFFICE, Truth, record
from tests.core.test_openings import of, shown

LIVELY = Truth(3, OFFICE)


def tried(past: Record) -> list[Trial]:
    return trials(past, slots_between(CALENDAR, past.start, past.end + 90_000))


def test_there_is_one_origin_for_each_full_hour_out_whose_horizon_is_over() -> None:
    hour, six, day = tried(of([shown(2.5, 3.5)], hours=26))
    assert [trial.horizon_s for trial in (hour, six, day)] == list(HORIZONS_S)
    # Hour 3 was in stock; the last horizons are not over.
    assert (hour.seen, six.seen, day.seen) == (25, 20, 3)
    assert (hour.came, six.came, day.came) == (1, 3, 3)


def test_nothing_is_scored_before_there_was_something_to_learn_from() -> None:
    past = record(LIVELY, 1, 40)
    assert tried(past)[0].scores[0].origin >= past.start + TRAINED_FOR_S
    assert not tried(record(LIVELY, 1, 6.9))[0].scores
    assert not tried(record(Truth(0.1), 1, 60))[0].scores


def test_a_forecast_knows_nothing_of_what_comes_after_it() -> None:
    longer, shorter = tried(record(LIVELY, 5, 40)), tried(record(LIVELY, 5, 30))
    for long, short in zip(longer, shorter, strict=True):
        assert long.scores[: len(short.scores)] == short.scores


def test_a_day_is_never_forecast() -> None:
    assert not tried(record(LIVELY, 1, 40))[2].scores


def test_horizons_cut_by_blindness_are_dropped_and_counted_whatever_came() -> None:
    whole, holed = tried(record(LIVELY, 2, 40)), tried(record(LIVELY, 2, 40, dark=[(30.02, 30.5)]))
    assert [trial.cut for trial in whole] == [0, 0, 0]
    hour, six, _ = holed
    assert (hour.cut, six.cut) == (1, 6)


def test_a_few_seconds_without_an_answer_cut_nothing() -> None:
    assert [trial.cut for trial in tried(record(LIVELY, 2, 40, dark=[(30.02, 30.0205)]))] == [0, 0, 0]


@pytest.mark.parametrize(
    ("chance", "usual", "came", "gain"),
    [(0.8, 0.5, True, 0.21), (0.8, 0.5, False, -0.39), (0.5, 0.5, True, 0)],
)
def test_the_gain_is_that_of_the_brier_score(chance: float, usual: float, came: bool, gain: float) -> None:
    assert Score(0.0, chance, usual, came).gain == pytest.approx(gain)


def scores(gains: list[float], per_block: int = 48) -> list[Score]:
    """A block of two days for each; 0.5 is the usual, and it came."""
    return [
        Score(block * 2 * DAY_S + hour * HOUR_S, 1 - (0.25 - gain) ** 0.5, 0.5, True)
        for block, gain in enumerate(gains)
        for hour in range(per_block)
    ]


def test_a_gain_that_is_always_there_is_sure() -> None:
    assert gain_at_least(scores([0.1] * 20), Random(1).random) == pytest.approx(0.1)


def test_a_gain_of_one_lucky_day_is_not() -> None:
    assert (gain_at_least(scores([0.2] + [-0.001] * 19), Random(1).random) or 0) < 0


def test_a_few_days_tell_nothing() -> None:
    assert gain_at_least(scores([0.1] * (LEAST_BLOCKS - 1)), Random(1).random) is None
    assert gain_at_least(scores([0.1] * LEAST_BLOCKS), Random(1).random) is not None


@pytest.mark.parametrize(("blocks", "quantile"), [(8, 0.006), (20, 0.016), (1_000, 0.025)])
def test_of_few_blocks_a_lower_quantile_is_read_off(blocks: int, quantile: float) -> None:
    assert expanded(blocks) == pytest.approx(quantile, abs=0.001)


def test_the_same_draws_give_the_same_quantile() -> None:
    some = scores([0.1, -0.05, 0.03] * 5)
    assert gain_at_least(some, Random(7).random) == gain_at_least(some, Random(7).random)
