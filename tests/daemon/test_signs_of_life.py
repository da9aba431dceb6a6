"""Signs of life: the watchdog, the status line, the log and the heartbeat."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.product import Feed
from monitor.daemon.logs import fields_of
from tests.core.builders import CODE, failed
from tests.daemon.parts_stage import CONFIG, Running, play
from tests.daemon.stage import Mood
from tests.fakes.internet import Answer, FakeInternet

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OUT, IN = {CODE: 0}, {CODE: 3}


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeInternet]:
    with FakeInternet(tmp_path_factory.mktemp("internet")) as served:
        yield served


def test_the_watchdog_is_fed_only_while_nothing_is_dead(file: Path) -> None:
    async def story(bench: Running) -> None:
        bench.parts.schedule_feeds(bench.parts.config.sources[0])
        await bench.pulse.beat()
        assert "WATCHDOG=1" in bench.listener.heard()
        bench.clock.advance(61)
        await bench.pulse.beat()
        [status] = bench.listener.heard()
        assert status.startswith("STATUS=feed default was not visited for 61 s: ")
        await bench.poll()
        await bench.pulse.beat()
        assert "WATCHDOG=1" in bench.listener.heard()

    play(file, story, watchdog=MINUTE)


def test_a_database_that_refuses_does_not_starve_the_watchdog(file: Path) -> None:
    async def story(bench: Running) -> None:
        bench.store.mood = Mood.READ_ONLY
        for _ in range(10):
            await bench.poll()
            await bench.pulse.beat()
            assert "WATCHDOG=1" in bench.listener.heard()

    play(file, story, watchdog=timedelta(seconds=20))


def test_the_status_line_says_what_is_watched_and_is_sent_when_it_changes(file: Path) -> None:
    async def story(bench: Running) -> None:
        for answer in (OUT, IN, IN):
            await bench.poll(answer)
            await bench.pulse.beat()
        bench.store.mood = Mood.READ_ONLY
        await bench.poll(OUT)
        await bench.pulse.beat()
        assert bench.listener.heard() == [
            "STATUS=ok: 1 products, 1 rules, 0 firing",
            "STATUS=ok: 1 products, 1 rules, 1 firing",
            "STATUS=the database refuses to be written: 1 products, 1 rules, 1 firing",
        ]

    play(file, story)


def test_health_is_logged_when_it_turns(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Running) -> None:
        for mood in (Mood.FINE, Mood.READ_ONLY, Mood.READ_ONLY, Mood.FINE, Mood.FINE):
            bench.store.mood = mood
            await bench.poll()
            await bench.pulse.beat()

    with caplog.at_level(logging.INFO):
        play(file, story)
    said = [record.fields["problems"] for record in caplog.records if record.getMessage() == "health"]  # type: ignore[attr-defined]
    assert said == ["the database refuses to be written", "none"]


def with_heartbeat(internet: FakeInternet) -> str:
    internet.forget()
    url = f'heartbeat_url = "http://127.0.0.1:{internet.port}/beat"\n'
    return CONFIG.replace('notify = ["hook"]\n[channels', f'notify = ["hook"]\n{url}[channels')


def test_the_heartbeat_follows_each_ok_poll_while_all_is_well(file: Path, internet: FakeInternet) -> None:
    async def story(bench: Running) -> None:
        bench.parts.heartbeat_url = f"http://127.0.0.1:{internet.port}/beat"

        async def heard_after_beat() -> int:
            await bench.pulse.beat()
            if bench.pulse._heartbeat is not None:
                await bench.pulse._heartbeat
            return len(internet.requests)

        assert await heard_after_beat() == 0, "nothing was polled yet"
        await bench.poll(OUT)
        assert await heard_after_beat() == 1
        assert await heard_after_beat() == 1
        await bench.poll(failed())
        assert await heard_after_beat() == 1
        bench.store.mood = Mood.READ_ONLY
        await bench.poll(OUT)
        assert await heard_after_beat() == 1, "the database refuses"
        bench.store.mood = Mood.FINE
        await bench.poll(OUT)
        assert await heard_after_beat() == 2

    play(file, story, with_heartbeat(internet))


def test_the_heartbeat_is_withheld_while_another_feed_is_dead(file: Path, internet: FakeInternet) -> None:
    async def story(bench: Running) -> None:
        bench.parts.heartbeat_url = f"http://127.0.0.1:{internet.port}/beat"
        other = Feed("default", 2)
        bench.parts.health.expect(other, timedelta(seconds=15), timedelta(seconds=10))
        await bench.poll(OUT, after=61)
        sent = []
        for _ in range(2):
            await bench.pulse.beat()
            sent.append(bench.pulse._heartbeat is not None)
            bench.parts.health.visit(other)
        assert sent == [False, True]

    play(file, story, with_heartbeat(internet))


def test_a_restart_sends_no_heartbeat_for_the_polls_before_it(file: Path, internet: FakeInternet) -> None:
    text = with_heartbeat(internet)

    async def before(bench: Running) -> None:
        await bench.poll(OUT)

    async def after(bench: Running) -> None:
        bench.parts.heartbeat_url = f"http://127.0.0.1:{internet.port}/beat"
        await bench.pulse.beat()
        assert bench.pulse._heartbeat is None

    play(file, before, text)
    (file.parent / "notify").unlink()
    play(file, after, text)


def test_a_heartbeat_that_is_not_accepted_is_logged(
    file: Path, internet: FakeInternet, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(bench: Running) -> None:
        internet.answers["127.0.0.1"] = Answer(status=503)
        bench.parts.heartbeat_url = f"http://127.0.0.1:{internet.port}/canary-beat"
        await bench.poll(OUT)
        await bench.pulse.beat()
        assert bench.pulse._heartbeat is not None
        await bench.pulse._heartbeat

    play(file, story, with_heartbeat(internet))
    assert "heartbeat not accepted" in caplog.text
    assert "canary-beat" not in caplog.text


def test_a_heartbeat_that_fails_for_days_is_logged_when_its_fortune_changes(
    file: Path, internet: FakeInternet, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(bench: Running) -> None:
        bench.parts.heartbeat_url = f"http://127.0.0.1:{internet.port}/beat"
        for status in (200, 503, 503, 503, 404, 404, 200, 200, 503):
            internet.answers["127.0.0.1"] = Answer(status=status)
            await bench.poll(OUT)
            await bench.pulse.beat()
            assert bench.pulse._heartbeat is not None
            await bench.pulse._heartbeat

    with caplog.at_level(logging.INFO):
        play(file, story, with_heartbeat(internet))
    assert [said(record) for record in caplog.records if "heartbeat" in record.getMessage()] == [
        "heartbeat not accepted: answered HTTP 503",
        "heartbeat not accepted: answered HTTP 404",
        "heartbeat accepted again",
        "heartbeat not accepted: answered HTTP 503",
    ]


def said(record: logging.LogRecord) -> str:
    reason = fields_of(record).get("reason")
    return f"{record.getMessage()}: {reason}" if reason else record.getMessage()
