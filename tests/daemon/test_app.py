"""What a reload may do to a daemon that runs: nothing, whatever goes wrong with it."""

import asyncio
from pathlib import Path

import pytest

from monitor.config.settings import Config
from monitor.core.errors import ConfigError, DatabaseError
from monitor.daemon.app import _reload
from tests.daemon.parts_stage import running


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (ConfigError(["monitor.toml:3: no", "monitor.toml:7: nor that"]), ["reload refused"] * 2),
        (DatabaseError("the disk is full"), ["reload refused"]),
        (ValueError("a bug of ours"), ["reload crashed"]),
    ],
    ids=["a bad configuration", "trouble", "a bug"],
)
def test_a_reload_that_fails_is_logged_and_changes_nothing(
    file: Path, caplog: pytest.LogCaptureFixture, trouble: Exception, said: list[str]
) -> None:
    def load_again() -> Config:
        raise trouble

    async def story() -> None:
        async with running(file) as bench:
            before = bench.parts.config
            await _reload(bench.parts, load_again)
            assert bench.parts.config is before

    asyncio.run(story())
    assert [r.getMessage() for r in caplog.records if r.name == "monitor.daemon.app"] == said
