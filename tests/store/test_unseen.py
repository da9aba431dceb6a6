"""When nothing was told of the stock: failed polls, and a monitor that did not run."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.product import Feed
from monitor.core.timeline import Stretch
from monitor.store.unseen import feeds_since, unseen
from tests.store.ground import FEED, NOON, TIMEOUT, Monitor, listing, new_store, seen
from tests.store.test_housekeeping import keep_house

TICK = timedelta(seconds=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OTHER = Feed("other", 2)
OK = listing({"PRD-1": seen(1)})


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine, feeds=(FEED, OTHER))


def found(monitor: Monitor, since: timedelta = DAY, later: timedelta = TICK) -> tuple[Stretch, ...]:
    now = monitor.now + later
    return monitor.write(lambda c: unseen(c, now - since, now))[FEED]


def test_failed_polls_last_from_the_first_of_them_to_the_next_answer(monitor: Monitor) -> None:
    for answer in (OK, TIMEOUT, TIMEOUT, OK, OK, TIMEOUT, OK):
        monitor.poll(answer)
    assert found(monitor, since=7 * TICK) == (
        Stretch(NOON + 2 * TICK, NOON + 4 * TICK),
        Stretch(NOON + 6 * TICK, NOON + 7 * TICK),
    )


def test_a_failure_that_goes_on_lasts_until_now(monitor: Monitor) -> None:
    for answer in (OK, TIMEOUT, TIMEOUT):
        monitor.poll(answer)
    assert found(monitor, since=3 * TICK) == (Stretch(NOON + 2 * TICK, NOON + 4 * TICK),)


def test_silence_longer_than_four_intervals_is_unseen(monitor: Monitor) -> None:
    for later in (TICK, TICK, 4 * TICK, 5 * TICK, TICK):
        monitor.poll(OK, later=later)
    assert found(monitor, since=12 * TICK) == (Stretch(NOON + 6 * TICK, NOON + 11 * TICK),)


def test_the_interval_is_read_from_the_polls(monitor: Monitor) -> None:
    for _ in range(4):
        monitor.poll(OK, later=HOUR)
    assert found(monitor, since=3 * HOUR, later=HOUR) == ()


def test_a_failure_after_a_silence_begins_with_the_silence(monitor: Monitor) -> None:
    for answer, later in ((OK, TICK), (OK, TICK), (TIMEOUT, HOUR), (OK, TICK)):
        monitor.poll(answer, later=later)
    assert found(monitor, since=2 * HOUR)[-1] == Stretch(NOON + 2 * TICK, monitor.now)


def test_a_monitor_that_no_longer_runs_sees_nothing(monitor: Monitor) -> None:
    monitor.poll(OK)
    monitor.poll(OK)
    assert found(monitor, since=HOUR + TICK, later=HOUR) == (Stretch(monitor.now, monitor.now + HOUR),)


def test_time_before_the_first_poll_is_unseen(monitor: Monitor) -> None:
    monitor.poll(OK)
    assert found(monitor, since=HOUR) == (Stretch(NOON + 2 * TICK - HOUR, NOON + TICK),)


def test_polls_that_were_thinned_leave_no_hole(monitor: Monitor) -> None:
    for answer in [OK] * 700 + [TIMEOUT] + [OK] * 20:
        monitor.poll(answer, later=4 * TICK)
    failed_at = NOON + 701 * 4 * TICK
    keep_house(monitor, 40 * DAY)
    now = NOON + 40 * DAY
    stretches = monitor.write(lambda c: unseen(c, NOON, now))[FEED]
    assert stretches == (Stretch(failed_at, failed_at + 4 * TICK), Stretch(monitor.now, now))


def test_each_feed_has_its_own_stretches(monitor: Monitor) -> None:
    for _ in range(3):
        monitor.poll(OK)
        monitor.poll(TIMEOUT, OTHER, later=timedelta(0))
    now = monitor.now
    by_feed = monitor.write(lambda c: unseen(c, NOON + TICK, now))
    assert by_feed == {FEED: (), OTHER: (Stretch(NOON + TICK, now),)}


def test_the_feeds_are_those_that_were_polled(monitor: Monitor) -> None:
    monitor.poll(OK, OTHER)
    monitor.poll(OK, later=HOUR)
    assert monitor.write(lambda c: feeds_since(c, NOON)) == (FEED, OTHER)
    assert monitor.write(lambda c: feeds_since(c, NOON + HOUR)) == (FEED,)


def test_each_stretch_knows_the_last_answer_before_it(monitor: Monitor) -> None:
    for answer in (OK, OK, OK, TIMEOUT, OK):
        monitor.poll(answer)
    monitor.poll(OK, later=HOUR)
    monitor.poll(TIMEOUT, later=HOUR)
    told = [(stretch.start - NOON, stretch.answered_at) for stretch in found(monitor, since=3 * HOUR)]
    assert told[1:] == [
        (4 * TICK, NOON + 3 * TICK),
        (5 * TICK, NOON + 5 * TICK),
        (5 * TICK + HOUR, NOON + 5 * TICK + HOUR),
    ]
    assert told[0][1] is None  # nothing was before the first poll
