"""A lane: claim, send, record, in this order, whatever fails between."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.outbox import Item
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.notify.lanes import Lane
from monitor.notify.sending import MOST_ABANDONED, Sender
from monitor.notify.services import Rate
from tests.fakes.clock import FakeClock
from tests.notify.lane_stage import FakeChannel, FakeOutbox, join_sends, notice, transition

TRANSIENT = Refused(FailureClass.TRANSIENT, "HTTP 500")
BUSY = Refused(FailureClass.TRANSIENT, "HTTP 429", timedelta(seconds=60), pauses_channel=True)
SMALL = Style(Language.EN, UTC, {}, limit_title=60, limit_body=60)
USUAL = Style(Language.EN, UTC, {})


@pytest.fixture(autouse=True)
def all_sends_end() -> Iterator[None]:
    yield
    join_sends()


class Bench:
    def __init__(
        self,
        outbox: FakeOutbox,
        channel: FakeChannel,
        clock: FakeClock,
        style: Style = USUAL,
        rate: Rate | None = None,
        deadline: timedelta = timedelta(seconds=10),
    ) -> None:
        self.outbox = outbox
        self.channel = channel
        self.clock = clock
        sender = Sender("slack", channel, lambda: channel, deadline)
        clocks = (clock.now, clock.monotonic)
        self.lane = Lane("slack", sender, style, outbox, *clocks, rate, database_patience_s=0)


def play(story: Callable[["Bench"], object], *batches: tuple[Item, ...], **settings: object) -> Bench:
    """Run a lane beside the story; then it is stopped and must end."""
    answers: tuple[Outcome, ...] = settings.pop("answers", ())  # type: ignore[assignment]

    async def run() -> Bench:
        outbox = FakeOutbox(deque(batches), refusals=settings.pop("refusals", {}))  # type: ignore[arg-type]
        bench = Bench(outbox, FakeChannel(*answers), FakeClock(), **settings)  # type: ignore[arg-type]
        running = asyncio.create_task(bench.lane.run())
        try:
            told = story(bench)
            if asyncio.iscoroutine(told):
                await told
            bench.lane.stop()
            async with asyncio.timeout(10):
                await running
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return bench

    return asyncio.run(run())


def test_it_claims_then_sends_then_records() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("claim", times=2)

    bench = play(story, (notice(1),))
    assert bench.outbox.calls == ["recover", "claim", "record", "claim"]
    [sent] = bench.outbox.recorded
    assert (sent.channel, sent.delivery_ids, sent.outcome) == ("slack", (1,), Accepted())
    assert len(bench.channel.titles) == 1


def test_it_sleeps_until_it_is_woken() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("claim")
        bench.outbox.batches.append((notice(1),))
        bench.lane.wake()
        await bench.outbox.until("record")

    play(story)


def test_it_looks_again_when_a_retry_is_due() -> None:
    async def story(bench: Bench) -> None:
        bench.outbox.next_due = bench.clock.now() + timedelta(milliseconds=5)
        await bench.outbox.until("claim", times=3)

    play(story)


def test_an_outcome_is_recorded_until_the_database_takes_it_and_the_message_is_not_sent_again() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("claim", times=2)

    bench = play(story, (notice(1),), refusals={"record": 3})
    assert bench.outbox.calls.count("record") == 4
    assert len(bench.outbox.recorded) == len(bench.channel.titles) == 1


def test_what_a_dead_lane_left_in_flight_is_put_back_first_and_after_an_unsure_claim() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("record")

    bench = play(story, (notice(1),), refusals={"claim": 1})
    assert bench.outbox.calls[:5] == ["recover", "claim", "recover", "claim", "record"]


def test_messages_after_a_refused_one_are_released() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("release")

    batch = tuple(transition(number, "x" * 40) for number in range(1, 5))
    bench = play(story, batch, answers=(TRANSIENT,), style=SMALL)
    [sent] = bench.outbox.recorded
    assert sent.outcome == TRANSIENT
    assert sorted([*sent.delivery_ids, *bench.outbox.released]) == [1, 2, 3, 4]
    assert len(bench.channel.titles) == 1


def test_all_parts_of_a_split_message_are_sent_and_recorded_one_by_one() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("claim", times=2)

    batch = tuple(transition(number, "x" * 40) for number in range(1, 5))
    bench = play(story, batch, style=SMALL)
    assert sorted(number for sent in bench.outbox.recorded for number in sent.delivery_ids) == [1, 2, 3, 4]
    assert len(bench.channel.titles) == len(bench.outbox.recorded) > 1
    assert bench.outbox.released == []


def test_a_429_pauses_the_lane_which_goes_on_expiring() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("expire")
        bench.outbox.batches.append((notice(2),))
        bench.lane.wake()
        await bench.outbox.until("expire", times=2)
        assert bench.outbox.calls.count("claim") == 1
        bench.clock.advance(60)
        bench.lane.wake()
        await bench.outbox.until("record", times=2)

    bench = play(story, (notice(1),), answers=(BUSY,))
    assert [sent.outcome for sent in bench.outbox.recorded] == [BUSY, Accepted()]


def test_a_429_that_asks_for_a_year_pauses_the_lane_for_a_quarter_of_an_hour() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("expire")
        bench.outbox.batches.append((notice(2),))
        bench.clock.advance(14 * 60)
        bench.lane.wake()
        await bench.outbox.until("expire", times=2)
        assert bench.outbox.calls.count("claim") == 1
        bench.clock.advance(60)
        bench.lane.wake()
        await bench.outbox.until("record", times=2)

    absurd = replace(BUSY, retry_after=timedelta(days=365))
    bench = play(story, (notice(1),), answers=(absurd,))
    assert [sent.outcome for sent in bench.outbox.recorded] == [absurd, Accepted()]


def test_a_429_that_does_not_say_how_long_pauses_the_lane_for_longer_and_longer() -> None:
    silent = replace(BUSY, retry_after=None)

    async def story(bench: Bench) -> None:
        for paused, wait_s in enumerate((1, 2, 4), start=1):
            await bench.outbox.until("expire", times=2 * paused - 1)
            bench.outbox.batches.append((notice(paused + 1),))
            bench.clock.advance(wait_s - 0.5)
            bench.lane.wake()
            await bench.outbox.until("expire", times=2 * paused)
            assert bench.outbox.calls.count("claim") == paused
            bench.clock.advance(0.5)
            bench.lane.wake()
        await bench.outbox.until("record", times=4)

    bench = play(story, (notice(1),), answers=(silent,) * 3)
    assert bench.outbox.recorded[-1].outcome == Accepted()


def test_robots_get_no_more_than_their_rate_in_any_window() -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("expire")
        assert len(bench.channel.titles) == 2
        bench.clock.advance(59)
        bench.lane.wake()
        await bench.outbox.until("expire", times=2)
        assert len(bench.channel.titles) == 2
        bench.clock.advance(1)
        bench.lane.wake()
        await bench.outbox.until("record", times=3)

    rate = Rate(2, timedelta(seconds=60))
    play(story, (notice(1),), (notice(2),), (notice(3),), rate=rate)


def test_a_stuck_channel_is_left_alone_but_for_expiring() -> None:
    go_on = threading.Event()

    async def story(bench: Bench) -> None:
        await bench.outbox.until("expire")
        go_on.set()

    batches = [(notice(number),) for number in range(MOST_ABANDONED + 2)]
    hangs = (go_on,) * len(batches)
    soon = timedelta(milliseconds=5)
    bench = play(story, *batches, answers=hangs, deadline=soon)
    assert [sent.outcome.kind for sent in bench.outbox.recorded if isinstance(sent.outcome, Refused)] == [
        FailureClass.AMBIGUOUS
    ] * MOST_ABANDONED


def test_a_send_in_flight_is_finished_and_recorded_at_a_stop() -> None:
    go_on = threading.Event()

    async def story(bench: Bench) -> None:
        async with asyncio.timeout(10):
            while bench.lane.busy_since is None:
                await asyncio.sleep(0)
        bench.lane.stop()
        go_on.set()

    bench = play(story, (notice(1),), (notice(2),), answers=(go_on,))
    assert [sent.delivery_ids for sent in bench.outbox.recorded] == [(1,)]
    assert len(bench.outbox.batches) == 1


def test_a_message_that_cannot_be_composed_fails_and_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("record", times=2)

    broken = Item(1, object())  # type: ignore[arg-type]
    bench = play(story, (broken,), (notice(2),))
    first, second = bench.outbox.recorded
    assert first.delivery_ids == (1,)
    assert isinstance(first.outcome, Refused)
    assert first.outcome.kind is FailureClass.PERMANENT
    assert second.outcome == Accepted()
    assert "message not composed" in caplog.text


def test_a_refusal_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        await bench.outbox.until("record", times=3)

    caplog.set_level("INFO")
    play(story, (notice(1),), (notice(2),), (notice(3),), answers=(TRANSIENT, TRANSIENT))
    said = [record.getMessage() for record in caplog.records if record.name == "monitor.notify.lanes"]
    assert said == ["send failed", "send ok again"]
