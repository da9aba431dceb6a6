"""How a made-up product sells out and comes back over weeks: the exact truth that polls then see. Pure.

Openings come in bursts, as they do where somebody returns nodes a few at a time; each one drains step by
step. Times are milliseconds since 1970; chance is an argument, so the same seed tells the same story.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import exp, log
from random import Random
from typing import Final

from monitor.simulator.offer import OUT_OF_STOCK
from monitor.simulator.rhythm import MOST, weight
from monitor.simulator.stock import Stock

SHORTEST: Final = timedelta(seconds=3)
LONGEST: Final = timedelta(hours=8)
BETWEEN_OPENINGS: Final = timedelta(minutes=7)
"""The mean pause between two openings of one burst."""

MOST_LOTS: Final = 8
SHARE_RETURNED: Final = 0.1
_WEEK_MS: Final = 7 * 86_400_000
_MILLISECOND: Final = timedelta(milliseconds=1)

Moment = tuple[int, Stock]
"""From that millisecond on the stock is so."""


@dataclass(frozen=True, slots=True)
class Habit:
    """`lasts` is the median of its windows, `spread` the sigma of their logarithms, `peak` the most nodes."""

    bursts_a_week: float
    lasts: timedelta
    peak: int
    openings_a_burst: float = 2.2
    spread: float = 1.2
    blocked_share: float = 0.03
    unlisted_when_out: bool = False

    @property
    def out(self) -> Stock:
        return Stock(0, OUT_OF_STOCK, listed=not self.unlisted_when_out)


def restocks(chance: Random, habit: Habit, from_ms: int) -> Iterator[Moment]:
    """What its stock is from when on, without an end. It begins sold out."""
    at = from_ms
    yield at, habit.out
    while True:
        at = _next_burst(chance, habit, at)
        while True:
            for moment in _window(chance, habit, at):
                at = moment[0]
                yield moment
            if chance.random() < 1 / habit.openings_a_burst:
                break
            at += 1000 + round(chance.expovariate(_MILLISECOND / BETWEEN_OPENINGS))


def _next_burst(chance: Random, habit: Habit, at: int) -> int:
    """Candidates come at the highest rate; at quieter hours most of them are passed over."""
    rate = habit.bursts_a_week * MOST / _WEEK_MS
    while True:
        at += 1 + round(chance.expovariate(rate))
        if chance.random() * MOST < weight(at):
            return at


def _window(chance: Random, habit: Habit, opened_at: int) -> Iterator[Moment]:
    lasts = _drawn_duration_ms(chance, habit)
    lots = _with_returns(chance, list(_drained(chance, habit, opened_at, lasts)))
    blocked_until = opened_at
    if chance.random() < habit.blocked_share:
        blocked_until += round(lasts * chance.uniform(0.3, 1.2))
    for (at, left), (until, _) in pairwise([*lots, (opened_at + lasts, 0)]):
        yield at, Stock(left, OUT_OF_STOCK if at < blocked_until else None)
        if at < blocked_until < until:
            yield blocked_until, Stock(left)
    yield opened_at + lasts, habit.out


def _drawn_duration_ms(chance: Random, habit: Habit) -> int:
    drawn = exp(chance.gauss(log(habit.lasts / _MILLISECOND), habit.spread))
    return round(min(max(drawn, SHORTEST / _MILLISECOND), LONGEST / _MILLISECOND))


def _drained(chance: Random, habit: Habit, opened_at: int, lasts: int) -> Iterator[tuple[int, int]]:
    """(from when on, how many are left): from the peak down, a lot at a time; the last lot ends it."""
    nodes = 1 + int(chance.random() ** 1.5 * habit.peak)
    lots = min(nodes, 1 + int(chance.random() * MOST_LOTS))
    counts = sorted(chance.sample(range(1, nodes), lots - 1), reverse=True)
    times = sorted(chance.sample(range(1, lasts), lots - 1))
    yield opened_at, nodes
    for at, left in zip(times, counts, strict=True):
        yield opened_at + at, left


def _with_returns(chance: Random, lots: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Now and then somebody gives a node back."""
    returned = []
    for (at, left), (until, _) in pairwise(lots):
        if until - at > 1 and chance.random() < SHARE_RETURNED:
            returned.append((chance.randrange(at + 1, until), left + 1))
    return sorted([*lots, *returned])
