"""The product-limit estimate, held against tables worked by hand and against the plain definition."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.survival import Sample, length_at, outlasting

# Weeks of remission of 21 patients under 6-MP, and of 21 under a placebo (Freireich et al., Blood 21, 1963),
# the example of most textbooks since D. R. Cox (1972).
TREATED = Sample([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
PLACEBO = Sample([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [])


@pytest.mark.parametrize(
    ("week", "share"),
    [
        *((5, 1), (6, 0.857), (7, 0.807), (9, 0.807), (10, 0.753), (12, 0.753)),
        *((13, 0.690), (16, 0.627), (21, 0.627), (22, 0.538), (23, 0.448), (35, 0.448)),
    ],
)
def test_the_table_of_the_textbooks_comes_out(week: int, share: float) -> None:
    assert outlasting(TREATED, week) == pytest.approx(share, abs=0.0005)


@pytest.mark.parametrize(("week", "left"), [(0, 21), (1, 19), (2, 17), (4, 14), (8, 8), (12, 4), (23, 0)])
def test_when_none_is_lost_it_is_the_plain_share(week: int, left: int) -> None:
    assert outlasting(PLACEBO, week) == pytest.approx(left / 21)


def test_the_medians_are_those_of_the_textbooks() -> None:
    assert (length_at(TREATED, 0.5), length_at(PLACEBO, 0.5)) == (23, 8)


def test_a_table_worked_by_hand() -> None:
    """Of 6: at 2 one of 6 ends, at 3 one is lost, at 5 two of 4 end, at 7 one is lost, at 9 the last ends."""
    sample = Sample([2, 5, 5, 9], [3, 7])
    shares = [outlasting(sample, at) for at in (1, 2, 3, 4, 5, 8, 9)]
    assert shares == pytest.approx([1, 5 / 6, 5 / 6, 5 / 6, 5 / 12, 5 / 12, 0])
    assert [length_at(sample, share) for share in (0.1, 0.5, 0.75)] == [2, 5, 9]


def test_beyond_the_last_that_was_watched_nothing_is_told() -> None:
    sample = Sample([2], [3, 4])
    assert outlasting(sample, 4) == pytest.approx(2 / 3)
    assert outlasting(sample, 5) is None
    assert (length_at(sample, 0.3), length_at(sample, 0.5)) == (2, None)


def test_what_ends_at_the_very_time_at_which_another_is_lost_ends_before() -> None:
    assert outlasting(Sample([3], [3]), 3) == 0.5


def test_of_nothing_nothing_is_told() -> None:
    nothing = Sample([], [])
    assert (outlasting(nothing, 5), length_at(nothing, 0.5), nothing.lost_by(5)) == (None, None, 0)


def test_the_share_that_was_lost_counts_those_before_only() -> None:
    assert [Sample([1, 9], [2, 4]).lost_by(at) for at in (2, 3, 5)] == [0, 0.25, 0.5]


times = st.lists(st.integers(0, 12), max_size=12).map(sorted)


@settings(deadline=None)
@given(times, times, st.integers(0, 14))
def test_it_is_the_product_over_all_ends(ended: list[int], lost: list[int], at: int) -> None:
    sample = Sample(ended, lost)
    share = 1.0
    for end in sorted({time for time in ended if time <= at}):
        share *= 1 - ended.count(end) / at_risk([*ended, *lost], end)
    told = outlasting(sample, at)
    if told is None:
        assert not at_risk([*ended, *lost], at)
        assert share > 0
    else:
        assert told == pytest.approx(share)


@settings(deadline=None)
@given(times, times, st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_a_quantile_is_the_first_end_that_few_enough_outlast(
    ended: list[int], lost: list[int], share: float
) -> None:
    sample = Sample(ended, lost)
    fits = [time for time in ended if (outlasting(sample, time) or 0) <= 1 - share + 1e-9]
    assert length_at(sample, share) == min(fits, default=None)


def at_risk(all_of_them: Iterable[int], at: int) -> int:
    return sum(time >= at for time in all_of_them)
