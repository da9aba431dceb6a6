"""The ledger: no edge lost and none decided twice, whatever the database does."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.alert import Firing
from monitor.core.backoff import Accepted
from monitor.core.errors import DatabaseError
from monitor.core.product import Feed
from monitor.store.outbox import Recorded
from tests.core.builders import CODE, FEED, failed, listing_of, rule
from tests.daemon.stage import Mood, a_ledger, edges, settings
from tests.fakes.clock import FakeClock
from tests.fakes.counting_threads import CountingThreads

OUT, IN = {CODE: 0}, {CODE: 3}
TIMEOUT = failed()
SECOND = Feed("default", 2)


def stored(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def test_a_poll_is_decided_and_committed_at_once(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            taken = [await bench.poll(OUT), await bench.poll(IN), await bench.poll(OUT)]
            assert edges(*taken) == ["fired", "resolved"]
            assert taken[1].channels() == {"phone"}
            assert bench.ledger.holds == 0

    asyncio.run(play())
    assert stored(file, "SELECT count(*) FROM poll") == [(3,)]


def test_a_restart_reads_everything_back(file: Path) -> None:
    clock = FakeClock()

    async def before() -> None:
        async with a_ledger(file, clock=clock) as bench:
            await bench.poll(OUT)
            await bench.poll(IN)

    async def after() -> None:
        async with a_ledger(file, clock=clock) as bench:
            [alert] = bench.ledger.world.alerts.values()
            assert isinstance(alert.state, Firing)
            assert edges(await bench.poll(IN)) == []
            assert edges(await bench.poll(OUT)) == ["resolved"]

    asyncio.run(before())
    asyncio.run(after())


def test_a_restart_is_no_first_sight(file: Path) -> None:
    """What came while the daemon was down is told, though what existed at the first sight is not."""
    clock, watch = FakeClock(), rule(announce_existing=False)

    async def before() -> None:
        async with a_ledger(file, watch, clock=clock) as bench:
            await bench.poll(OUT)

    async def after() -> None:
        async with a_ledger(file, watch, clock=clock) as bench:
            assert (await bench.poll(IN)).channels() == {"phone"}

    asyncio.run(before())
    asyncio.run(after())


def test_a_poll_of_a_feed_that_was_removed_is_dropped(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file, feeds=(FEED, SECOND)) as bench:
            poll = bench.polled({CODE: 1}, SECOND)
            await bench.ledger.reconfigure((FEED,), settings(), nothing)
            taken = await bench.ledger.take(poll)
            assert (taken.decisions, taken.trouble, bench.ledger.holds) == ((), None, 0)

    asyncio.run(play())
    assert stored(file, "SELECT count(*) FROM poll") == [(0,)]


def test_an_answer_that_breaks_the_decision_is_a_failed_poll(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(listing_of(IN), rows=(object(),))  # type: ignore[arg-type]

    async def play() -> None:
        async with a_ledger(file) as bench:
            [decision] = (await bench.poll(broken)).decisions
            assert decision.poll is not None
            assert decision.poll.reason == "internal error: AttributeError"
            assert edges(await bench.poll(IN)) == ["fired"]

    asyncio.run(play())
    assert "poll could not be decided" in caplog.text


def test_blindness_is_noticed_between_two_polls_and_once(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            assert await bench.ledger.notice_blindness(FEED) is None
            bench.clock.advance(61)
            taken = await bench.ledger.notice_blindness(FEED)
            assert taken is not None
            assert taken.channels() == {"ops"}
            assert await bench.ledger.notice_blindness(FEED) is None

    asyncio.run(play())


def test_blindness_that_cannot_be_written_is_trouble_and_noticed_again(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.clock.advance(61)
            bench.store.mood = Mood.REFUSES
            taken = await bench.ledger.notice_blindness(FEED)
            assert taken is not None
            assert taken.trouble is not None
            assert await bench.ledger.notice_blindness(FEED) is None, "says nothing while it knows nothing"
            bench.store.mood = Mood.FINE
            await bench.ledger.retry()
            taken = await bench.ledger.notice_blindness(FEED)
            assert taken is not None
            assert taken.channels() == {"ops"}

    asyncio.run(play())


def test_a_reload_that_the_database_refuses_changes_nothing(file: Path) -> None:
    async def refuse() -> None:
        raise DatabaseError("refused")

    async def play() -> None:
        async with a_ledger(file) as bench:
            before = bench.ledger.settings
            with pytest.raises(Exception, match="refused"):
                await bench.ledger.reconfigure((), settings(rule(name="other")), refuse)
            assert bench.ledger.settings is before
            assert edges(await bench.poll(IN)) == ["fired"]

    asyncio.run(play())


def test_a_reload_whose_reading_fails_is_read_before_the_next_decision(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.store.mood = Mood.REFUSES
            await bench.ledger.reconfigure((FEED,), settings(rule(name="other")), nothing)
            bench.store.mood = Mood.FINE
            [decision] = (await bench.poll(IN)).decisions
            assert [transition.rule for transition in decision.transitions] == ["other"]

    asyncio.run(play())


def test_a_poll_waits_for_a_reload_that_is_under_way(file: Path) -> None:
    """Else it could still write what the reload has just ended."""

    async def play() -> None:
        async with a_ledger(file) as bench:
            begun, go_on = asyncio.Event(), asyncio.Event()

            async def retain() -> None:
                begun.set()
                await go_on.wait()

            new = settings(rule(name="other"))
            reload = asyncio.create_task(bench.ledger.reconfigure((FEED,), new, retain))
            await begun.wait()
            polling = asyncio.create_task(bench.poll(IN))
            await asyncio.sleep(0)
            go_on.set()
            await reload
            [decision] = (await polling).decisions
            assert [transition.rule for transition in decision.transitions] == ["other"]

    asyncio.run(play())


def test_open_timers_move_with_the_wall_clock(file: Path) -> None:
    async def play() -> None:
        async with a_ledger(file, rule(hold_for=timedelta(seconds=60))) as bench:
            await bench.poll(IN)
            bench.clock.step(timedelta(hours=1))
            assert await bench.ledger.follow_wall_clock()
            assert not await bench.ledger.follow_wall_clock()
            assert edges(await bench.poll(IN, after=30)) == []
            assert edges(await bench.poll(IN, after=30)) == ["fired"]

    asyncio.run(play())


def test_a_new_file_is_told_what_is_known(file: Path, tmp_path: Path) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            await bench.poll(IN)
            for path in tmp_path.glob("monitor.db*"):
                path.unlink()
            assert (await bench.poll(IN)).trouble
            await bench.ledger.refill(bench.store.reopen)
            assert edges(await bench.ledger.retry()) == []
            assert edges(await bench.poll(OUT)) == ["resolved"]

    asyncio.run(play())


def test_an_answer_for_a_message_of_a_deleted_database_is_not_taken_for_one_of_the_new(
    file: Path, tmp_path: Path
) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            await bench.poll(IN)
            old = await bench.store.claim("phone", bench.clock.now, lambda: None)
            for path in tmp_path.glob("monitor.db*"):
                path.unlink()
            assert (await bench.poll(IN)).trouble
            await bench.ledger.refill(bench.store.reopen)
            assert edges(await bench.poll({**IN, "PRD-2": 4})) == ["fired"]
            new = await bench.store.claim("phone", bench.clock.now, lambda: None)
            sent = [item.delivery_id for item in old.items]
            await bench.store.release(sent)
            message = (bench.clock.now, timedelta(0), "message", 0.0, lambda: None)
            recorded = await bench.store.record(sent, Accepted(), *message)
            assert (len(old.items), len(new.items), recorded) == (1, 1, Recorded())
            known = [item.delivery_id for item in new.items]
            assert len((await bench.store.record(known, Accepted(), *message)).sent) == 1

    asyncio.run(play())


def test_a_refill_that_the_disk_cut_short_is_made_whole_before_anything_is_decided(
    file: Path, tmp_path: Path
) -> None:
    async def play() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            await bench.poll(IN)
            for path in tmp_path.glob("monitor.db*"):
                path.unlink()
            assert (await bench.poll(IN)).trouble
            bench.store.mood = Mood.COMMITS_AND_COMPLAINS
            with pytest.raises(DatabaseError):
                await bench.ledger.refill(bench.store.reopen)
            bench.store.mood = Mood.FINE
            assert edges(await bench.ledger.retry()) == []
            assert edges(await bench.poll(OUT)) == ["resolved"]

    asyncio.run(play())


async def nothing() -> None:
    pass


@pytest.mark.parametrize(("products", "threads"), [(100, 0), (600, 1)])
def test_a_poll_of_many_products_is_decided_beside_the_loop(file: Path, products: int, threads: int) -> None:
    async def play() -> tuple[int, int]:
        pool = CountingThreads()
        asyncio.get_running_loop().set_default_executor(pool)
        async with a_ledger(file) as bench:
            taken = await bench.poll({f"PRD-{number}": 1 for number in range(products)})
            return len(edges(taken)), pool.count

    assert asyncio.run(play()) == (products, threads)


def test_products_that_are_gone_all_at_once_are_decided_beside_the_loop(file: Path) -> None:
    async def play() -> int:
        pool = CountingThreads()
        asyncio.get_running_loop().set_default_executor(pool)
        async with a_ledger(file) as bench:
            await bench.poll({f"PRD-{number}": 1 for number in range(600)})
            for _ in range(3):
                await bench.poll({})
            return pool.count

    assert asyncio.run(play()) == 4
