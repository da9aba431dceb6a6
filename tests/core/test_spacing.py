"""Openings of one alert, spaced."""

from datetime import datetime

import pytest

from monitor.core.spacing import Spacing, after_announcement, after_opening, after_resolve
from tests.core.builders import MINUTE, SECOND, START


def _opened_and_told(spacing: Spacing | None, at: datetime) -> Spacing:
    return after_announcement(after_opening(spacing, MINUTE, at), at)


def _told(times: int) -> Spacing:
    """An episode with so many announced openings, all of them at START."""
    spacing = None
    for _ in range(times):
        spacing = _opened_and_told(spacing, START)
    assert spacing is not None
    return spacing


def test_the_first_opening_is_announced_at_once() -> None:
    assert after_opening(None, MINUTE, START).allows(MINUTE, START)


@pytest.mark.parametrize(("told", "gap"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (5000, 8)])
def test_the_gap_doubles_with_each_announced_opening_up_to_eight(told: int, gap: int) -> None:
    spacing = _told(told)

    assert not spacing.allows(MINUTE, START + gap * MINUTE - SECOND)
    assert spacing.allows(MINUTE, START + gap * MINUTE)


def test_an_opening_that_was_not_announced_leaves_the_gap() -> None:
    spacing = after_opening(_told(1), MINUTE, START + 30 * SECOND)

    assert (spacing.openings, spacing.announced) == (2, 1)
    assert spacing.allows(MINUTE, START + MINUTE)


def test_an_episode_is_over_when_eight_gaps_have_passed_without_an_edge() -> None:
    spacing = after_resolve(_told(4), START + MINUTE)
    assert spacing is not None

    still = after_opening(spacing, MINUTE, START + 9 * MINUTE - SECOND)
    anew = after_opening(spacing, MINUTE, START + 9 * MINUTE)

    assert (still.openings, still.since, still.announced) == (5, START, 4)
    assert (anew.openings, anew.since, anew.announced) == (1, START + 9 * MINUTE, 0)


def test_an_opening_is_an_edge_like_any_other() -> None:
    spacing = after_opening(_told(1), MINUTE, START + 7 * MINUTE)

    assert after_opening(spacing, MINUTE, START + 14 * MINUTE).since == START


def test_without_a_gap_every_opening_is_a_new_episode() -> None:
    spacing = _opened_and_told(None, START)

    assert after_opening(spacing, MINUTE * 0, START).allows(MINUTE * 0, START)


def test_an_edge_that_a_clock_step_left_in_the_future_reads_as_now() -> None:
    spacing = _opened_and_told(None, START + 60 * MINUTE)

    assert not spacing.allows(MINUTE, START)
    assert not spacing.is_over(MINUTE, START)


def test_a_resolve_without_an_episode_begins_none() -> None:
    assert after_resolve(None, START) is None


@pytest.mark.parametrize("told", [1, 2, 3, 4, 5])
def test_it_says_when_an_opening_may_be_announced_again(told: int) -> None:
    spacing = _told(told)
    again = spacing.allowed_at(MINUTE)
    assert again is not None
    assert spacing.allows(MINUTE, again)
    assert not spacing.allows(MINUTE, again - SECOND)


def test_where_nothing_was_announced_an_opening_always_may_be() -> None:
    assert after_opening(None, MINUTE, START).allowed_at(MINUTE) is None
