"""From rates to the chance that a product opens within a time. Pure.

P = 1 - exp(-sum of the rate over the horizon): the age moves along with it, hours and days change within it.
"""

from math import exp
from typing import Final

from monitor.core.calendar import SLOT_S, Slots
from monitor.core.openings import Out
from monitor.core.rates import Rates

LEAST: Final = 0.03
MOST: Final = 0.97
"""Nothing outside is ever said: no history is long enough to know better."""


class Outlook:
    """What is to come from a slot on, by rates and slots. Made once for the origins of a day."""

    def __init__(self, rates: Rates, slots: Slots, start: float, end: float) -> None:
        """`start` and `end` are the earliest and the latest time asked for; `slots` must hold both."""
        self._rates = rates
        self._first = int(start // SLOT_S)
        of_kinds = rates.of_kinds
        self._factors = [of_kinds[slots.kind(slot)] for slot in range(self._first, int(end // SLOT_S) + 1)]
        total = 0.0
        self._before = [total]
        for factor in self._factors:
            total += factor * SLOT_S
            self._before.append(total)

    def expected(self, out: Out, start: float, horizon_s: float) -> float:
        """Openings that a product which is `out` at `start` would bring, were it to stay out."""
        parts = out.age_pieces(start, start + horizon_s)
        weighed = (
            self._rates.ages[age] * (self._until(stop) - self._until(begin)) for begin, stop, age in parts
        )
        return self._rates.mean * sum(weighed)

    def chance(self, out: Out, start: float, horizon_s: float) -> float:
        return bounded(1 - exp(-self.expected(out, start, horizon_s)))

    def _until(self, moment: float) -> float:
        slot, rest = divmod(moment, SLOT_S)
        index = int(slot) - self._first
        return self._before[index] + (rest * self._factors[index] if rest else 0.0)


def bounded(chance: float) -> float:
    return min(max(chance, LEAST), MOST)
