"""A real client, gate and ledger, wired as in the daemon, between a toxic server and a database file."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from monitor.daemon.clock import SteadyClock
from monitor.daemon.gate import SourceGate
from monitor.daemon.ledger import Taken
from monitor.daemon.poll import SaidFailures, poll
from monitor.source.client import Client
from tests.core.builders import FEED
from tests.daemon.stage import Bench, a_ledger
from tests.fakes.clock import FakeClock
from tests.source.asking import client
from tests.source.toxic_server import Part, Toxic, serving

INTERVAL = timedelta(seconds=15)


@dataclass
class Wired:
    """A real client, a gate and a ledger on a real database, on a clock that the test moves."""

    client: Client
    gate: SourceGate
    bench: Bench
    toxic: Toxic

    async def slot(self) -> Taken | None:
        """One interval passes. None: the source is left alone."""
        bench = self.bench
        bench.clock.advance(INTERVAL.total_seconds())
        clock = SteadyClock(bench.clock)
        return await poll(FEED, self.client, self.gate, bench.ledger, clock, lambda _: None, SaidFailures())

    async def next_poll(self) -> tuple[Taken, int]:
        """What the next poll brings, and how many intervals it took to come."""
        for slots in range(1, 100):
            if (taken := await self.slot()) is not None:
                return taken, slots
        raise AssertionError("the source is left alone for ever")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return stored(self.bench.file, sql)


@asynccontextmanager
async def wired(
    file: Path, *parts: Part, clock: FakeClock | None = None, timeout_s: float = 5
) -> AsyncIterator[Wired]:
    async with (
        a_ledger(file, clock=clock) as bench,
        serving(*parts) as toxic,
        client(toxic.url, timeout_s) as asking,
    ):
        yield Wired(asking, SourceGate(INTERVAL, bench.clock.monotonic), bench, toxic)


def stored(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def all_but_polls(file: Path) -> list[str]:
    """Every row of every other table. What a poll decides is in here."""
    with closing(sqlite3.connect(file)) as connection:
        return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "poll"')]
