"""Stock over days: which product has how many left from which poll on. Pure, and the same for each seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

POLL_EVERY: Final = timedelta(seconds=15)
POLLS_A_DAY: Final = timedelta(days=1) // POLL_EVERY
MOST_CHANGES_A_DAY: Final = 10

Changes = dict[int, int]
"""Product number to what is left of it now."""


@dataclass(frozen=True, slots=True)
class Trace:
    """`changes_a_day` draws how often one product changes in one day."""

    products: int
    days: int
    changes_a_day: Callable[[random.Random], int]
    seed: int = 1

    @property
    def polls(self) -> int:
        return self.days * POLLS_A_DAY

    def run(self) -> Iterator[Changes]:
        """What changes at each poll; the first one sees everything for the first time."""
        chance = random.Random(self.seed)
        left = [_stock(chance) for _ in range(self.products)]
        yield dict(enumerate(left))
        for day in range(self.days):
            for slot, changing in enumerate(self._day(chance)):
                if slot or day:
                    yield {number: _move(left, number, chance) for number in changing}

    def _day(self, chance: random.Random) -> list[list[int]]:
        slots: list[list[int]] = [[] for _ in range(POLLS_A_DAY)]
        for number in range(self.products):
            for slot in chance.sample(range(1, POLLS_A_DAY), self.changes_a_day(chance)):
                slots[slot].append(number)
        return slots


def at_most_ten(chance: random.Random) -> int:
    return chance.randint(0, MOST_CHANGES_A_DAY)


def always_ten(_: random.Random) -> int:
    return MOST_CHANGES_A_DAY


def _stock(chance: random.Random) -> int:
    """Out of stock more often than not, as it is for what people watch."""
    return 0 if chance.random() < 0.5 else chance.randint(1, 12)


def _move(left: list[int], number: int, chance: random.Random) -> int:
    before = left[number]
    while left[number] == before:
        left[number] = _stock(chance)
    return left[number]
