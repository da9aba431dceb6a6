"""Watches the stock by itself, where no daemon runs: polls as one would, and stores nothing.

Same client, same patience with a provider that complains, same meaning of what it answers: each poll is
decided by `core`, in a world that lives in memory and has one rule and no channel.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import floor
from typing import Final

from monitor.config.settings import SourceSettings
from monitor.core.answer import Poll
from monitor.core.errors import UpstreamError
from monitor.core.evaluate import decide
from monitor.core.matching import Rule
from monitor.core.notices import KEY_REFUSALS_BEFORE_NOTICE
from monitor.core.product import Attributes, Feed, Observation, ProductKey
from monitor.core.waiting import Answered, Look
from monitor.core.world import FeedState, Settings, World, absorb
from monitor.daemon.clock import Clock, new_event_id
from monitor.daemon.gate import SourceGate
from monitor.source.client import Client

REFUSALS_BORNE: Final = KEY_REFUSALS_BEFORE_NOTICE
"""A key that was refused so often in a row will not get better by asking on."""


class Lookout:
    """`next` returns after each poll, and when its time is over. Meanwhile the feeds are polled in turns.

    Give it the sources and feeds that matter, and for each source a client, which it closes when done.
    """

    def __init__(
        self,
        rule: Rule,
        sources: Sequence[SourceSettings],
        feeds: Sequence[Answered],
        clients: Mapping[str, Client],
        clock: Clock,
    ) -> None:
        self._feeds = feeds
        self._clock = clock
        self._sources = sources
        self._settings = Settings(
            (replace(rule, notify=()),), {}, (), {feed.feed.source: feed.blind_after for feed in feeds}
        )
        self._world = World(feeds={feed.feed: FeedState(clock.now()) for feed in feeds})
        self._gates = {source.name: SourceGate(source.interval, clock.monotonic) for source in sources}
        self._clients = clients
        self._stock: Mapping[ProductKey, tuple[Attributes, Observation]] = {}
        self._runner = asyncio.Runner()
        self._polled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def first_round_s(self) -> float:
        """Within this every feed has been asked once, unless its source wants to be left alone."""
        return max((source.interval + source.timeout).total_seconds() for source in self._sources)

    def next(self, within_s: float) -> Look:
        """Raises UpstreamError when every source refuses its key, and that will not change."""
        self._runner.run(self._next(within_s))
        refusals = self._world.key_refusals
        if all(refusals.get(source.name, 0) >= REFUSALS_BORNE for source in self._sources):
            raise UpstreamError("; ".join(map(self._refusal, self._sources)))
        return self._look()

    def close(self) -> None:
        with self._runner:
            self._runner.run(self._end())

    async def _next(self, within_s: float) -> None:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._watch(source, feed, turn))
                for source in self._sources
                for feed, turn in self._turns(source)
            ]
        self._polled.clear()
        polled = asyncio.create_task(self._polled.wait())
        await asyncio.wait({polled, *self._tasks}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        polled.cancel()
        for task in self._tasks:  # they run for ever, unless one of them breaks
            if task.done():
                task.result()

    def _turns(self, source: SourceSettings) -> list[tuple[Feed, timedelta]]:
        """The feeds of one source are spread over its interval."""
        feeds = [answered.feed for answered in self._feeds if answered.feed.source == source.name]
        return [(feed, number * source.interval / len(feeds)) for number, feed in enumerate(feeds)]

    async def _watch(self, source: SourceSettings, feed: Feed, turn: timedelta) -> None:
        """A slot that passes while a poll runs, or while the source wants to be left alone, is skipped."""
        loop, interval_s = asyncio.get_running_loop(), source.interval.total_seconds()
        slot_s = loop.time() + turn.total_seconds()
        while True:
            await asyncio.sleep(slot_s - loop.time())
            if self._gates[source.name].is_open:
                await self._poll(feed)
            slot_s += interval_s * max(floor((loop.time() - slot_s) / interval_s) + 1, 1)

    async def _poll(self, feed: Feed) -> None:
        at, started_s = self._clock.now(), self._clock.monotonic()
        answer = await self._clients[feed.source].fetch(feed)
        self._gates[feed.source].note(answer, started_s)
        took = timedelta(seconds=self._clock.monotonic() - started_s)
        poll = Poll(feed, at, took, answer)
        _, changes = decide(self._world, poll, self._settings, at + took, new_event_id)
        absorb(self._world, changes)
        self._stock = {
            key: (product.attributes, product.current)
            for products in self._world.products.values()
            for key, product in products.items()
        }
        self._polled.set()

    def _refusal(self, source: SourceSettings) -> str:
        reason = next(
            state.last_failure for feed, state in self._world.feeds.items() if feed.source == source.name
        )
        key, times = source.api_key, self._world.key_refusals[source.name]
        place = key.place if key.kind == "literal" else key.described()
        return f"{source.name}: {reason}, {times} times; put a valid key into {place}"

    def _look(self) -> Look:
        feeds = tuple(self._answered(feed) for feed in self._feeds)
        return Look(self._clock.now(), feeds, self._stock)

    def _answered(self, feed: Answered) -> Answered:
        state = self._world.feeds[feed.feed]
        return replace(
            feed,
            last_poll_at=state.last_poll_at,
            last_ok_at=state.last_ok_at,
            failure=state.last_failure,
        )

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.close()
