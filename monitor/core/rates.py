"""How often a product comes back: by the time since it closed, the hour and the kind of day. Pure.

rate = mean x f(age) x f(hour) x f(day). Each factor is drawn towards 1 as far as its counts leave it open:
f = (n + k) / (E + k), with n openings where E were expected, and the k under which the counts are likeliest
when n is Poisson and the true factors are gamma with mean 1 (D. Clayton and J. Kaldor, "Empirical Bayes
estimates of age-standardized relative risks", Biometrics 43, 1987).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, lgamma, log
from operator import mul
from typing import Final

from monitor.core.calendar import SLOT_KINDS
from monitor.core.openings import AGES

CYCLES: Final = 3
_STRENGTHS: Final = tuple(2.0 ** (step / 2) for step in range(-4, 19))
_CONSTANTS: Final = tuple(k * log(k) - lgamma(k) for k in _STRENGTHS)


@dataclass(frozen=True, slots=True)
class Rates:
    """`mean`: openings per second out; of slots by kind, hour and day in one. A factor of 1: as always."""

    mean: float
    ages: tuple[float, ...] = (1.0,) * AGES
    hours: tuple[float, ...] = (1.0,) * (SLOT_KINDS // 2)
    days: tuple[float, float] = (1.0, 1.0)

    @property
    def of_kinds(self) -> tuple[float, ...]:
        """Of each kind of slot, without the mean and the age."""
        return tuple(hour * day for hour in self.hours for day in self.days)


class Counts:
    """Openings, and seconds in which there might have been one, by age and kind of slot."""

    def __init__(self) -> None:
        self.openings = [[0.0] * SLOT_KINDS for _ in range(AGES)]
        self.seconds = [[0.0] * SLOT_KINDS for _ in range(AGES)]


def fit(counts: Counts) -> Rates:
    """Each factor in turn, given the others, a few times over."""
    total = sum(map(sum, counts.openings))
    time = sum(map(sum, counts.seconds))
    if not total or not time:
        return Rates(0.0)
    of_ages = [sum(row) for row in counts.openings]
    of_kinds = [sum(column) for column in zip(*counts.openings, strict=True)]
    of_hours = [rest + work for rest, work in zip(of_kinds[::2], of_kinds[1::2], strict=True)]
    of_days = (sum(of_kinds[::2]), sum(of_kinds[1::2]))
    rates = Rates(total / time)
    for _ in range(CYCLES):
        kinds = rates.of_kinds
        by_age = [sum(map(mul, row, kinds)) for row in counts.seconds]
        ages = _shrunk(of_ages, [rates.mean * seconds for seconds in by_age])
        weighed = [sum(map(mul, column, ages)) for column in zip(*counts.seconds, strict=True)]
        rest, work = weighed[::2], weighed[1::2]
        day_rest, day_work = rates.days
        hours = _shrunk(
            of_hours,
            [rates.mean * (r * day_rest + w * day_work) for r, w in zip(rest, work, strict=True)],
        )
        by_day = [sum(map(mul, rest, hours)), sum(map(mul, work, hours))]
        days = _shrunk(of_days, [rates.mean * seconds for seconds in by_day])
        mean = total / sum(map(mul, by_day, days))
        rates = Rates(mean, tuple(ages), tuple(hours), (days[0], days[1]))
    return rates


def _shrunk(seen: Sequence[float], expected: Sequence[float]) -> list[float]:
    k = strength(seen, expected)
    return [(n + k) / (e + k) if k < inf else 1.0 for n, e in zip(seen, expected, strict=True)]


def strength(seen: Sequence[float], expected: Sequence[float]) -> float:
    """The likeliest k of a grid from 1/4 to 512; infinite where the counts differ no more than chance has it.

    The logarithm of the negative binomial, less what does not depend on k.
    """
    groups = [(n, e) for n, e in zip(seen, expected, strict=True) if e > 0]
    best, likeliest = inf, -sum(e for _, e in groups)
    for k, constant in zip(_STRENGTHS, _CONSTANTS, strict=True):
        found = len(groups) * constant + sum(lgamma(n + k) - (n + k) * log(e + k) for n, e in groups)
        if found > likeliest:
            best, likeliest = k, found
    return best
