"""The provider in virtual time: answers as drawn, and watches how it is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Final

import httpx

from tests.torture.clocks.answers import Reply, faulty, sound
from tests.torture.clocks.scene import INTERVAL_S, TIMEOUT_S, Saw
from tests.torture.clocks.shelf import Shelf
from tests.torture.clocks.times import SimulatedClock

EARLY_S: Final = 0.11
SOON_S: Final = 2.0
LATE_S: Final = TIMEOUT_S + SOON_S
"""A turn that comes while a request is on its way is left out: so much later than usual the next may be."""


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Upstream(httpx.AsyncBaseTransport):
    """`newest` is what the last request was truly told: nothing, until its answer is complete.

    `fault_share` says how many of the answers are faulty at this time.
    """

    def __init__(
        self,
        chance: Random,
        clock: SimulatedClock,
        shelf: Shelf,
        fault_share: Callable[[float], float],
        object_to: Callable[[str], None],
    ) -> None:
        self.newest = Saw("not answered")
        self.asked = self.faults = 0
        self.is_asked = asyncio.Event()
        self._chance = chance
        self._clock = clock
        self._shelf = shelf
        self._fault_share = fault_share
        self._object_to = object_to
        self._asked_at: float | None = None
        self._due_by = 0.0
        self._in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._note_asked()
        reply = self._draw()
        self.newest = Saw("not answered")
        self._in_flight += 1
        try:
            await asyncio.sleep(reply.takes_s)
        finally:
            self._in_flight -= 1
        self.newest = reply.saw
        if reply.retry_after_s is not None:
            self._due_by += reply.retry_after_s + reply.takes_s
        if reply.error is not None:
            raise reply.error("drawn", request=request)
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=_Body(reply.body))

    def begin_life(self) -> None:
        """Another process: it knows nothing of when the last one asked."""
        self._asked_at, self._due_by = None, self._clock.uptime_s + SOON_S
        self._in_flight = 0

    def wake(self) -> None:
        """The machine slept: all is as usual again within an interval, or after what is in flight."""
        wait_s = LATE_S if self._in_flight else SOON_S
        self._due_by = max(self._due_by, self._clock.uptime_s + INTERVAL_S + wait_s)

    def look(self) -> None:
        """Is a request overdue?"""
        late_s = self._clock.uptime_s - self._due_by
        if late_s > 0:
            self._object_to(f"no request within {late_s:.1f} s after it was due")

    def _note_asked(self) -> None:
        now = self._clock.uptime_s
        if self._in_flight:
            self._object_to("two requests at once")
        if self._asked_at is not None and now - self._asked_at < INTERVAL_S - EARLY_S:
            self._object_to(f"asked again after {now - self._asked_at:.3f} s")
        self.look()
        self.asked += 1
        self.is_asked.set()
        self._asked_at, self._due_by = now, now + INTERVAL_S + LATE_S

    def _draw(self) -> Reply:
        now = self._clock.uptime_s
        stocks = self._shelf.at(now)
        if self._chance.random() >= self._fault_share(now):
            return sound(self._chance, stocks)
        self.faults += 1
        return faulty(self._chance, stocks)
