"""A request is on its way while the wall clock is set: its answer is dated as if it had been set before."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.answer import Failed, FailureKind, Listing, Poll
from monitor.core.product import Feed
from tests.core.builders import CODE, FEED, failed, listing_of
from tests.daemon.parts_stage import FakeSource, Running, execute, play
from tests.daemon.stage import a_ledger

DAY = timedelta(days=1)
IN, OUT = {CODE: 3}, {CODE: 0}


class SlowSource(FakeSource):
    """Something happens while its answer is on the way."""

    async def fetch(self, feed: Feed) -> Listing | Failed:
        await self.meanwhile()
        return await super().fetch(feed)

    meanwhile: Callable[[], Awaitable[None]]


def in_flight(file: Path, step: timedelta, story: Callable[[Running], Awaitable[None]]) -> None:
    """The poll that the story begins with takes two seconds, and between them the clock is set."""

    async def whole(bench: Running) -> None:
        async def meanwhile() -> None:
            bench.clock.advance(1)
            bench.clock.step(step)
            await bench.pulse.beat()
            bench.clock.advance(1)

        source = SlowSource(IN)
        source.meanwhile = meanwhile
        usual, bench.parts.clients["default"] = bench.parts.clients["default"], source  # type: ignore[assignment]
        await bench.parts._poll(FEED)
        bench.parts.clients["default"] = usual
        await story(bench)

    play(file, whole)


@pytest.mark.parametrize("step", [DAY, -DAY])
def test_what_it_brings_is_dated_by_the_new_line(file: Path, step: timedelta) -> None:
    async def story(bench: Running) -> None:
        now_ms = bench.clock.now().timestamp() * 1000
        [(since,)] = execute(file, "SELECT since FROM alert")
        [(polled,)] = execute(file, "SELECT at + duration_ms FROM poll")
        assert (since, polled) == (pytest.approx(now_ms, abs=2), pytest.approx(now_ms, abs=2))

    in_flight(file, step, story)


def test_nobody_is_called_blind_after_it(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(failed(FailureKind.TIMEOUT))
        assert execute(file, "SELECT kind FROM notice WHERE kind = 'blind'") == []

    in_flight(file, DAY, story)


def test_an_answer_that_waits_its_turn_behind_the_timers_is_dated_by_the_new_line(file: Path) -> None:
    async def story() -> None:
        async with a_ledger(file) as bench:
            await bench.poll(OUT)
            bench.clock.step(DAY)
            async with bench.ledger._turn:
                moving = asyncio.create_task(bench.ledger.follow_wall_clock())
                await asyncio.sleep(0)
                dated_before = Poll(FEED, bench.ledger._clock.now(), timedelta(0), listing_of(IN))
                taking = asyncio.create_task(bench.ledger.take(dated_before))
                await asyncio.sleep(0)
            await moving
            taken = await taking
            assert [t.at for d in taken.decisions for t in d.transitions] == [bench.clock.now()]

    asyncio.run(story())
