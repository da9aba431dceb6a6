"""What a reload may do to a daemon that runs, and how one ends that cannot go on."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.config.settings import Config
from monitor.core.errors import ConfigError, DatabaseError
from monitor.daemon.app import _reload, serve
from monitor.daemon.clock import SystemClock
from tests.daemon.parts_stage import CONFIG, ENVIRON, Listener, config_in, running


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


class BreakingClock(SystemClock):
    """Works until it is broken: then every poll crashes."""

    def __init__(self) -> None:
        self.is_broken = False

    def monotonic(self) -> float:
        if self.is_broken:
            raise ValueError("boom")
        return super().monotonic()


@pytest.fixture
def _own_logging() -> Iterator[None]:
    """A daemon sends all log lines to one place, and other tests want theirs back."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:], logging.raiseExceptions = handlers, raises
    root.setLevel(level)


@pytest.mark.usefixtures("_own_logging")
def test_a_daemon_that_cannot_go_on_ends_with_1_so_that_it_is_started_again(tmp_path: Path) -> None:
    text = CONFIG.replace('interval = "15s"', 'interval = "1s"\naidc_ids = [1, 2, 3, 4, 5]')
    config, clock = config_in(tmp_path, text), BreakingClock()

    async def story() -> int:
        with closing(Listener(tmp_path)) as listener:
            serving = asyncio.create_task(
                serve(config, lambda: config, {**ENVIRON, "NOTIFY_SOCKET": listener.address}, clock)
            )
            async with asyncio.timeout(30):
                while not any("READY=1" in said for said in listener.heard()):
                    await asyncio.sleep(0.01)
                clock.is_broken = True
                return await serving

    assert asyncio.run(story()) == 1
