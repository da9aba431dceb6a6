"""One product over a long time: stock, price, and the rows of it that cannot be read. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from random import Random
from typing import Final

from monitor.simulator.offer import Offer
from monitor.simulator.restocks import Habit, restocks
from monitor.simulator.stock import Steady, Stock

DAYS_BETWEEN_PRICES: Final = 40
DAYS_BETWEEN_GARBLINGS: Final = 9
LONGEST_GARBLING_MS: Final = 150_000
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What the provider shows of a product; a garbled row tells no count."""

    stock: Stock
    price: str
    garbled: bool = False


Line = tuple[int, Shown]
"""From that millisecond since 1970 on it is shown so."""


def story(seed: int, offer: Offer, habit: Habit | Steady, from_ms: int, until_ms: int) -> Iterator[Line]:
    """In order of time, and never twice the same. The first line is of `from_ms`."""
    chances = [Random(f"{seed}/{offer.aidc_id}/{offer.product_code}/{what}") for what in range(3)]
    events: Iterator[tuple[int, Stock | str | bool]]
    if isinstance(habit, Steady):
        events = merge([(from_ms, Stock(habit.remaining))], _prices(chances[1], offer, from_ms), key=_AT)
    else:
        events = merge(
            restocks(chances[0], habit, from_ms),
            _prices(chances[1], offer, from_ms),
            _garblings(chances[2], from_ms),
            key=_AT,
        )
    shown = Shown(Stock(0), offer.price)
    for at, news in takewhile(lambda event: event[0] < until_ms, events):
        after = _after(shown, news)
        if after != shown:
            yield at, after
        shown = after


_AT: Final = itemgetter(0)


def _after(shown: Shown, news: Stock | str | bool) -> Shown:
    match news:
        case Stock():
            return replace(shown, stock=news)
        case bool():
            return replace(shown, garbled=news)
        case str():
            return replace(shown, price=news)


def _prices(chance: Random, offer: Offer, at: int) -> Iterator[tuple[int, str]]:
    cents = round(float(offer.price) * 100)
    while True:
        at += round(chance.expovariate(1 / (DAYS_BETWEEN_PRICES * _DAY_MS)))
        cents = max(1, round(cents * chance.uniform(0.85, 1.15)))
        yield at, f"{cents / 100:g}"


def _garblings(chance: Random, at: int) -> Iterator[tuple[int, bool]]:
    while True:
        at += round(chance.expovariate(1 / (DAYS_BETWEEN_GARBLINGS * _DAY_MS)))
        yield at, True
        at += chance.randrange(1000, LONGEST_GARBLING_MS)
        yield at, False
