"""Lanes on a real database: every delivery ends, and what is lost is said through the others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from monitor.core.backoff import FailureClass, Outcome, Refused
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.daemon.channels import Loaded, Target, ToApprise
from monitor.daemon.lane_tasks import LaneTasks
from monitor.daemon.outbox import StoredOutbox
from monitor.notify.sending import MOST_ABANDONED, Sender
from tests.core.builders import CODE, rule
from tests.daemon.parts_stage import execute
from tests.daemon.stage import Bench, a_ledger
from tests.notify.lane_stage import FakeChannel, FakeOutbox, join_sends

PERMANENT = Refused(FailureClass.PERMANENT, "HTTP 404")
TRANSIENT = Refused(FailureClass.TRANSIENT, "HTTP 500")
SOON = timedelta(milliseconds=10)


class Lanes:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.fatal = asyncio.Event()
        self.tasks: LaneTasks
        clock = bench.clock
        ids = iter(range(10**9))
        outbox = StoredOutbox(
            *(bench.store, lambda: bench.ledger.settings, clock.now, lambda: f"lane-{next(ids)}"),
            *(lambda: 0.0, self.wake),
        )
        self.tasks = LaneTasks(outbox, clock.now, clock.monotonic, self.fatal.set)

    def start(
        self, name: str, *answers: Outcome | threading.Event, deadline: timedelta = 30 * SOON
    ) -> FakeChannel:
        channel = FakeChannel(*answers)
        target = Target(name, ToApprise("json://x"), Language.EN)
        sender = Sender(name, channel, lambda: channel, deadline)
        self.tasks.start(Loaded(target, sender, Style(Language.EN, UTC, {}), None))
        return channel

    def wake(self, names: Iterable[str]) -> None:
        self.tasks.wake(names)

    async def told(self, stock: int = 3) -> None:
        """A product comes: a delivery for `phone`."""
        await self.bench.poll({CODE: 0})
        taken = await self.bench.poll({CODE: stock})
        self.tasks.wake(taken.channels())

    async def until(self, sql: str, *rows: tuple[object, ...]) -> None:
        """The clock moves while we wait, so that retries become due."""
        async with asyncio.timeout(10):
            while execute(self.bench.file, sql) != list(rows):
                await asyncio.sleep(0.001)
                self.bench.clock.advance(0.05)
                self.tasks.wake_all()


@asynccontextmanager
async def lanes_on(file: Path) -> AsyncIterator[Lanes]:
    async with a_ledger(file, rule(notify=("phone",))) as bench:
        lanes = Lanes(bench)
        try:
            yield lanes
        finally:
            await lanes.tasks.stop_all(5)
            await asyncio.get_running_loop().run_in_executor(None, join_sends)


def play(file: Path, story: Callable[[Lanes], object]) -> None:
    async def run() -> None:
        async with lanes_on(file) as lanes:
            told = story(lanes)
            assert asyncio.iscoroutine(told)
            await told

    asyncio.run(run())


ENDS = "SELECT channel, state, reason FROM delivery ORDER BY id"


def test_a_delivery_that_is_accepted_is_sent(file: Path) -> None:
    async def story(lanes: Lanes) -> None:
        phone = lanes.start("phone")
        await lanes.told()
        await lanes.until(ENDS, ("phone", "sent", None))
        assert len(phone.titles) == 1

    play(file, story)


def test_a_loss_is_told_through_the_other_channel_and_once_while_it_lasts(file: Path) -> None:
    async def story(lanes: Lanes) -> None:
        lanes.start("phone", *[PERMANENT] * 9)
        ops = lanes.start("ops")
        await lanes.told()
        lost, said = ("phone", "failed", "HTTP 404"), ("ops", "sent", None)
        await lanes.until(ENDS, lost, said)
        await lanes.told()
        await lanes.until(
            "SELECT state FROM delivery WHERE channel = 'phone' ORDER BY id", *[("failed",)] * 3
        )
        assert [title.split(" · ")[0] for title in ops.titles] == ["DELIVERY FAILED"]

    play(file, story)


def test_a_loss_of_the_only_channel_for_troubles_is_told_through_the_others(file: Path) -> None:
    async def story(lanes: Lanes) -> None:
        settings = replace(lanes.bench.ledger.settings, notify=("phone",))
        lanes.bench.ledger.settings = settings
        lanes.start("phone", *[PERMANENT] * 9)
        lanes.start("ops")
        await lanes.told()
        await lanes.until(ENDS, ("phone", "failed", "HTTP 404"), ("ops", "sent", None))

    play(file, story)


def test_a_transient_refusal_is_tried_again(file: Path) -> None:
    async def story(lanes: Lanes) -> None:
        lanes.start("phone", TRANSIENT, TRANSIENT)
        await lanes.told()
        await lanes.until("SELECT state, attempts FROM delivery", ("sent", 3))

    play(file, story)


def test_what_a_stuck_channel_cannot_tell_in_time_expires_and_is_said(file: Path) -> None:
    go_on = threading.Event()

    async def story(lanes: Lanes) -> None:
        lanes.start("phone", *[go_on] * MOST_ABANDONED, deadline=SOON)
        lanes.start("ops")
        await lanes.told()
        await lanes.until("SELECT attempts FROM delivery", (MOST_ABANDONED,))
        lanes.bench.clock.advance(7 * 3600)
        lanes.tasks.wake_all()
        async with asyncio.timeout(10):
            while "expired" not in {row[1] for row in execute(file, ENDS)}:
                lanes.tasks.wake_all()
                await asyncio.sleep(0.001)
        await lanes.until("SELECT state FROM delivery WHERE channel = 'ops'", ("sent",))
        go_on.set()

    play(file, story)


def test_a_lane_that_was_replaced_while_it_sent_leaves_nothing_in_flight(file: Path) -> None:
    go_on = threading.Event()

    async def story(lanes: Lanes) -> None:
        lanes.start("phone", go_on, deadline=timedelta(seconds=30))
        await lanes.told()
        await lanes.until("SELECT claimed_at IS NOT NULL FROM delivery", (1,))
        await lanes.tasks.stop(["phone"], 0)
        phone = lanes.start("phone")
        await lanes.until(ENDS, ("phone", "sent", None))
        assert "(possible repeat)" in phone.titles[0]
        go_on.set()

    play(file, story)


def test_a_lane_that_crashes_is_started_again_and_asks_for_a_restart_the_fifth_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeOutbox):
        async def recover(self, channel: str) -> None:
            raise ValueError("boom")

    async def run() -> None:
        fatal = asyncio.Event()
        tasks = LaneTasks(Broken(), lambda: None, lambda: 0.0, fatal.set, pause_s=0)  # type: ignore[arg-type, return-value]
        target = Target("phone", ToApprise("json://x"), Language.EN)
        sender = Sender("phone", FakeChannel(), FakeChannel)
        tasks.start(Loaded(target, sender, Style(Language.EN, UTC, {}), None))
        async with asyncio.timeout(10):
            await fatal.wait()
        await asyncio.sleep(0)
        assert [fact.is_alive for fact in tasks.facts()] == [False]
        await tasks.stop_all(1)

    asyncio.run(run())
    assert [r.getMessage() for r in caplog.records].count("lane crashed") == 5


def test_waking_a_channel_that_is_not_there_is_harmless(file: Path) -> None:
    async def story(lanes: Lanes) -> None:
        lanes.tasks.wake(["nobody"])
        assert lanes.tasks.named(["nobody"]) == []

    play(file, story)
