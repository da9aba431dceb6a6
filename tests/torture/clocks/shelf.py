"""The true stock of every product through the whole month, drawn once. Restocks of seconds, and of days."""

from bisect import bisect_right
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.torture.clocks.scene import CODES

GONE_S: Final = (400.0, 40_000.0)
IN_STOCK_S: Final = ((20.0, 250.0), (300.0, 3_600.0), (3_600.0, 30_000.0))
PRICES: Final = ("12.5", "15.5", "19", "24.25")


@dataclass(frozen=True, slots=True)
class Stock:
    remaining: int
    price: str
    error: str | None = None
    name: str = "node"


class Shelf:
    """What is offered at a time, in seconds of uptime. Some products come only later."""

    def __init__(self, chance: Random, start_s: float, end_s: float) -> None:
        self._stocks = {code: _history(chance, start_s, end_s) for code in CODES}
        latest_s = start_s + (end_s - start_s) / 4
        self._since = {code: chance.choice((0.0, chance.uniform(start_s, latest_s))) for code in CODES[1:]}

    def at(self, at_s: float) -> dict[str, Stock]:
        return {code: self._of(code, at_s) for code in CODES if self._since.get(code, 0.0) <= at_s}

    def _of(self, code: str, at_s: float) -> Stock:
        times, stocks = self._stocks[code]
        return stocks[bisect_right(times, at_s) - 1]


def _history(chance: Random, start_s: float, end_s: float) -> tuple[list[float], list[Stock]]:
    times, stocks = [0.0], [Stock(chance.choice((0, 0, 3)), "15.5")]
    at_s, price = start_s, "15.5"
    while at_s < end_s:
        at_s += chance.uniform(*GONE_S) ** chance.uniform(0.8, 1.0)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            if chance.random() < 0.3:
                price = chance.choice(PRICES)
            is_blocked = chance.random() < 0.15
            times.append(at_s)
            stocks.append(
                Stock(chance.randint(1, 5), price, "no stock" if is_blocked else None, chance.choice("mn"))
            )
            at_s += chance.uniform(*chance.choice(IN_STOCK_S))
        times.append(at_s)
        stocks.append(Stock(0, price))
    return times, stocks
