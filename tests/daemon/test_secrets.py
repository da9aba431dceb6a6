"""Secrets: they stand in no repr, and nothing that a start says holds one."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.words import Language
from monitor.daemon.channels import Target, ToApprise
from monitor.daemon.parts import Parts
from monitor.daemon.secrets import fetch_secrets
from tests.daemon.parts_stage import ENVIRON, config_in
from tests.fakes.clock import FakeClock


def test_what_holds_a_secret_does_not_show_it() -> None:
    target = Target("hook", ToApprise("json://host/canary", "canary", "canary"), Language.EN)
    assert repr(target) == "Target('hook')"


def test_all_secrets_together_show_none(tmp_path: Path) -> None:
    assert "canary" not in repr(fetch_secrets(config_in(tmp_path), ENVIRON))


class Listener(logging.Handler):
    """At the root, as the daemon's own: pytest's listens to loggers, too, that pass nothing on to it."""

    def __init__(self) -> None:
        super().__init__(0)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def listener() -> Iterator[Listener]:
    root, listener = logging.getLogger(), Listener()
    level = root.level
    root.addHandler(listener)
    root.setLevel(1)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


def test_a_start_and_a_stop_log_no_secret(tmp_path: Path, listener: Listener) -> None:
    async def story() -> None:
        parts = await Parts.start(config_in(tmp_path), ENVIRON, FakeClock())
        await parts.stop()

    asyncio.run(story())
    assert "started" in [record.getMessage() for record in listener.records]
    assert [record.__dict__ for record in listener.records if "canary" in str(record.__dict__)] == []
