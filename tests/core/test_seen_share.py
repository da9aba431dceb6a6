"""The share of windows that the polls can have seen."""

import random
from math import exp

import pytest

from monitor.core.seen_share import SeenShare


@pytest.mark.parametrize(("mean", "share"), [(0.2, 0.1987), (1, 0.6321), (4, 0.8848)])
def test_the_formula_is_the_chance_that_a_poll_falls_into_a_window(mean: float, share: float) -> None:
    """mean: of exponential lengths, in intervals between polls; share = mean (1 - exp(-1 / mean))."""
    again = round(1_000_000 * exp(-1 / mean))
    assert SeenShare(again, 1_000_000).estimate == pytest.approx(share, abs=0.0001)


def test_it_finds_again_what_a_simulation_hid() -> None:
    chance = random.Random(5)
    windows = [(chance.random(), chance.expovariate(1 / 0.8)) for _ in range(40_000)]
    polls = [
        int(begin + length) for begin, length in windows
    ]  # polls come at 1, 2, 3 … after a begin in 0..1
    seen = [count for count in polls if count]
    estimate = SeenShare(sum(count > 1 for count in seen), len(seen)).estimate
    assert estimate == pytest.approx(len(seen) / len(windows), abs=0.01)


def test_when_every_window_was_seen_again_none_is_missed() -> None:
    assert SeenShare(9, 9).estimate == 1


def test_when_none_was_seen_again_next_to_none_is_seen() -> None:
    assert SeenShare(0, 9).estimate == 0


def test_without_windows_nothing_is_estimated() -> None:
    assert SeenShare(0, 0).estimate is None
