"""Forecasts of processes whose truth is known: calibrated where there is a rhythm, silent where none is."""

from datetime import timedelta
from random import Random

import pytest

from monitor.core.calendar import slots_between
from monitor.core.forecast import LEAST_OBSERVED, LEAST_WINDOWS, Forecast, Outcome, forecast
from monitor.core.openings import Record
from tests.core.bursts import CALENDAR, OFFICE, Truth, record
from tests.core.test_openings import of, shown

RHYTHM = Truth(3, OFFICE, rest=0.4)
BURSTS = Truth(2, OFFICE, rest=0.4, burst=25)
STEADY = Truth(3)


def told(past: Record) -> Forecast:
    return forecast(past, slots_between(CALENDAR, past.start, past.end + 90_000), Random(1).random)


@pytest.fixture(scope="module")
def of_bursts() -> Forecast:
    return told(record(BURSTS, 3, 240))


def test_too_few_windows_or_days_are_not_enough_data() -> None:
    few = told(record(Truth(0.5), 1, 60))
    assert few.windows < LEAST_WINDOWS
    short = told(record(Truth(9), 1, 27))
    assert short.windows > LEAST_WINDOWS
    assert short.observed < LEAST_OBSERVED
    for found in (few, short):
        assert (found.outcomes, found.rates, found.speaks) == ((), None, False)


def test_time_that_was_not_watched_is_no_day_of_data() -> None:
    assert told(record(Truth(9), 1, 34, dark=[(3, 10)])).observed == timedelta(days=27)


def test_rhythm_and_bursts_are_worth_saying(of_bursts: Forecast) -> None:
    hour, six, day = of_bursts.outcomes
    assert of_bursts.speaks
    for outcome in (hour, six):
        assert outcome.test is not None
        assert outcome.speaks
        assert outcome.test.skill > 0.05
    assert not day.speaks
    assert day.test is None


def test_of_what_is_said_as_much_comes_true(of_bursts: Forecast) -> None:
    for outcome in of_bursts.outcomes[:2]:
        assert outcome.test is not None
        for band in outcome.test.bands:
            assert band.low <= band.said <= band.high
            if band.count > 200:
                assert band.came == pytest.approx(band.said, abs=0.06)
        assert sum(band.count for band in outcome.test.bands) == outcome.test.count


def test_the_usual_share_is_what_came(of_bursts: Forecast) -> None:
    for outcome in of_bursts.outcomes:
        assert outcome.usual is not None
        assert 0.03 <= outcome.usual <= 0.97
    hour, six, day = (outcome.usual or 0 for outcome in of_bursts.outcomes)
    assert hour < six < day


def test_the_rates_are_those_of_the_truth(of_bursts: Forecast) -> None:
    rates = of_bursts.rates
    assert rates is not None
    assert rates.ages[0] / rates.ages[2] > 10
    assert rates.hours[10] / rates.hours[3] > 5
    assert rates.days[1] / rates.days[0] == pytest.approx(1 / 0.4, rel=0.25)


def test_a_steady_process_leaves_nothing_to_say() -> None:
    """By chance it speaks once in forty; of hundreds of seeds docs/history.md tells."""
    outcomes = [outcome for seed in range(10) for outcome in told(record(STEADY, seed, 45)).outcomes]
    assert len(outcomes) == 3 * 10
    assert sum(outcome.speaks for outcome in outcomes) <= 1
    assert sum(outcome.chance is not None for outcome in outcomes) <= 1


def test_a_chance_is_said_only_while_the_product_is_known_to_be_gone() -> None:
    days = 90
    past = record(RHYTHM, 5, days)
    gone = told(past)
    assert gone.is_out
    assert [outcome.chance is not None for outcome in gone.outcomes] == [True, True, False]
    dark = told(record(RHYTHM, 5, days, dark=[(89.9, 90)]))
    assert not dark.is_out
    assert [outcome.chance for outcome in dark.outcomes] == [None] * 3
    assert dark.speaks


def test_what_is_in_stock_now_is_not_out() -> None:
    assert not told(of([shown(23, 24, closed=False)])).is_out
    assert not told(of([shown(0, 24, known=False, closed=False)])).is_out


def test_without_a_test_nothing_speaks() -> None:
    assert not Outcome(timedelta(hours=1), None, None, None).speaks


def test_a_horizon_of_which_none_is_over_has_no_usual_share() -> None:
    """It is never out on the hour."""
    windows = [shown(0, 0.8, known=False), *(shown(hour + 0.9, hour + 1.8) for hour in range(28 * 24))]
    found = told(of(windows, hours=28 * 24 + 0.85))
    assert found.windows > LEAST_WINDOWS
    assert [(outcome.usual, outcome.test) for outcome in found.outcomes] == [(None, None)] * 3
