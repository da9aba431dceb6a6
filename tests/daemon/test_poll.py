"""One poll: what it asks, what it says in the log, and what a crash in it means."""

import asyncio
import logging
from pathlib import Path

import pytest

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.core.product import Feed
from monitor.daemon.parts import CRASHES_BORNE, job_of
from monitor.daemon.poll import MOST_REASONS
from tests.core.builders import CODE, FEED, Answer, failed
from tests.daemon.parts_stage import CONFIG, FakeSource, Running, execute, running
from tests.daemon.stage import Mood

OUT, IN = {CODE: 0}, {CODE: 3}


def said_by(
    file: Path, caplog: pytest.LogCaptureFixture, *answers: Answer, level: int = logging.INFO
) -> list[str]:
    async def story() -> None:
        async with running(file) as bench:
            for answer in answers:
                await bench.poll(answer)

    with caplog.at_level(level):
        asyncio.run(story())
    return [line(record) for record in caplog.records if record.name == "monitor.daemon.poll"]


def line(record: logging.LogRecord) -> str:
    fields = {key: value for key, value in record.fields.items() if key not in {"feed", "ms"}}  # type: ignore[attr-defined]
    return " ".join([record.getMessage(), *(f"{key}={value}" for key, value in fields.items())])


def test_an_ok_poll_is_news_when_something_changed(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert said_by(file, caplog, OUT, OUT, IN, IN, OUT) == [
        "poll ok products=1 changed=1",
        "poll ok products=1 changed=1 fired=1",
        "poll ok products=1 changed=1 resolved=1",
    ]


def test_a_failure_is_said_when_its_reason_is_new_and_its_end_too(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Answer] = [OUT, failed(), failed(), failed(reason="reset"), OUT, OUT]
    assert said_by(file, caplog, *answers)[1:] == [
        "poll failed reason=timeout",
        "poll failed reason=reset",
        "poll ok products=1 changed=0",
    ]


def test_a_provider_that_fails_in_turns_is_said_once_for_each_reason_until_it_is_well(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_turns: list[Answer] = [failed(), failed(reason="reset")] * 10
    assert said_by(file, caplog, OUT, *in_turns, OUT, failed())[1:] == [
        "poll failed reason=timeout",
        "poll failed reason=reset",
        "poll ok products=1 changed=0",
        "poll failed reason=timeout",
    ]


def test_reasons_that_are_never_the_same_are_no_flood(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Answer] = [failed(reason=f"redirected to /{number}") for number in range(3 * MOST_REASONS)]
    assert len(said_by(file, caplog, *answers)) == MOST_REASONS


def test_at_debug_every_poll_is_a_line(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(said_by(file, caplog, OUT, OUT, failed(), failed(), level=logging.DEBUG)) == 4


def test_a_poll_that_is_held_says_so_at_debug_only(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with running(file) as bench:
            bench.store.mood = Mood.REFUSES
            await bench.poll(OUT)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(story())
    assert [(r.levelname, line(r)) for r in caplog.records if r.name == "monitor.daemon.poll"] == [
        ("DEBUG", "poll held")
    ]


def test_a_source_that_complained_is_not_asked_but_counts_as_visited(file: Path) -> None:
    async def story() -> None:
        async with running(file) as bench:
            bench.parts.schedule_feeds(bench.parts.config.sources[0])
            await bench.poll(failed(FailureKind.KEY_REFUSED))
            await bench.poll(OUT)
            assert len(bench.source.asked) == 1
            bench.clock.advance(50)
            await bench.poll(OUT)
            assert len(bench.source.asked) == 2
            assert bench.parts.health.problems([]) == []

    asyncio.run(story())


class Late(FakeSource):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__(IN)
        self.may_answer = asyncio.Event()

    async def fetch(self, feed: Feed) -> Listing | Failed:
        await self.may_answer.wait()
        return await super().fetch(feed)


def test_what_a_poll_in_flight_sees_is_stored_before_the_database_is_closed(file: Path) -> None:
    async def story() -> None:
        async with running(file) as bench:
            source = Late()
            bench.parts.clients["default"] = source  # type: ignore[assignment]
            polling = asyncio.create_task(bench.poll())
            asyncio.get_running_loop().call_later(0.2, source.may_answer.set)
            await asyncio.sleep(0)
        await polling

    asyncio.run(story())
    assert execute(file, "SELECT outcome FROM poll") == [("ok",)]
    assert execute(file, "SELECT edge FROM transition") == [("fired",)]


def test_one_crash_is_survived_and_five_in_a_row_ask_for_a_restart(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with running(file) as bench:
            for _ in range(CRASHES_BORNE - 1):
                await bench.poll(ValueError("boom"))
            await bench.poll(OUT)
            for _ in range(CRASHES_BORNE - 1):
                await bench.poll(ValueError("boom"))
            assert not bench.parts.is_broken
            await bench.poll(ValueError("boom"))
            assert bench.parts.is_broken

    asyncio.run(story())
    assert [r.getMessage() for r in caplog.records].count("poll crashed") == 2 * CRASHES_BORNE - 1


class Hanging:
    """Never answers, and says when it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def fetch(self, feed: Feed) -> None:
        self.asked.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def test_a_poll_of_a_changed_source_that_hangs_is_given_up(file: Path) -> None:
    """Else its feed would be polled twice at once."""

    async def story(bench: Running) -> None:
        hanging = Hanging()
        bench.parts.clients["default"] = hanging  # type: ignore[assignment]
        polling = asyncio.create_task(bench.parts._poll(FEED))
        await hanging.asked.wait()
        await bench.parts.end_polls([Feed("another", None)], 0)
        assert not polling.done()
        await bench.parts.end_polls([FEED], 0)
        assert polling.cancelled()
        assert bench.parts._polling == {}

    async def play() -> None:
        async with running(file) as bench:
            await story(bench)

    asyncio.run(play())


def test_the_feeds_of_a_source_are_spread_over_its_interval(file: Path) -> None:
    async def play() -> None:
        text = CONFIG.replace('interval = "15s"', 'interval = "15s"\naidc_ids = [1, 2, 3]')
        async with running(file, text) as bench:
            [source] = bench.parts.config.sources
            bench.parts.schedule.pause()
            bench.parts.schedule_feeds(source)
            due = [bench.parts.schedule.next_of(job_of(feed)) for feed in source.feeds]
            first, second, third = (moment.timestamp() % 15 for moment in due if moment)
            assert (second - first) % 15 == pytest.approx(5, abs=0.001)
            assert (third - second) % 15 == pytest.approx(5, abs=0.001)

    asyncio.run(play())
