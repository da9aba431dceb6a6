"""The chance of an opening: the sum of the rate over the horizon, age and hours moving along."""

from dataclasses import replace
from math import exp, inf

import pytest

from monitor.core.calendar import Calendar, slots_between
from monitor.core.chance import LEAST, MOST, Outlook
from monitor.core.openings import AGES, Out
from monitor.core.rates import Rates
from tests.core.bursts import BEGIN, SHANGHAI

NOON = BEGIN.timestamp() + 4 * 3600  # in Shanghai, on a Thursday
SLOTS = slots_between(Calendar(SHANGHAI), NOON - 3600, NOON + 90_000)
EVEN = Rates(1 / 3600)
JUST_CLOSED = Out(NOON, NOON, NOON, NOON)
LONG_CLOSED = Out(NOON, NOON, -inf, NOON - 1e6)


def expected(rates: Rates, out: Out, hours: float, start: float = NOON) -> float:
    return Outlook(rates, SLOTS, NOON, NOON + 86_400).expected(out, start, hours * 3600)


def test_an_even_rate_adds_up() -> None:
    assert expected(EVEN, LONG_CLOSED, 6) == pytest.approx(6)
    assert Outlook(EVEN, SLOTS, NOON, NOON + 86_400).chance(LONG_CLOSED, NOON, 3600) == pytest.approx(
        1 - exp(-1)
    )


def test_hours_change_within_the_horizon() -> None:
    hours = tuple(4.0 if hour == 13 else 1.0 for hour in range(24))
    assert expected(replace(EVEN, hours=hours), LONG_CLOSED, 1, NOON + 1800 + 60) == pytest.approx(
        (29 + 4 * 31) / 60
    )


def test_the_kind_of_day_changes_at_midnight() -> None:
    rates = replace(EVEN, days=(3.0, 1.0))
    friday_night = NOON + 36 * 3600 - 1800  # 23:30, before a Saturday
    slots = slots_between(Calendar(SHANGHAI), friday_night, friday_night + 7200)
    outlook = Outlook(rates, slots, friday_night, friday_night + 3600)
    assert outlook.expected(LONG_CLOSED, friday_night, 3600) == pytest.approx(0.5 + 1.5)


def test_the_age_moves_along_with_the_horizon() -> None:
    ages = (8.0, 2.0, 0.5, 1.0, 1.0)
    assert len(ages) == AGES
    assert expected(replace(EVEN, ages=ages), JUST_CLOSED, 8) == pytest.approx(
        0.25 * 8 + 0.75 * 2 + 5 * 0.5 + 2
    )


@pytest.mark.parametrize(("mean", "said"), [(0.0, LEAST), (1.0, MOST)])
def test_nothing_is_called_sure(mean: float, said: float) -> None:
    assert Outlook(Rates(mean), SLOTS, NOON, NOON + 3600).chance(LONG_CLOSED, NOON, 3600) == said
