"""Polls that wait for the database: none is lost, and none decided twice."""

import asyncio
import logging
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.answer import FailureKind, Listing
from monitor.core.product import Feed, Seen
from monitor.daemon.ledger import HELD_ALIKE, MOST_HELD
from tests.core.builders import CODE, FEED, Answer, failed, rule
from tests.daemon.stage import Mood, a_ledger, edges

OUT, IN = {CODE: 0}, {CODE: 3}
TIMEOUT = failed()
SECOND = Feed("default", 2)


def stored(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def test_what_the_database_refuses_is_held_and_decided_later_in_order(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.store.mood = Mood.REFUSES
            answers: list[Answer] = [IN, OUT, IN, TIMEOUT, OUT]
            for number, answer in enumerate(answers, start=1):
                taken = await bench.poll(answer)
                assert str(taken.trouble) == "the disk is full"
                assert bench.ledger.holds == number
            bench.store.mood = Mood.FINE
            taken = await bench.ledger.retry()
            assert edges(taken) == ["fired", "resolved", "fired", "resolved"]
            assert taken.trouble is None
            assert bench.ledger.holds == 0

    asyncio.run(play())
    reasons = stored(file, "SELECT coalesce(reason, 'ok') FROM poll ORDER BY id")
    assert reasons == [("ok",), ("ok",), ("ok",), ("ok",), ("timeout",), ("ok",)]


def test_a_newer_poll_brings_the_held_ones_along(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.store.mood = Mood.REFUSES
            await bench.poll(IN)
            bench.store.mood = Mood.FINE
            assert edges(await bench.poll(OUT)) == ["fired", "resolved"]

    asyncio.run(play())


def test_of_equal_held_polls_the_first_ones_and_the_last_are_kept(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file, rule(hold_for=timedelta(seconds=60))) as bench:
            bench.store.mood = Mood.REFUSES
            await bench.poll(OUT)
            for _ in range(100):
                await bench.poll(IN)
            assert bench.ledger.holds == 1 + HELD_ALIKE
            bench.store.mood = Mood.FINE
            # Held since the first of them: the time for which the rule waits has long run out.
            assert edges(await bench.ledger.retry()) == ["fired"]

    asyncio.run(play())


def test_a_list_that_was_empty_for_long_enough_while_held_is_believed(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(IN)
            bench.store.mood = Mood.REFUSES
            for _ in range(10):
                await bench.poll({})
            await bench.poll(IN)
            bench.store.mood = Mood.FINE
            assert edges(await bench.ledger.retry()) == ["resolved", "fired"]

    asyncio.run(play())


def test_failures_in_a_row_and_feeds_are_collapsed_apart(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file, feeds=(FEED, SECOND)) as bench:
            bench.store.mood = Mood.REFUSES
            for kind in (FailureKind.TIMEOUT, FailureKind.SERVER_ERROR, FailureKind.UNREACHABLE):
                for _ in range(2):
                    await bench.poll(failed(kind))
                    await bench.poll(TIMEOUT, SECOND)
            assert bench.ledger.holds == 2 * HELD_ALIKE
            assert {feed: poll.answer for feed, poll in bench.ledger.newest_held.items()} == {
                FEED: failed(FailureKind.UNREACHABLE),
                SECOND: TIMEOUT,
            }

    asyncio.run(play())


def test_at_most_a_thousand_polls_are_held_and_the_loss_is_said(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            bench.store.mood = Mood.REFUSES
            for number in range(MOST_HELD + 1):
                await bench.poll({CODE: number % 2})
            assert bench.ledger.holds == MOST_HELD

    with caplog.at_level(logging.ERROR):
        asyncio.run(play())
    assert [record.getMessage() for record in caplog.records] == ["poll dropped undecided"]


@pytest.mark.parametrize("clock_goes_back", [False, True])
def test_a_commit_that_took_place_after_all_is_not_decided_twice(file: Path, clock_goes_back: bool) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            if clock_goes_back:
                bench.clock.step(timedelta(hours=-1))
            bench.store.mood = Mood.COMMITS_AND_COMPLAINS
            assert (await bench.poll(IN)).trouble
            bench.store.mood = Mood.REFUSES
            await bench.poll(OUT)
            bench.store.mood = Mood.FINE
            assert edges(await bench.poll(IN)) == ["resolved", "fired"]

    asyncio.run(play())
    assert stored(file, "SELECT edge FROM transition ORDER BY id") == [("fired",), ("resolved",), ("fired",)]
    assert stored(file, "SELECT count(*) FROM poll") == [(4,)]


def test_edges_held_after_the_clock_was_set_back_are_not_taken_for_committed(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.clock.step(timedelta(hours=-1))
            bench.store.mood = Mood.REFUSES
            await bench.poll(IN)
            await bench.poll(OUT)
            bench.store.mood = Mood.FINE
            assert edges(await bench.ledger.retry()) == ["fired", "resolved"]

    asyncio.run(play())


def test_a_commit_whose_caller_gave_up_is_not_decided_twice(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.store.mood = Mood.HANGS
            waiting = asyncio.create_task(bench.poll(IN))
            while stored(file, "SELECT count(*) FROM transition") == [(0,)]:
                await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            bench.store.mood = Mood.FINE
            assert edges(await bench.poll(IN)) == []

    asyncio.run(play())
    assert stored(file, "SELECT edge FROM transition") == [("fired",)]


def test_the_newest_held_poll_is_what_is_told_of_trouble(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            bench.store.mood = Mood.READ_ONLY
            await bench.poll(OUT)
            await bench.poll(IN)
            answer = bench.ledger.newest_held[FEED].answer
            assert isinstance(answer, Listing)
            assert isinstance(answer.rows[0].observed, Seen)
            assert answer.rows[0].observed.remaining == 3

    asyncio.run(play())
