"""Provider, webhook and mail server in the daemon's own loop: an exchange with them takes no simulated time.

They remember next to nothing: what they served and accepted is told at once to whoever keeps the truth.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random
from typing import Any, Final

from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Change, Fault, FaultKind
from monitor.simulator.server import HOST, Simulator
from monitor.simulator.wire import HEAD_LIMIT, Request, Response, encode, read_request
from tests.torture.soak.quick_time import BusyLoop

Tell = Callable[[dict[str, Any]], None]
API_KEY: Final = "canary-api-key-soak"
REFUSED: Final = "refused"
HELD_S: Final = {"slow": 5.0, "late": 20.0, "stuck": 100.0}
"""So long the webhook waits before it accepts."""
GIVEN_UP_AFTER_S: Final = 15.0
"""So long the monitor waits for it."""
_FAULTS: Final = {
    "500": FaultKind.SERVER_ERROR,
    "hang": FaultKind.HANG,
    "403": FaultKind.FORBIDDEN,
    "html": FaultKind.HTML,
    "429": FaultKind.RATE_LIMITED,
    "reset": FaultKind.RESET,
}
_MIXED: Final = (FaultKind.SERVER_ERROR, FaultKind.HANG, FaultKind.RESET, FaultKind.HTML)


class Shelf:
    """The simulator's scenario, at the loop's time. Tells each new answer, and its first repetition."""

    def __init__(
        self,
        seed: int,
        listed: Sequence[Offer],
        changes: Iterator[Change],
        time: Callable[[], float],
        tell: Tell,
    ) -> None:
        self.mood: str | None = None
        self._offers = {offer.identity: offer for offer in listed}
        self._changes = changes
        self._next = next(changes)
        self._time = time
        self._tell = tell
        self._told: list[tuple[str, int, bool]] = []
        self._times = 0
        self._random = Random(f"{seed} mixed")

    def offers_at(self, _: float) -> Sequence[Offer]:
        while self._next.at_s <= self._time():
            offer = self._offers[self._next.identity]
            self._offers[self._next.identity] = replace(offer, **self._next.fields)
            self._next = next(self._changes)
        served = [offer for offer in self._offers.values() if offer.listed]
        self._note([(offer.product_code, offer.remaining, offer.stock_error is not None) for offer in served])
        return served

    def fault_at(self, _: float) -> Fault | None:
        if self.mood is None:
            return None
        kind = self._random.choice(_MIXED) if self.mood == "mixed" else _FAULTS[self.mood]
        return Fault(kind, 0, 90)

    def _note(self, stock: list[tuple[str, int, bool]]) -> None:
        self._times = self._times + 1 if stock == self._told else 1
        self._told = stock
        if self._times <= 2:
            self._tell({"served": stock, "at": self._time()})


class Provider:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._simulator = Simulator(shelf, lambda: 0.0, api_key=API_KEY)
        self._simulator.served_log = deque(maxlen=0)
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def asked(self) -> int:
        return self._simulator.request_count

    async def start(self) -> None:
        await self._simulator.start(self._port)
        self._port = int(self._simulator.url.rpartition(":")[2])

    async def behave(self, mood: str | None) -> None:
        if self.shelf.mood == REFUSED:
            await self.start()
        elif mood == REFUSED:
            await self.stop()
        self.shelf.mood = mood

    async def stop(self) -> None:
        await self._simulator.stop()


class Receiver(ABC):
    """A server for one conversation a connection."""

    def __init__(self, loop: BusyLoop, tell: Tell) -> None:
        self.port = 0
        self.mood: str | None = None
        self._loop = loop
        self._tell = tell
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, self.port, limit=HEAD_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def behave(self, mood: str | None) -> None:
        if self.mood == REFUSED:
            await self.start()
        elif mood == REFUSED:
            await self.stop()
        self.mood = mood

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._converse(reader, writer)
        writer.close()

    @abstractmethod
    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


class Hook(Receiver):
    """Takes what Apprise's json:// posts, and any GET as a heartbeat."""

    beats = 0

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keep_alive = True
        while keep_alive:
            request = await read_request(reader)
            if not isinstance(request, Request):
                return
            keep_alive = request.keep_alive
            writer.write(b"".join(encode(await self._answer(request), keep_alive=keep_alive)))
            await writer.drain()

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            self.beats += 1
            return Response(200, b"OK", "text/plain")
        if self.mood in {"500", "404"}:
            return Response(int(self.mood), b"{}")
        if self.mood == "429":
            return Response(429, b"{}", headers=(("Retry-After", "120"),))
        heard_at, held_s = self._loop.time(), HELD_S.get(self.mood or "", 0.0)
        if held_s:
            await self._hold(held_s)
        payload = json.loads(request.body)
        self._tell(
            {
                "accepted": "hook",
                "at": heard_at,
                "answered": held_s < GIVEN_UP_AFTER_S,
                "title": payload["title"],
                "body": payload["message"],
            }
        )
        return Response(200, b"{}")

    async def _hold(self, seconds: float) -> None:
        """The sender's thread waits for us, and time goes on."""
        self._loop.held += 1
        await asyncio.sleep(seconds)
        self._loop.held -= 1


class Mail(Receiver):
    """As much of SMTP as a client needs to hand over a message, or to be refused."""

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while command := (await reader.readline()).decode("latin-1").strip().upper():
            writer.write(self._reply(command))
            if command == "QUIT":
                return
            if command == "DATA":
                raw = await reader.readuntil(b"\r\n.\r\n")
                swallows = self.mood == "hang up"
                told = {"at": self._loop.time(), "answered": not swallows, "raw": raw.decode("latin-1")}
                self._tell({"accepted": "mail", **told})
                if swallows:
                    writer.transport.abort()
                    return
                writer.write(b"250 OK\r\n")

    def _reply(self, command: str) -> bytes:
        if command == "DATA":
            return b"354 go on\r\n"
        if command.startswith("RCPT") and self.mood in {"451", "550"}:
            return f"{self.mood} not now or never\r\n".encode()
        return b"221 bye\r\n" if command == "QUIT" else b"250 OK\r\n"


@asynccontextmanager
async def listening(*places: Provider | Receiver) -> AsyncIterator[None]:
    stop: list[Callable[[], Awaitable[None]]] = []
    try:
        for place in places:
            await place.start()
            stop.append(place.stop)
        yield
    finally:
        for end in stop:
            await end()
