"""Plays large answers through the real client, ledger and store on a real event loop, and feels its pulse.

What is handed to threads does not count as work of the loop, but a thread that will not let go of the
interpreter does: so the longest silence of a ticker is measured, which both would cause.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from monitor.core.answer import Failed, FailureKind, Listing, Poll
from monitor.core.backoff import Accepted
from monitor.core.message import compose
from monitor.core.product import Feed
from monitor.daemon.clock import SteadyClock
from monitor.daemon.ledger import Ledger
from monitor.daemon.outbox import StoredOutbox
from monitor.notify.lanes import Sent
from monitor.source.client import Client
from monitor.store.database import Database
from monitor.store.store import Store
from tests.fakes.clock import FakeClock
from tests.torture.fuzz.judge import compare_answer
from tests.torture.fuzz.player import INTERVAL, SETTINGS
from tests.torture.fuzz.reading import read
from tests.torture.fuzz.telling import STYLES

FEED: Final = Feed("default", None)
TICK_S: Final = 0.001
CHUNK: Final = 64 * 1024
MOST_MESSAGES: Final = 5


class Felt(NamedTuple):
    """The longest silence of the loop while one answer was worked on, and the most work in a piece in it."""

    silence_s: float
    work_s: float
    complaints: list[str]


def feel(bodies: Sequence[bytes], folder: Path) -> list[Felt]:
    """Of each answer, played one after another to a monitor that starts with an empty database."""
    return asyncio.run(_feel(bodies, folder))


class Ticker:
    """Wakes up all the time and notes how late it was, and how much its thread had worked meanwhile."""

    def __init__(self) -> None:
        self.silence_s = self.work_s = 0.0

    async def run(self) -> None:
        seen, worked = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(TICK_S)
            now, work = time.perf_counter(), time.thread_time()
            self.silence_s = max(self.silence_s, now - seen - TICK_S)
            self.work_s = max(self.work_s, work - worked)
            seen, worked = now, work


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), CHUNK):
            yield self._body[start : start + CHUNK]
            await asyncio.sleep(0)


class _Monitor:
    """One feed and two channels that take everything."""

    def __init__(self, store: Store) -> None:
        self.body = b""
        self.clock = FakeClock()
        serve = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Stream(self.body)))
        patience = timedelta(minutes=10)
        self.client = Client(
            "https://api.example.test", "canary-key", patience, self.clock.now, transport=serve
        )
        numbers = iter(range(10**9))
        self.ledger = Ledger(
            store, [FEED], SETTINGS, SteadyClock(self.clock), lambda: f"event-{next(numbers)}"
        )
        self._outbox = StoredOutbox(
            store, lambda: SETTINGS, self.clock.now, lambda: "message", lambda: 0.0, lambda _: None
        )

    async def play(self, body: bytes) -> Listing | Failed:
        self.body = body
        answer = await self.client.fetch(FEED)
        self.clock.advance(INTERVAL.total_seconds())
        taken = await self.ledger.take(Poll(FEED, self.clock.now(), timedelta(0), answer))
        assert taken.trouble is None, taken.trouble
        for channel, style in zip(sorted(SETTINGS.channels), STYLES, strict=True):
            for _ in range(MOST_MESSAGES):
                claimed = await self._outbox.claim(channel)
                if not claimed.items:
                    break
                compose(claimed.items, style)
                ids = tuple(item.delivery_id for item in claimed.items)
                await self._outbox.record(Sent(channel, ids, Accepted(), self.clock.now(), timedelta(0)))
        return answer


@asynccontextmanager
async def _monitor(folder: Path) -> AsyncIterator[_Monitor]:
    store = Store(Database.open(f"sqlite:///{folder / 'monitor.db'}", holder="the fuzzer"))
    monitor = _Monitor(store)
    try:
        await monitor.ledger.load()
        yield monitor
    finally:
        await monitor.client.close()
        store.close(60)


async def _feel(bodies: Sequence[bytes], folder: Path) -> list[Felt]:
    felt: list[Felt] = []
    async with _monitor(folder) as monitor:
        for body in bodies:
            ticker = Ticker()
            ticking = asyncio.create_task(ticker.run())
            await asyncio.sleep(2 * TICK_S)
            answer = await monitor.play(body)
            await asyncio.sleep(2 * TICK_S)
            ticking.cancel()
            felt.append(Felt(ticker.silence_s, ticker.work_s, _complaints(answer, body)))
    return felt


def _complaints(answer: Listing | Failed, body: bytes) -> list[str]:
    if isinstance(answer, Failed) and answer.kind is FailureKind.INTERNAL:
        return [answer.reason]
    reading = read(body)
    return [] if reading.too_deep else compare_answer(answer, reading)
