"""Rates: factors are drawn towards 1 as far as their counts leave them open."""

from collections.abc import Mapping
from math import inf
from random import Random

import pytest

from monitor.core.calendar import SLOT_KINDS
from monitor.core.openings import AGES
from monitor.core.rates import Counts, Rates, fit, strength

LONG_S = 1e6


def counts(openings: Mapping[tuple[int, int], float], seconds: float = LONG_S) -> Counts:
    found = Counts()
    found.seconds = [[seconds] * SLOT_KINDS for _ in range(AGES)]
    for (age, kind), count in openings.items():
        found.openings[age][kind] += count
    return found


def test_without_an_opening_or_any_time_the_rate_is_nought() -> None:
    assert fit(counts({})) == Rates(0.0)
    assert fit(Counts()) == Rates(0.0)


def test_equal_counts_are_no_rhythm() -> None:
    even = {(age, kind): 3.0 for age in range(AGES) for kind in range(SLOT_KINDS)}
    rates = fit(counts(even))
    assert rates.mean == pytest.approx(3 / LONG_S)
    assert {*rates.ages, *rates.hours, *rates.days} == {1.0}


def test_each_factor_finds_what_it_stands_for() -> None:
    """True factors: 4 right after a close, 3 at 10 o'clock, 2 on work days."""
    expected = {
        (age, kind): 20 * (4 if age == 0 else 1) * (3 if kind // 2 == 10 else 1) * (2 if kind % 2 else 1)
        for age in range(AGES)
        for kind in range(SLOT_KINDS)
    }
    rates = fit(counts(expected))
    assert rates.ages[0] / rates.ages[1] == pytest.approx(4, rel=0.02)
    assert rates.hours[10] / rates.hours[0] == pytest.approx(3, rel=0.05)
    assert rates.days[1] / rates.days[0] == pytest.approx(2, rel=0.02)
    assert rates.of_kinds[21] == rates.hours[10] * rates.days[1]


def test_as_many_openings_are_expected_as_were_seen() -> None:
    chance = Random(4)
    seen = {(age, kind): chance.randrange(4) for age in range(AGES) for kind in range(SLOT_KINDS)}
    rates = fit(counts({cell: float(count) for cell, count in seen.items()}))
    expected = sum(rates.mean * age * kind * LONG_S for age in rates.ages for kind in rates.of_kinds)
    assert expected == pytest.approx(sum(seen.values()))


@pytest.mark.parametrize(
    ("seen", "expected", "low", "high"),
    [
        pytest.param([10, 10, 10], [10, 10, 10], inf, inf, id="no difference"),
        pytest.param([9, 12, 10, 9], [10, 10, 10, 10], inf, inf, id="no more than chance"),
        pytest.param([100, 1, 2, 1], [26, 26, 26, 26], 0.25, 1, id="far apart"),
        pytest.param([140, 70, 90, 100], [100, 100, 100, 100], 5, 100, id="somewhat apart"),
        pytest.param([5, 0], [5, 0], inf, inf, id="a group that was never there says nothing"),
    ],
)
def test_the_strength_of_the_shrinking(
    seen: list[float], expected: list[float], low: float, high: float
) -> None:
    assert low <= strength(seen, expected) <= high
