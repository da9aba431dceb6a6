"""The demo's configuration against the real loader, the real client and the real sender."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.config.loading import parse
from monitor.config.settings import Config
from monitor.core.answer import Listing
from monitor.core.backoff import Accepted
from monitor.core.matching import Met, covers
from monitor.core.product import ProductKey, Seen
from monitor.notify.channel import Channel
from monitor.simulator.demo import simulate_config
from monitor.source.client import Client
from tests.simulator.client import Running, serve

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "http://127.0.0.1:8099"


def config_for(url: str, database: Path = Path("/tmp/demo/monitor.db")) -> Config:
    return parse(simulate_config(url, database), database.parent / "monitor.toml")


def poll(url: str) -> Listing:
    """What the monitor's own client reads from the simulator with the demo's configuration."""

    async def run() -> Listing:
        (source,) = config_for(url).sources
        client = Client(source.base_url, source.api_key.resolve({}), source.timeout, lambda: NOW)
        try:
            listing = await client.fetch(source.feeds[0])
        finally:
            await client.close()
        assert isinstance(listing, Listing)
        return listing

    return asyncio.run(run())


def test_the_demo_polls_the_simulator_every_second_and_keeps_to_the_given_database() -> None:
    config = config_for(URL)
    assert config.sources[0].base_url == URL
    assert config.sources[0].interval.total_seconds() == 1
    assert config.storage.url == "sqlite:////tmp/demo/monitor.db"
    assert config.web is None


def test_the_demo_sends_to_the_receiver_in_two_languages() -> None:
    assert {(c.name, c.secrets["url"].resolve({}), c.language) for c in config_for(URL).channels} == {
        ("terminal", "json://127.0.0.1:8099/notify/terminal", "en"),
        ("terminal-zh", "json://127.0.0.1:8099/notify/terminal-zh", "zh"),
    }


@pytest.mark.parametrize("folder", ['/tmp/a "b"', "/tmp/back\\slash", "/tmp/数据 😀"])
def test_a_database_path_of_any_letters_is_written_whole(folder: str) -> None:
    path = Path(folder) / "monitor.db"
    assert config_for(URL, path).storage.url.endswith(f"{folder}/monitor.db")


def test_the_monitor_reads_the_whole_default_catalogue_and_its_rules_cover_some_of_it() -> None:
    listings: list[Listing] = []

    async def use(running: Running) -> None:
        listings.append(await asyncio.to_thread(poll, running.simulator.url))

    running = serve(use)
    (listing,) = listings
    assert len(listing.rows) == len(running.simulator.served_log) == 12
    assert not listing.unusable
    assert all(isinstance(row.observed, Seen) for row in listing.rows)
    watched = next(row.observed for row in listing.rows if row.product_code == "PRD-TRAIN-1")
    assert isinstance(watched, Seen)
    assert (watched.attributes.gpu_count, watched.attributes.price) == (8, Decimal(2))
    assert covered(listing, "h800-nodes") == {(1, "PRD-TRAIN-1"), (2, "PRD-TRAIN-4")}
    assert covered(listing, "aidc-2-gpus") == {(2, f"PRD-TRAIN-{number}") for number in (4, 5, 6, 7)}


def covered(listing: Listing, name: str) -> set[tuple[int, str]]:
    rule = next(rule for rule in config_for(URL).rules if rule.name == name)
    return {
        (row.aidc_id, row.product_code)
        for row in listing.rows
        if row.aidc_id is not None
        and isinstance(row.observed, Seen)
        and isinstance(
            covers(rule, ProductKey("default", row.aidc_id, row.product_code), row.observed.attributes), Met
        )
    }


def test_a_message_that_a_channel_sends_arrives_whole() -> None:
    async def use(running: Running) -> None:
        settings = config_for(running.simulator.url).channels[1]
        channel = Channel.load(settings.name, settings.secrets["url"].resolve({}))
        outcome = await asyncio.to_thread(channel.send, "恢复有货 3 台 × 8 卡", "第一行\nsecond")
        assert outcome == Accepted()

    assert serve(use).messages == [("terminal-zh", "恢复有货 3 台 × 8 卡", "第一行\nsecond")]
