"""Statistics as a person reads them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monitor.cli.stats_text import (
    nodes_text,
    observed_text,
    odds_cell,
    odds_texts,
    prices_text,
    quantile_cell,
    seen_share_text,
    windows_text,
)
from monitor.core.odds import Odds, Quantile, Withheld
from monitor.core.price import PriceRange
from monitor.core.seen_share import SeenShare
from monitor.core.stats import HourOfWeek, Statistics

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NOTHING = Statistics(
    NOON,
    NOON + 10 * HOUR,
    observed=0 * HOUR,
    available=0 * HOUR,
    windows=0,
    opening_unseen=0,
    end_unseen=0,
    open_now=0,
    last_opened_at=None,
    lasts=(),
    between=(),
    odds=(),
    seen_share=SeenShare(0, 0),
    peak=None,
    most=0,
    drained_per_minute=None,
    hours=(HourOfWeek(0 * HOUR, 0 * HOUR),) * 168,
)


@pytest.mark.parametrize(
    ("odds", "sentence", "cell"),
    [
        (Odds(30 * SECOND, 9, 6, 0.684, 0.71), "68% of windows outlast 30 s", "68%"),
        (
            Odds(30 * SECOND, 9, 6, 0.5, 0.8),
            "50% to 80% of windows outlast 30 s (the polls tell no more exactly)",
            "50-80%",
        ),
        (Odds(10 * MINUTE, 9, 6, 0, 0), "0% of windows outlast 10 min", "0%"),
        (Odds(2 * MINUTE, 9, 6, 0.999, 1), ">99% of windows outlast 2 min", ">99%"),
        (
            Odds(10 * MINUTE, 9, 6, withheld=Withheld.TOO_MANY_LOST),
            "how many of windows outlast 10 min is not told: too many were lost from sight before",
            "not known",
        ),
    ],
)
def test_odds_are_a_sentence_and_a_cell(odds: Odds, sentence: str, cell: str) -> None:
    assert list(odds_texts([odds])) == [sentence]
    assert odds_cell(odds) == cell


def test_too_few_windows_are_told_once() -> None:
    few = [Odds(time, 3, 6, withheld=Withheld.TOO_FEW) for time in (SECOND, MINUTE)]
    assert list(odds_texts(few)) == ["odds: not enough data (3 of 6)"]
    assert odds_cell(few[0]) == "not enough data (3 of 6)"


@pytest.mark.parametrize(
    ("found", "cell"),
    [
        ((), "not enough data (5 of 6)"),
        ((3 * MINUTE, 2 * MINUTE, 5 * MINUTE), "3 min (2 min - 5 min)"),
        ((3 * MINUTE, 2 * MINUTE, None), "3 min (2 min or more)"),
        ((None, 2 * MINUTE, None), "(2 min or more)"),
    ],
)
def test_a_quantile_stands_with_the_bounds_that_are_sure(
    found: Sequence[timedelta | None], cell: str
) -> None:
    assert quantile_cell(Quantile(0.5, 5, 6, *found)) == cell


def test_how_much_was_watched_comes_before_any_share_of_it() -> None:
    assert observed_text(NOTHING) == "watched 0 s of 10 h (0%)"
    half = replace(NOTHING, observed=5 * HOUR, available=HOUR)
    assert observed_text(half) == "watched 5 h of 10 h (50%); in stock 20% of that"


def test_openings_are_told_apart_from_what_nobody_saw() -> None:
    assert windows_text(NOTHING) == "0 openings seen"
    found = replace(NOTHING, windows=4, opening_unseen=3, end_unseen=1, open_now=1)
    assert windows_text(found) == (
        "1 opening seen, found open 3 times, lost from sight while open once, open now"
    )


def test_windows_that_are_too_short_to_be_seen_are_estimated() -> None:
    assert seen_share_text(SeenShare(8, 10), 6) == (
        "2 of 10 windows were seen by one poll only: about 90% of all windows are long enough to be seen"
    )
    assert seen_share_text(SeenShare(0, 10), 6) == (
        "10 of 10 windows were seen by one poll only: most are too short to be seen at all"
    )
    assert [seen_share_text(seen, 6) for seen in (SeenShare(10, 10), SeenShare(4, 5), SeenShare(0, 0))] == (
        [None, None, None]
    )


def test_nodes_are_told_with_their_pace_where_it_is_known() -> None:
    assert nodes_text(NOTHING) is None
    found = replace(NOTHING, windows=1, most=6)
    assert nodes_text(found) == "6 nodes at most"
    assert nodes_text(replace(found, peak=2.5)) == "usually 2.5 nodes, 6 at most"
    assert nodes_text(replace(found, peak=4.0, drained_per_minute=0.714)) == (
        "usually 4 nodes, 6 at most; 0.71 are taken a minute"
    )


def test_prices_have_their_unit() -> None:
    ranges = (
        PriceRange(11, Decimal(2), Decimal("2.50")),
        PriceRange(12, Decimal(9), Decimal(9)),
        PriceRange(None, Decimal(1), Decimal(1)),
    )
    assert prices_text(ranges, {11: "CNY/h"}) == ("price when it opened: 2 - 2.5 CNY/h, 9 (unit code 12), 1")
    assert prices_text((), {}) is None
