"""Which ordered lengths enclose a quantile: held against the binomial itself, in exact fractions."""

from fractions import Fraction
from math import comb

import pytest

from monitor.core.odds import SHARES
from monitor.core.ranks import enclosing, needed

TAIL = Fraction(25, 1000)


def below(count: int, share: Fraction, up_to: int) -> Fraction:
    """P(at most `up_to` of `count` lengths lie below the quantile)."""
    return sum((comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(up_to + 1)), Fraction())


def outside(count: int, share: Fraction, low: int, high: int) -> tuple[Fraction, Fraction]:
    """P(the low-th smallest lies above the quantile), and P(the high-th smallest lies below)."""
    return below(count, share, low - 1), 1 - below(count, share, high - 1)


@pytest.mark.parametrize(("share", "least"), [(0.5, 6), (0.25, 13), (0.75, 13), (0.9, 36)])
def test_the_least_number_is_where_the_outermost_two_are_enough(share: float, least: int) -> None:
    exact = Fraction(share).limit_denominator(100)
    assert needed(share) == least
    assert max(outside(least, exact, 1, least)) <= TAIL
    assert max(outside(least - 1, exact, 1, least - 1)) > TAIL
    assert (enclosing(least - 1, share), enclosing(least, share) is None) == (None, False)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [*range(36, 60), 150, 401])
def test_the_two_enclose_it_with_95_percent_and_no_closer_two_would(count: int, share: float) -> None:
    ranks = enclosing(count, share)
    assert ranks is not None
    low, high = ranks
    exact = Fraction(share).limit_denominator(100)
    assert all(chance <= TAIL for chance in outside(count, exact, low, high))
    assert all(chance > TAIL for chance in outside(count, exact, low + 1, high - 1))
    assert 1 <= low < high <= count


@pytest.mark.parametrize(
    ("count", "ranks"),
    [(6, (1, 6)), (9, (2, 8)), (12, (3, 10)), (15, (4, 12)), (20, (6, 15)), (25, (8, 18)), (100, (40, 61))],
)
def test_those_of_the_median_are_the_ones_of_the_printed_tables(count: int, ranks: tuple[int, int]) -> None:
    assert enclosing(count, 0.5) == ranks


def test_a_million_lengths_are_no_trouble() -> None:
    ranks = enclosing(1_000_000, 0.5)
    assert ranks is not None
    assert ranks[0] + ranks[1] == 1_000_001
    assert 499_019 <= ranks[0] <= 499_021  # 1.96 standard deviations of 500
