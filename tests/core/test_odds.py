"""What lengths tell of the next one, and when they are too few or too many were lost."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from monitor.core.lengths import Lengths
from monitor.core.odds import Odds, Quantile, Withheld, odds_of, quantiles_of
from monitor.core.survival import Sample

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def lengths(ended: Sequence[float], lost: Sequence[float] = (), *, either_way: float = 0) -> Lengths:
    """Of so many seconds, each of which may be so much shorter or longer."""

    def sample(more: float) -> Sample:
        return Sample([ms(length + more) for length in ended], [ms(length + more) for length in lost])

    return Lengths(sample(-either_way), sample(0), sample(either_way))


def ms(seconds: float) -> int:
    return int(seconds * 1000)


def told(found: Lengths) -> list[tuple[float | None, float | None, Withheld | None]]:
    return [(odds.shortest, odds.longest, odds.withheld) for odds in odds_of(found)]


def test_the_odds_are_the_share_that_outlasts_each_time() -> None:
    assert told(lengths([10, 20, 40, 100, 130, 300, 700, 800, 900, 1000])) == [
        (0.8, 0.8, None),
        (0.6, 0.6, None),
        (0.4, 0.4, None),
    ]


def test_too_few_windows_tell_no_odds() -> None:
    assert odds_of(lengths([10, 20, 30], [40, 50]))[0] == Odds(30 * SECOND, 5, 6, withheld=Withheld.TOO_FEW)


def test_those_that_were_lost_count_until_then() -> None:
    """The last of six is lost after 20 s: of five that were watched for 30 s, two had ended."""
    shortest, *_ = told(lengths([10, 15, 40, 50, 60], [20]))
    assert shortest[0] == pytest.approx(4 / 6)


def test_above_thirty_percent_lost_before_nothing_is_told() -> None:
    seven = [500.0] * 7
    assert told(lengths(seven, [60] * 3))[1][2] is None
    assert told(lengths(seven, [60] * 4))[1][2] is Withheld.TOO_MANY_LOST
    assert told(lengths(seven, [60] * 4))[0][2] is None  # at 30 s none of them was lost yet
    assert told(lengths([500.0] * 6, [600.0] * 6))[1] == (1, 1, None)  # nor is one that is watched longer


def test_when_nobody_was_watched_for_so_long_nothing_is_told() -> None:
    assert told(lengths([10, 10, 10, 10, 10, 10], [20, 20]))[1] == (None, None, Withheld.TOO_MANY_LOST)


@pytest.mark.parametrize(
    ("shortest", "longest", "differ"), [(0.4, 0.5, False), (0.39, 0.5, True), (0, 0, False), (0, 0.1, True)]
)
def test_both_are_told_when_they_differ_by_more_than_a_fifth(
    shortest: float, longest: float, differ: bool
) -> None:
    assert Odds(MINUTE, 9, 6, shortest, longest).differ is differ
    assert Odds(MINUTE, 9, 6).differ is False


def test_the_odds_of_the_shortest_lengths_and_of_the_longest_stand_beside_each_other() -> None:
    ((low, high, _), *_) = told(lengths([20, 20, 40, 40, 60, 60], either_way=15))
    assert low == pytest.approx(2 / 6)
    assert high == 1


def test_a_median_needs_six_quartiles_thirteen_and_nine_in_ten_thirty_six() -> None:
    for count, known in ((5, 0), (6, 1), (12, 1), (13, 3), (35, 3), (36, 4)):
        found = quantiles_of(lengths(range(count)))
        assert sum(quantile.is_known for quantile in found) == known
    assert quantiles_of(lengths([1, 2, 3]))[1] == Quantile(0.5, 3, 6)


def test_the_bounds_of_a_median_are_those_of_the_shortest_and_of_the_longest_lengths() -> None:
    _, median, *_ = quantiles_of(lengths(range(100, 112), either_way=15))
    assert median == Quantile(0.5, 12, 6, 105 * SECOND, 87 * SECOND, 124 * SECOND)


def test_one_that_was_lost_may_have_lasted_for_any_time() -> None:
    _, median, *_ = quantiles_of(lengths([10, 20, 30, 40, 50], [5]))
    assert median == Quantile(0.5, 6, 6, 30 * SECOND, 5 * SECOND, None)


def test_the_median_itself_is_not_told_when_too_many_were_lost_before() -> None:
    _, median, *_ = quantiles_of(lengths([50, 60, 70, 80], [10, 10]))
    assert (median.estimate, median.low, median.high) == (None, 10 * SECOND, None)


def test_a_median_that_was_not_reached_has_only_a_lower_bound() -> None:
    _, median, *_ = quantiles_of(lengths([10], [20] * 8))
    assert (median.estimate, median.low, median.high) == (None, 20 * SECOND, None)
