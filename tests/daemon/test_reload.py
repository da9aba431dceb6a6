"""A reload touches what changed and nothing else, or nothing at all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config.loading import load
from monitor.core.errors import ConfigError, DatabaseError, MonitorError
from monitor.core.product import Feed
from monitor.daemon.parts import Parts, job_of
from monitor.daemon.reload import reload
from tests.core.builders import CODE
from tests.daemon.parts_stage import CONFIG, ENVIRON, FakeSource, config_in, execute
from tests.fakes.clock import FakeClock

IN = {CODE: 3}
TWO_SOURCES = CONFIG.replace("[source]", '[[source]]\nname = "default"').replace(
    "[storage]",
    '[[source]]\nname = "second"\nbase_url = "http://127.0.0.1:9"\napi_key = { env = "KEY" }\n[storage]',
)
MORE_CHANNELS = (
    CONFIG + '[channels.mail]\nurl = "mailto://127.0.0.1?from=a@b.test&to=c@d.test"\nlanguage = "zh"\n'
)


class Bench:
    def __init__(self, parts: Parts, folder: Path, clock: FakeClock) -> None:
        self.parts = parts
        self.folder = folder
        self.clock = clock

    async def reload(self, text: str) -> str:
        config_in(self.folder, text)
        return await reload(self.parts, load(self.folder / "monitor.toml"))

    @property
    def lanes(self) -> dict[str, object]:
        return {name: lane for name, (_, lane, _) in self.parts.lanes._lanes.items()}

    def job(self, feed: Feed) -> object:
        return self.parts.schedule.next_of(job_of(feed))


def play(
    file: Path,
    story: Callable[[Bench], Awaitable[None]],
    text: str = CONFIG,
    environ: Mapping[str, str] = ENVIRON,
) -> None:
    async def run() -> None:
        clock = FakeClock()
        parts = await Parts.start(config_in(file.parent, text), environ, clock)
        parts.schedule.pause()
        try:
            await story(Bench(parts, file.parent, clock))
        finally:
            await parts.stop()

    asyncio.run(run())


def test_the_same_configuration_touches_nothing(file: Path) -> None:
    async def story(bench: Bench) -> None:
        lanes, clients, gates = bench.lanes, dict(bench.parts.clients), dict(bench.parts.gates)
        job = bench.job(Feed("default", None))
        assert await bench.reload(CONFIG) == ""
        assert bench.lanes == lanes
        assert bench.parts.clients == clients
        assert bench.parts.gates == gates
        assert bench.job(Feed("default", None)) == job

    play(file, story)


def test_a_new_rule_touches_neither_lanes_nor_clients(file: Path) -> None:
    async def story(bench: Bench) -> None:
        lanes, clients = bench.lanes, dict(bench.parts.clients)
        more = CONFIG + '[[watch]]\nname = "other"\nmatch = { aidc_id = 1 }\n'
        assert await bench.reload(more) == "other"
        assert [rule.name for rule in bench.parts.ledger.settings.rules] == ["nodes", "other"]
        assert (bench.lanes, bench.parts.clients) == (lanes, clients)

    play(file, story)


def test_a_setting_of_the_monitor_that_no_message_shows_touches_no_lane(file: Path) -> None:
    async def story(bench: Bench) -> None:
        lanes = bench.lanes
        await bench.reload(CONFIG.replace("[monitor]", '[monitor]\nblind_after = "5m"'))
        assert bench.lanes == lanes
        await bench.reload(CONFIG.replace("[monitor]", '[monitor]\ntimezone = "Europe/Berlin"'))
        assert bench.lanes != lanes

    play(file, story)


def test_only_the_channel_that_changed_gets_a_new_lane(file: Path) -> None:
    async def story(bench: Bench) -> None:
        lanes = bench.lanes
        assert await bench.reload(MORE_CHANNELS.replace('language = "zh"', 'language = "en"')) == "mail"
        assert bench.lanes["hook"] is lanes["hook"]
        assert bench.lanes["mail"] is not lanes["mail"]
        await bench.reload(CONFIG)
        assert bench.lanes == {"hook": lanes["hook"]}

    play(file, story, MORE_CHANNELS)


def test_only_the_source_that_changed_gets_a_new_client(file: Path) -> None:
    async def story(bench: Bench) -> None:
        clients, job = dict(bench.parts.clients), bench.job(Feed("default", None))
        text = TWO_SOURCES.replace('name = "second"', 'name = "second"\naidc_ids = [1, 2]')
        assert await bench.reload(text) == "second"
        assert bench.parts.clients["default"] is clients["default"]
        assert bench.parts.clients["second"] is not clients["second"]
        assert bench.job(Feed("default", None)) == job
        assert bench.job(Feed("second", None)) is None
        assert bench.job(Feed("second", 1)) != bench.job(Feed("second", 2)), "feeds are staggered"
        assert bench.parts.health.patience_s.keys() == bench.parts.ledger.world.feeds.keys()

    play(file, story, TWO_SOURCES)


def test_a_key_that_was_changed_in_its_place_is_used(file: Path) -> None:
    environ = dict(ENVIRON)

    async def story(bench: Bench) -> None:
        client = bench.parts.clients["default"]
        environ["KEY"] = "canary-other-key"
        assert await bench.reload(CONFIG) == "default"
        assert bench.parts.clients["default"] is not client

    play(file, story, environ=environ)


def test_a_feed_is_not_asked_for_sooner_than_an_interval_after_the_last_time(file: Path) -> None:
    async def story(bench: Bench) -> None:
        feed = Feed("default", None)
        real = bench.parts.clients["default"]
        bench.parts.clients["default"] = FakeSource(IN)  # type: ignore[assignment]
        await bench.parts._poll(feed)
        bench.parts.clients["default"] = real
        asked_at = bench.parts.clock.now()
        await bench.reload(CONFIG.replace('interval = "15s"', 'interval = "40s"'))
        job = bench.parts.schedule._scheduler.get_job(job_of(feed))
        assert job.trigger.start == asked_at + timedelta(seconds=40)

    play(file, story)


def test_no_turn_of_a_source_that_is_gone_comes_while_the_channels_end(file: Path) -> None:
    async def story(bench: Bench) -> None:
        gone = Feed("default", None)
        stop = bench.parts.lanes.stop
        found: list[object] = []

        async def stop_and_look(names: Iterable[str], patience_s: float) -> None:
            found.append(bench.job(gone))
            await bench.parts._poll(gone)
            await stop(names, patience_s)

        bench.parts.lanes.stop = stop_and_look  # type: ignore[method-assign]
        text = CONFIG.replace("[source]", '[[source]]\nname = "site"')
        await bench.reload(text.replace("[channels.hook]", '[channels.hook]\nlanguage = "zh"'))
        assert found == [None]
        assert bench.parts._crashes == 0, "and one that had begun ends there"
        assert bench.job(Feed("site", None)) is not None

    play(file, story)


REFUSED = {
    "another database": (CONFIG.replace("monitor.db", "other.db"), "restart the monitor to use it"),
    "another keep": (CONFIG.replace("[storage]", '[storage]\nkeep = "9d"'), "restart the monitor to use it"),
    "a web server": (CONFIG + '[web]\nlisten = "127.0.0.1:8787"\n', r"\[web\] listen changed"),
    "a missing secret": (CONFIG.replace('"KEY"', '"NO_KEY"').replace('"HOOK"', '"NO_HOOK"'), "NO_KEY"),
    "a bad URL": (CONFIG.replace('{ env = "HOOK" }', '"jsonx://nowhere"'), "hook"),
    "a missing heartbeat": (
        CONFIG.replace("[monitor]", '[monitor]\nheartbeat_url = { env = "NO_BEAT" }'),
        "NO_BEAT",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_whole(file: Path, name: str) -> None:
    text, why = REFUSED[name]
    text += '[[watch]]\nname = "other"\nmatch = { aidc_id = 1 }\n'

    async def story(bench: Bench) -> None:
        config, lanes, clients = bench.parts.config, bench.lanes, dict(bench.parts.clients)
        with pytest.raises(ConfigError, match=why) as caught:
            await bench.reload(text)
        assert "canary" not in str(caught.value)
        assert bench.parts.config is config
        assert (bench.lanes, bench.parts.clients) == (lanes, clients)
        assert [rule.name for rule in bench.parts.ledger.settings.rules] == ["nodes"]

    play(file, story)


def test_all_missing_secrets_are_said_at_once(file: Path) -> None:
    async def story(bench: Bench) -> None:
        text = REFUSED["a missing secret"][0].replace("[monitor]", '[monitor]\nheartbeat_url = { env = "B" }')
        with pytest.raises(ConfigError) as caught:
            await bench.reload(text)
        assert len(caught.value.problems) == 3

    play(file, story)


def test_a_database_that_refuses_refuses_the_reload_whole(file: Path) -> None:
    async def story(bench: Bench) -> None:
        config, lanes = bench.parts.config, bench.lanes
        await bench.parts.store.checkpoint()
        for path in bench.folder.glob("monitor.db*"):
            path.rename(path.with_suffix(path.suffix + ".away"))
        with pytest.raises(DatabaseError):
            await bench.reload(MORE_CHANNELS)
        assert bench.parts.config is config
        assert bench.lanes == lanes
        for path in bench.folder.glob("*.away"):
            path.rename(path.with_suffix(""))
        await bench.reload(MORE_CHANNELS)
        assert sorted(bench.lanes) == ["hook", "mail"]

    play(file, story)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CONFIG.replace('name = "nodes"', 'name = "renamed"'), "rule removed"),
        (CONFIG.replace('name = "nodes"', 'name = "nodes"\nenabled = false'), "rule removed"),
        (
            CONFIG.replace("channels.hook", "channels.other").replace('"hook"', '"other"'),
            "channel removed",
        ),
        (CONFIG.replace("[source]", '[source]\nname = "other"'), "source removed"),
        (CONFIG.replace("[source]", "[source]\naidc_ids = [7]"), "feed removed"),
    ],
)
def test_what_is_gone_from_the_configuration_has_nothing_left_to_tell(
    file: Path, text: str, reason: str
) -> None:
    async def story(bench: Bench) -> None:
        await bench.parts.lanes.stop_all(1)
        real = bench.parts.clients["default"]
        bench.parts.clients["default"] = FakeSource(IN)  # type: ignore[assignment]
        await bench.parts._poll(Feed("default", None))
        bench.parts.clients["default"] = real
        assert execute(file, "SELECT state FROM delivery") == [("pending",)]
        await bench.reload(text)
        assert execute(file, "SELECT state, reason FROM delivery") == [("expired", reason)]
        assert execute(file, "SELECT count(*) FROM alert") == [(int(reason == "channel removed"),)]

    play(file, story)


def test_a_data_centre_that_is_asked_for_again_is_seen_for_the_first_time(file: Path) -> None:
    async def story(bench: Bench) -> None:
        ledger = bench.parts.ledger
        await bench.reload(CONFIG.replace("[source]", "[source]\naidc_ids = [1, 7]"))
        blind = "INSERT INTO notice (event_id, kind, subject, at, facts) VALUES ('x', 'blind', ?, 0, '{}')"
        bench.parts.clients["default"] = FakeSource(IN)  # type: ignore[assignment]
        await bench.parts._poll(Feed("default", 1))
        execute(file, blind.replace("?", "'default/aidc-1'"))
        await bench.reload(CONFIG.replace("[source]", "[source]\naidc_ids = [7]"))
        assert (ledger.world.alerts, ledger.world.episodes) == ({}, set())
        await bench.reload(CONFIG.replace("[source]", "[source]\naidc_ids = [1, 7]"))
        bench.parts.clients["default"] = FakeSource(IN)  # type: ignore[assignment]
        bench.clock.advance(15)
        await bench.parts._poll(Feed("default", 1))
        assert execute(file, "SELECT cause FROM transition") == [("existing",)] * 2

    play(file, story)


def test_a_start_with_a_bad_secret_leaves_nothing_open(file: Path) -> None:
    async def run() -> None:
        config = config_in(file.parent)
        with pytest.raises(MonitorError):
            await Parts.start(config, {}, FakeClock())
        parts = await Parts.start(config, ENVIRON, FakeClock())
        await parts.stop()

    asyncio.run(run())
