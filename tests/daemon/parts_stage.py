"""The parts of a daemon without a network: the source answers what the test says, and systemd listens."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from monitor.config.loading import load
from monitor.config.settings import Config
from monitor.core.answer import Failed, Listing
from monitor.core.product import Feed
from monitor.daemon.parts import Parts
from monitor.daemon.pulse import Pulse
from monitor.daemon.systemd import Supervisor
from tests.core.builders import CODE, FEED, Answer, listing_of
from tests.daemon.stage import MoodyStore, open_store
from tests.fakes.clock import FakeClock

ENVIRON: Final[Mapping[str, str]] = {"KEY": "canary-key", "HOOK": "json://127.0.0.1:9/canary-hook"}
CONFIG: Final = """
[source]
base_url = "http://127.0.0.1:9"
api_key = { env = "KEY" }
interval = "15s"
[storage]
url = "sqlite:///monitor.db"
[monitor]
notify = ["hook"]
[channels.hook]
url = { env = "HOOK" }
[defaults]
min_gap = "0s"
[[watch]]
name = "nodes"
match = { gpu_count = 8 }
notify = ["hook"]
"""


def config_in(folder: Path, text: str = CONFIG) -> Config:
    file = folder / "monitor.toml"
    file.touch(0o600)
    file.write_text(text, "utf-8")
    return load(file)


@dataclass
class FakeSource:
    """Gives the same answer again until it is told another."""

    answer: Answer | BaseException = field(default_factory=lambda: {CODE: 0})
    asked: list[Feed] = field(default_factory=list)
    closed: bool = False

    async def fetch(self, feed: Feed) -> Listing | Failed:
        self.asked.append(feed)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer if isinstance(self.answer, Failed | Listing) else listing_of(self.answer)

    async def close(self) -> None:
        self.closed = True


class Listener:
    """Where systemd would listen."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@dataclass
class Running:
    parts: Parts
    pulse: Pulse
    clock: FakeClock
    store: MoodyStore
    source: FakeSource
    listener: Listener
    folder: Path

    async def poll(self, answer: Answer | BaseException | None = None, after: float = 15.0) -> None:
        if answer is not None:
            self.source.answer = answer
        self.clock.advance(after)
        await self.parts._poll(FEED)


@asynccontextmanager
async def running(
    file: Path, text: str = CONFIG, watchdog: timedelta | None = None, **pulse: Any
) -> AsyncIterator[Running]:
    """`file` is an empty database; nothing is polled or beaten but by the test."""
    clock, store, source = FakeClock(), open_store(file), FakeSource()
    parts = Parts(config_in(file.parent, text), ENVIRON, clock, store)
    for settings in parts.config.sources:
        parts.add_source(settings, "canary-key")
        real, parts.clients[settings.name] = parts.clients[settings.name], source  # type: ignore[assignment]
        await real.close()
    await parts.ledger.load()
    parts.schedule.start()
    with closing(Listener(file.parent)) as listener:
        beating = Pulse(parts, Supervisor(listener.address, watchdog), **pulse)
        try:
            yield Running(parts, beating, clock, store, source, listener, file.parent)
        finally:
            await beating.stop()
            await parts.stop()


def play(file: Path, story: Callable[[Running], Awaitable[None]], *args: Any, **settings: Any) -> None:
    async def run() -> None:
        async with running(file, *args, **settings) as bench:
            await story(bench)

    asyncio.run(run())


def execute(file: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()
