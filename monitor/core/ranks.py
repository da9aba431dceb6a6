"""Which of so many ordered lengths enclose a quantile, whatever their distribution. Pure.

Of n lengths the number below the p-quantile is binomial(n, p). So the l-th and the u-th smallest enclose it
with 95 % or more when P(fewer than l below) and P(u or more below) are at most 2.5 % each (David & Nagaraja,
Order Statistics, 3rd ed., 7.1).
"""

from functools import lru_cache
from itertools import accumulate
from math import ceil, exp, lgamma, log
from typing import Final

TAIL: Final = 0.025
_NOTHING: Final = 1e-17


def needed(share: float) -> int:
    """How many lengths there must be for an interval of this quantile: 6 for the median, 36 for p90."""
    return ceil(log(TAIL) / log(max(share, 1 - share)))


@lru_cache(maxsize=4096)
def enclosing(count: int, share: float) -> tuple[int, int] | None:
    """The ranks, from 1 on, of the two lengths that enclose the quantile. None: too few lengths."""
    if count < needed(share):
        return None
    return _lower(count, share), count + 1 - _lower(count, 1 - share)


def _lower(count: int, share: float) -> int:
    """The largest rank whose length lies above the quantile with at most 2.5 %."""
    chances = _chances_up_to_mode(count, share)
    totals = accumulate(chance for _, chance in chances)
    return next(below for (below, _), total in zip(chances, totals, strict=True) if total > TAIL)


def _chances_up_to_mode(count: int, share: float) -> list[tuple[int, float]]:
    """(k, P(k of count)) from where it is worth counting up to the most likely k."""
    mode = min(int((count + 1) * share), count)
    ways = lgamma(count + 1) - lgamma(mode + 1) - lgamma(count - mode + 1)
    chance = exp(ways + mode * log(share) + (count - mode) * log(1 - share))
    found = [(mode, chance)]
    for k in range(mode, 0, -1):
        chance *= k / (count - k + 1) * (1 - share) / share
        if chance < _NOTHING:
            break
        found.append((k - 1, chance))
    return found[::-1]
