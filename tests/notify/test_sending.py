"""A send in a thread of its own, under our own deadline."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.sending import MOST_ABANDONED, Sender
from tests.notify.lane_stage import FakeChannel, join_sends

SOON = timedelta(milliseconds=20)
NO = Refused(FailureClass.TRANSIENT, "HTTP 500")
LATE = Refused(FailureClass.AMBIGUOUS, "no answer within 0.02 s")


@pytest.fixture(autouse=True)
def all_sends_end() -> Iterator[None]:
    yield
    join_sends()


def never() -> FakeChannel:
    raise AssertionError("no fresh channel is needed")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("outcome", [Accepted(), NO])
def test_what_the_channel_says_is_what_became_of_it(outcome: Outcome) -> None:
    sender = Sender("slack", FakeChannel(outcome), never)
    assert asyncio.run(sender.send("t", "b")) == outcome


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_a_send_that_crashes_may_have_arrived(error: BaseException) -> None:
    outcome = asyncio.run(Sender("slack", FakeChannel(error), never).send("t", "b"))
    assert outcome == Refused(FailureClass.AMBIGUOUS, f"the send crashed: {type(error).__name__}")


def test_after_the_deadline_it_may_have_arrived_and_a_fresh_channel_takes_over() -> None:
    async def play() -> None:
        go_on = threading.Event()
        slow, fresh = FakeChannel(go_on), FakeChannel(NO)
        sender = Sender("slack", slow, lambda: fresh, SOON)
        assert await sender.send("first", "b") == LATE
        assert sender.abandoned == 1
        assert await sender.send("second", "b") == NO
        assert (slow.titles, fresh.titles) == (["first"], ["second"])
        go_on.set()
        await until(lambda: sender.abandoned == 0)

    asyncio.run(play())


def test_too_many_abandoned_sends_make_it_stuck_until_one_of_them_ends() -> None:
    async def play() -> None:
        go_on = threading.Event()
        sender = Sender("slack", FakeChannel(go_on), lambda: FakeChannel(go_on), SOON)
        for number in range(1, MOST_ABANDONED + 1):
            assert not sender.is_stuck
            assert await sender.send("t", "b") == LATE
            assert sender.abandoned == number
        assert sender.is_stuck
        go_on.set()
        await until(lambda: sender.abandoned == 0)
        assert not sender.is_stuck

    asyncio.run(play())


def test_one_that_hangs_does_not_hold_the_loop() -> None:
    async def play() -> None:
        go_on = threading.Event()
        slow = Sender("slow", FakeChannel(go_on), never, timedelta(seconds=30))
        quick = Sender("quick", FakeChannel(), never)
        waiting = asyncio.create_task(slow.send("t", "b"))
        assert await quick.send("t", "b") == Accepted()
        assert not waiting.done()
        go_on.set()
        assert await waiting == Accepted()

    asyncio.run(play())


def test_a_send_that_ends_after_the_loop_was_closed_troubles_nobody() -> None:
    go_on, ended = threading.Event(), threading.Event()

    class Slow(FakeChannel):
        def send(self, title: str, body: str) -> Outcome:
            outcome = super().send(title, body)
            ended.set()
            return outcome

    asyncio.run(Sender("slack", Slow(go_on), FakeChannel, SOON).send("t", "b"))
    [thread] = [thread for thread in threading.enumerate() if thread.name == "send-slack"]
    assert thread.daemon
    go_on.set()
    assert ended.wait(10)
    thread.join(10)


def test_two_sends_at_once_go_one_after_the_other() -> None:
    async def play() -> None:
        go_on = threading.Event()
        channel = FakeChannel(go_on)
        sender = Sender("slack", channel, never)
        first = asyncio.create_task(sender.send("first", "b"))
        second = asyncio.create_task(sender.send("second", "b"))
        await until(lambda: bool(channel.titles))
        for _ in range(10):
            await asyncio.sleep(0)
        assert channel.titles == ["first"]
        go_on.set()
        await asyncio.gather(first, second)
        assert channel.titles == ["first", "second"]

    asyncio.run(play())
