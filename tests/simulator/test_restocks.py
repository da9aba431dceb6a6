"""The parts of a made-up past: openings with a rhythm, stories of products, troubles, and when was polled."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from random import Random

import pytest

from monitor.core.answer import Failed, FailureKind
from monitor.core.moment import from_ms, to_ms
from monitor.simulator.assortment import assortment
from monitor.simulator.offer import Offer
from monitor.simulator.polling import Sent, polls
from monitor.simulator.restocks import LONGEST, SHORTEST, Habit, Moment, restocks
from monitor.simulator.rhythm import BEIJING, HOURS, holidays, weight
from monitor.simulator.stock import Steady
from monitor.simulator.story import story
from monitor.simulator.troubles import TIMEOUT, Trouble, troubles

START = datetime(2026, 8, 3, tzinfo=BEIJING)
START_MS = to_ms(START)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HABIT = Habit(20, timedelta(minutes=4), 6, blocked_share=0.2)
BUSY = Failed(FailureKind.SERVER_ERROR, "server error (HTTP 500)")


def moments(habit: Habit, days: int, seed: int = 1) -> list[Moment]:
    until = START_MS + days * DAY_MS
    return list(takewhile(lambda moment: moment[0] < until, restocks(Random(seed), habit, START_MS)))


def lasting(told: list[Moment]) -> list[tuple[int, int]]:
    """When each stretch with stock, blocked or not, began and how long it was."""
    begun, found = None, []
    for at, stock in told:
        if stock.remaining and begun is None:
            begun = at
        elif not stock.remaining and begun is not None:
            found.append((begun, at - begun))
            begun = None
    return found


def test_windows_last_from_seconds_to_hours_around_their_median() -> None:
    found = sorted(length for _, length in lasting(moments(HABIT, 200)))
    assert timedelta(milliseconds=found[0]) >= SHORTEST
    assert timedelta(milliseconds=found[-1]) <= LONGEST
    assert found[0] < 20_000
    assert found[-1] > HOUR_MS
    assert 180_000 < found[len(found) // 2] < 320_000


def test_time_goes_on_and_counts_fall_to_none() -> None:
    told = moments(HABIT, 100)
    assert all(later[0] > earlier[0] for earlier, later in pairwise(told))
    falls = Counter(
        later.remaining < earlier.remaining for (_, earlier), (_, later) in pairwise(told) if later != earlier
    )
    assert falls[True] > falls[False]
    assert max(stock.remaining for _, stock in told) <= HABIT.peak + 1


def test_openings_come_in_bursts() -> None:
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(lasting(moments(HABIT, 200)))]
    soon = sum(gap < 45 * 60_000 for gap in gaps) / len(gaps)
    assert 0.4 < soon < 0.75  # one in 2.2 openings is the last of its burst


def test_most_openings_are_by_day_and_on_work_days() -> None:
    opened = [from_ms(at).astimezone(BEIJING) for at, _ in lasting(moments(HABIT, 350))]
    by_day, by_night = (sum(at.hour in hours for at in opened) for hours in (range(9, 18), range(6)))
    work, rest = (sum((at.weekday() < 5) is is_work for at in opened) for is_work in (True, False))
    assert by_day > 5 * by_night
    assert work / 5 > 1.5 * rest / 2


def test_a_part_of_the_windows_is_blocked_at_first() -> None:
    told = moments(HABIT, 200)
    first = [after for (_, before), (_, after) in pairwise(told) if after.remaining and not before.remaining]
    blocked = sum(stock.stock_error is not None for stock in first) / len(first)
    assert 0.15 < blocked < 0.25


def test_the_weight_of_an_hour_is_one_on_average_and_small_in_holidays() -> None:
    assert sum(HOURS) == pytest.approx(24)
    year = [weight(START_MS + hour * HOUR_MS) for hour in range(7 * 24)]
    assert sum(year) / len(year) == pytest.approx(1, abs=0.05)
    noon = datetime(2026, 10, 1, 12, tzinfo=BEIJING)
    assert weight(to_ms(noon)) < weight(to_ms(noon + timedelta(days=10))) / 3


def test_holidays_are_those_of_beijing() -> None:
    found = holidays(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 5, 2, 20, tzinfo=UTC))
    assert found[0] == date(2026, 2, 16)
    assert found[8:] == [date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3)]


def test_a_story_changes_its_price_and_its_rows_are_garbled_for_a_while() -> None:
    offer = Offer("A", "a", 1, price="2")
    told = list(story(1, offer, HABIT, START_MS, START_MS + 200 * DAY_MS))
    assert told[0][0] == START_MS
    assert len({shown.price for _, shown in told}) > 3
    assert 5 < sum(shown.garbled and not before.garbled for (_, before), (_, shown) in pairwise(told)) < 60
    assert all(later != earlier for (_, earlier), (_, later) in pairwise(told))
    assert told == list(story(1, offer, HABIT, START_MS, START_MS + 200 * DAY_MS))
    assert told != list(story(2, offer, HABIT, START_MS, START_MS + 200 * DAY_MS))


def test_what_is_always_there_is_never_garbled() -> None:
    told = list(story(1, Offer("A", "a", 1), Steady(6), START_MS, START_MS + 200 * DAY_MS))
    assert {(shown.stock.remaining, shown.garbled) for _, shown in told} == {(6, False)}


@pytest.mark.parametrize("products", [1, 12, 40])
def test_an_assortment_has_as_many_different_products_as_wanted(products: int) -> None:
    offers = [offer for offer, _ in assortment(1, products)]
    assert len({offer.identity for offer in offers}) == len(offers) == products


def test_troubles_follow_each_other() -> None:
    found = troubles(1, START_MS, START_MS + 300 * DAY_MS)
    assert all(earlier.until_ms < later.from_ms for earlier, later in pairwise(found))
    kinds = Counter(trouble.failed is None for trouble in found)
    assert 40 < kinds[True] < 120
    assert 80 < kinds[False] < 220


def test_polls_keep_to_their_grid() -> None:
    sent = list(polls(1, [], START_MS, START_MS + HOUR_MS))
    assert len(sent) == 240
    assert all(0 <= poll.at_ms - START_MS - 15_000 * number < 10 for number, poll in enumerate(sent))


def test_a_provider_that_fails_is_left_alone_for_longer_each_time() -> None:
    found = _gaps([Trouble(START_MS + 60_000, START_MS + 400_000, BUSY)])
    assert [round(gap / 15_000) for gap in found[4:9]] == [2, 4, 4, 4, 4]
    assert [round(gap / 15_000) for gap in found[-3:]] == [1, 1, 1]


def test_a_timeout_is_tried_again_at_the_next_slot() -> None:
    sent = list(
        polls(1, [Trouble(START_MS + 60_000, START_MS + 120_000, TIMEOUT)], START_MS, START_MS + HOUR_MS)
    )
    assert [poll.failed for poll in sent[3:9]] == [None, *[TIMEOUT] * 4, None]
    assert {poll.took_ms for poll in sent if poll.failed} == {10_000}


def test_a_monitor_that_was_off_begins_a_grid_of_its_own() -> None:
    found = _gaps([Trouble(START_MS + 61_000, START_MS + 300_500, None)])
    assert max(found) > 225_000
    assert {round(gap / 15_000) for gap in found if gap < 20_000} == {1}


def _gaps(trouble: list[Trouble]) -> list[int]:
    sent: list[Sent] = list(islice(polls(1, trouble, START_MS, START_MS + HOUR_MS), 100))
    return [later.at_ms - earlier.at_ms for earlier, later in pairwise(sent)]
