"""Thinning and forgetting: what goes, what must stay, and that nobody notices."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.backoff import Accepted
from monitor.core.decision import Notice, NoticeKind
from monitor.core.product import Feed
from monitor.store.announce import end_episode, raise_notice
from monitor.store.housekeeping import Housekeeping
from monitor.store.world import Stored, load
from tests.store.ground import FEED, H800, NOON, TIMEOUT, Monitor, listing, new_store, seen
from tests.store.test_outbox import SLACK, decide, fired, take, try_once
from tests.store.test_world_property import FEEDS, Truth, random_answer, told, view

DAY = timedelta(days=1)
KEEP = timedelta(days=400)
SLOWLY = timedelta(minutes=10)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine, feeds=FEEDS)


def keep_house(monitor: Monitor, later: timedelta, house: Housekeeping | None = None) -> None:
    house = house or Housekeeping(KEEP)
    now = monitor.now + later
    for _ in range(1000):
        if not monitor.write(lambda c: house.step(c, now)):
            return
    pytest.fail("housekeeping does not come to an end")


def known(monitor: Monitor) -> Stored:
    """What a start finds, but for the very poll at which an absent product was believed to be gone."""
    stored = monitor.write(lambda c: load(c, FEEDS, monitor.now))
    return replace(stored, products=tuple(replace(p, left_at=None) for p in stored.products))


def polls(monitor: Monitor) -> list[object]:
    return [row[0] for row in monitor.rows("SELECT id FROM poll ORDER BY id")]


def random_history(monitor: Monitor, seed: int, length: int) -> Truth:
    """Mostly the same answers, so that there is something to thin."""
    chance = random.Random(seed)
    truth: Truth = {}
    answers = {feed: random_answer(chance, feed) for feed in FEEDS}
    for _ in range(length):
        feed = chance.choice(FEEDS)
        if chance.random() < 0.1:
            answers[feed] = random_answer(chance, feed)
        decision, committed = monitor.poll(answers[feed], feed, timedelta(minutes=4))
        if decision.poll is not None and decision.poll.reason is None and committed.poll_id is not None:
            truth[committed.poll_id] = told(monitor.world, feed)
    return truth


def test_ok_polls_thin_to_one_an_hour(monitor: Monitor) -> None:
    for _ in range(18):
        monitor.poll(listing({"PRD-1": seen(3)}), later=SLOWLY)
    keep_house(monitor, 31 * DAY)
    assert polls(monitor) == [1, 6, 12, 18]


def test_young_polls_stay(monitor: Monitor) -> None:
    for _ in range(18):
        monitor.poll(listing({"PRD-1": seen(3)}), later=SLOWLY)
    keep_house(monitor, 29 * DAY)
    assert len(polls(monitor)) == 18


def test_both_sides_of_a_change_stay(monitor: Monitor) -> None:
    for remaining in (3, 3, 3, 0, 0, 0):
        monitor.poll(listing({"PRD-1": seen(remaining)}), later=timedelta(seconds=15))
    keep_house(monitor, 31 * DAY)
    assert polls(monitor) == [1, 3, 4, 6]


def test_both_sides_of_a_change_of_price_stay(monitor: Monitor) -> None:
    for attributes in (seen(1).attributes,) * 3 + (H800,) * 3:
        monitor.poll(listing({"PRD-1": seen(1, attributes=attributes)}))
    keep_house(monitor, 31 * DAY)
    assert polls(monitor) == [1, 3, 4, 6]


def test_the_neighbours_of_a_failure_stay_and_so_do_its_ends(monitor: Monitor) -> None:
    ok = listing({"PRD-1": seen(3)})
    for answer in (ok, ok, ok, TIMEOUT, TIMEOUT, TIMEOUT, TIMEOUT, ok, ok, ok):
        monitor.poll(answer)
    keep_house(monitor, 31 * DAY)
    assert polls(monitor) == [1, 3, 4, 7, 8, 10]


@pytest.mark.parametrize("seed", range(6))
def test_the_view_loses_nothing_about_the_polls_that_are_kept(monitor: Monitor, seed: int) -> None:
    truth = random_history(monitor, seed, 300)
    starts = {row[0] for row in monitor.rows("SELECT first_poll_id FROM snapshot")}
    loaded = known(monitor)
    keep_house(monitor, 31 * DAY)
    kept = polls(monitor)
    assert len(kept) < 250
    assert starts <= set(kept)
    assert view(monitor) == {poll_id: rows for poll_id, rows in truth.items() if poll_id in kept}
    assert known(monitor) == loaded
    keep_house(monitor, 31 * DAY)
    assert polls(monitor) == kept


def test_the_uncertainty_of_every_span_is_the_same_after_thinning(monitor: Monitor) -> None:
    random_history(monitor, 7, 300)
    before = (
        "SELECT product_id, first_poll_id, (SELECT max(poll.id) FROM poll WHERE poll.id < first_poll_id"
        " AND poll.source_id = product.source_id AND (poll.aidc_id IS NULL OR poll.aidc_id = product.aidc_id)"
        " AND outcome = 'ok') FROM snapshot JOIN product ON product.id = product_id"
    )
    uncertainty = monitor.rows(before)
    keep_house(monitor, 31 * DAY)
    assert monitor.rows(before) == uncertainty


def test_thinning_goes_on_where_it_was(monitor: Monitor) -> None:
    house = Housekeeping(KEEP)
    for _ in range(3):
        for _ in range(700):
            monitor.poll(listing({"PRD-1": seen(3)}), later=timedelta(seconds=60))
        keep_house(monitor, 31 * DAY, house)
    assert len(polls(monitor)) <= 700 * 3 / 60 + 2


def test_a_slice_that_was_rolled_back_is_done_again(monitor: Monitor) -> None:
    for _ in range(700):
        monitor.poll(listing({"PRD-1": seen(3)}), later=timedelta(seconds=60))
    house = Housekeeping(KEEP)
    now = monitor.now + 31 * DAY
    for _ in range(2):
        with monitor.engine.connect() as connection:
            connection.begin()
            house.step(connection, now)
            connection.rollback()
    assert len(polls(monitor)) == 700
    keep_house(monitor, 31 * DAY, house)
    assert len(polls(monitor)) <= 700 / 60 + 2


def test_closed_spans_and_old_polls_go_and_an_open_span_stays(monitor: Monitor) -> None:
    for remaining in (1, 2, 3, 3, 3):
        monitor.poll(listing({"PRD-1": seen(remaining)}))
    keep_house(monitor, 401 * DAY)
    assert monitor.rows("SELECT first_poll_id, until_poll_id, remaining_count FROM snapshot") == [
        (3, None, 3)
    ]
    assert polls(monitor) == [2, 3, 5]
    assert monitor.rows("SELECT remaining_count FROM observation WHERE poll_id = 3") == [(3,)]


def test_a_closed_span_stays_while_it_reaches_into_what_is_kept(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    monitor.poll(listing({"PRD-1": seen(1)}), later=399 * DAY)
    monitor.poll(listing({"PRD-1": seen(2)}))
    keep_house(monitor, 2 * DAY)
    assert monitor.rows("SELECT first_poll_id, until_poll_id FROM snapshot") == [(1, 3), (3, None)]
    assert polls(monitor) == [1, 2, 3]


@pytest.mark.parametrize("seed", range(4))
def test_after_forgetting_the_view_is_right_about_what_began_with_a_kept_span(
    monitor: Monitor, seed: int
) -> None:
    truth = random_history(monitor, seed, 200)
    keep_house(monitor, 401 * DAY)
    assert len(polls(monitor)) < 30
    assert monitor.rows("SELECT count(*) FROM snapshot WHERE until_poll_id IS NOT NULL") == [(0,)]
    for poll_id, rows in view(monitor).items():
        assert rows.items() <= truth[poll_id].items()


def test_changes_of_attributes_go_when_no_poll_is_left_that_saw_the_old_value(monitor: Monitor) -> None:
    random_history(monitor, 3, 200)
    assert monitor.rows("SELECT count(*) > 5 FROM product_change") == [(1,)]
    monitor.poll(listing({"PRD-1": seen(1)}), FEED, 800 * DAY)
    keep_house(monitor, timedelta(0))
    kept = monitor.rows("SELECT count(*) FROM product_change")[0][0]
    assert isinstance(kept, int)
    assert kept <= len(polls(monitor)) * 8


def test_what_was_told_long_ago_goes_with_its_deliveries_and_attempts(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    try_once(monitor, Accepted())
    notice = Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, SLACK)
    monitor.write(lambda c: raise_notice(c, notice))
    try_once(monitor, Accepted())
    monitor.write(lambda c: end_episode(c, NoticeKind.BLIND, "alaya", monitor.now_ms))
    keep_house(monitor, 401 * DAY)
    for table in ("transition", "notice", "delivery", "attempt"):
        assert monitor.rows(f"SELECT count(*) FROM {table}") == [(0,)]


def test_what_is_not_over_is_not_forgotten(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    monitor.write(lambda c: raise_notice(c, Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, ())))
    monitor.poll(listing({"PRD-2": seen(3)}))
    take(monitor)
    monitor.write(lambda c: c.exec_driver_sql("UPDATE delivery SET state = 'sent' WHERE transition_id = 2"))
    keep_house(monitor, 401 * DAY)
    assert monitor.rows("SELECT count(*) FROM transition") == [(2,)]
    assert monitor.rows("SELECT count(*) FROM notice") == [(1,)]


@pytest.mark.parametrize("state", ["pending", "retry"])
def test_what_has_yet_to_be_told_is_not_forgotten(monitor: Monitor, state: str) -> None:
    decide(monitor, fired("PRD-1"))
    monitor.write(lambda c: raise_notice(c, Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, SLACK)))
    monitor.write(lambda c: end_episode(c, NoticeKind.BLIND, "alaya", monitor.now_ms))
    monitor.write(lambda c: c.exec_driver_sql("UPDATE delivery SET state = ?", (state,)))
    monitor.write(lambda c: c.exec_driver_sql("DELETE FROM alert"))
    keep_house(monitor, 401 * DAY)
    assert monitor.rows("SELECT state FROM delivery") == [(state,), (state,)]


def test_space_is_given_back_to_the_disk(monitor: Monitor) -> None:
    excerpt = "x" * 1000
    monitor.poll(listing({"PRD-1": seen(3)}))
    for _ in range(3000):
        monitor.write(
            lambda c: c.exec_driver_sql(
                "INSERT INTO poll SELECT NULL, source_id, aidc_id, at, 0, 'failed', ?, ?, 0, 0, 0 FROM poll"
                " WHERE id = 1",
                (excerpt, excerpt),
            )
        )
    (before,) = monitor.rows("PRAGMA page_count")[0]
    keep_house(monitor, 401 * DAY)
    (after,) = monitor.rows("PRAGMA page_count")[0]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after < before / 2


def test_the_polls_of_one_feed_do_not_stand_for_those_of_another(monitor: Monitor) -> None:
    other = Feed("other", 1)
    for _ in range(10):
        monitor.poll(listing({"PRD-1": seen(3)}), later=SLOWLY)
        monitor.poll(listing({"PRD-1": seen(3)}), other, later=SLOWLY)
    keep_house(monitor, 31 * DAY)
    by_feed = monitor.rows("SELECT source_id, count(*) FROM poll GROUP BY 1 ORDER BY 1")
    assert by_feed == [(1, 4), (2, 5)]
