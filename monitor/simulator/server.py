"""The stand-in server: the provider's API and a receiver of messages, on loopback only."""

import asyncio
import errno
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, NamedTuple, assert_never

from monitor.core.errors import MonitorError
from monitor.simulator.api import LIST_PATH, Answer, Reply, Reset, Silence, answer_list, trouble
from monitor.simulator.receiver import NOTIFY_PATH, Message, receive
from monitor.simulator.scenario import Scenario
from monitor.simulator.wire import HEAD_LIMIT, Request, Response, Unreadable, encode, read_request

HOST: Final = "127.0.0.1"
CONNECTION_LIMIT: Final = 256
SERVED_LOG_LIMIT: Final = 100_000
DRIPS: Final = 60
DRIP_EVERY_S: Final = 1.0
_IDLE_S: Final = 300.0

OnMessage = Callable[[str, str, str], None]


class Served(NamedTuple):
    """One row of an answer that went out whole, and when, in seconds since the start."""

    at_s: float
    product_code: str
    remaining: int


def _ignore(_channel: str, _title: str, _body: str) -> None:
    pass


class Simulator:
    """Serves a scenario, which begins when `start` returns.

    `now` is a monotonic clock in seconds. `on_message` gets channel, title and body of each message
    that is posted to /notify/<channel>. `served_log` keeps the last SERVED_LOG_LIMIT rows.
    """

    def __init__(
        self,
        scenario: Scenario,
        now: Callable[[], float],
        *,
        api_key: str | None = None,
        on_message: OnMessage = _ignore,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.served_log: deque[Served] = deque(maxlen=SERVED_LOG_LIMIT)
        self.request_count = 0
        self._scenario = scenario
        self._now = now
        self._api_key = api_key
        self._on_message = on_message
        self._sleep = sleep
        self._started_at_s = 0.0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one. Raises MonitorError when the port cannot be had."""
        try:
            self._server = await asyncio.start_server(self._connected, HOST, port, limit=HEAD_LIMIT)
        except (OSError, OverflowError) as error:
            raise MonitorError(_why_no_port(port, error)) from error
        self._started_at_s = self._now()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the simulator is not started")
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening and drop every connection, also those that are left without an answer."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  asyncio runs each connection in a task
        self._connections.add(task)
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._admit(reader, writer)
        except asyncio.CancelledError:
            # By `stop`. Raised on, Python 3.11 would put a traceback on standard error.
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # stopped between the accepting and this task's first step
            writer.transport.abort()
        elif len(self._connections) > CONNECTION_LIMIT:
            await _write(writer, trouble(503), keep_alive=False)
        else:
            await self._converse(reader, writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keep_alive = True
        while keep_alive:
            async with asyncio.timeout(_IDLE_S):
                request = await read_request(reader)
            if request is None:
                return
            if isinstance(request, Unreadable):
                await _write(writer, trouble(request.status, message=request.why), keep_alive=False)
                return
            keep_alive = request.keep_alive
            at_s = self._now() - self._started_at_s
            await self._act(self._reply(request, at_s), at_s, reader, writer, keep_alive=keep_alive)

    def _reply(self, request: Request, at_s: float) -> Reply:
        if request.path == LIST_PATH:
            self.request_count += 1
            return answer_list(request, self._scenario, at_s, self._api_key)
        if request.path.startswith(NOTIFY_PATH):
            return Answer(self._deliver(receive(request)))
        return Answer(trouble(404))

    def _deliver(self, received: Message | Response) -> Response:
        if isinstance(received, Response):
            return received
        self._on_message(received.channel, received.title, received.body)
        return Response(200, b"{}")

    async def _act(
        self,
        reply: Reply,
        at_s: float,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        keep_alive: bool,
    ) -> None:
        match reply:
            case Answer(response, served, dripped):
                if dripped:
                    await self._drip(writer, response, keep_alive=keep_alive)
                else:
                    await _write(writer, response, keep_alive=keep_alive)
                self.served_log.extend(Served(at_s, o.product_code, o.remaining) for o in served)
            case Silence():
                async with asyncio.timeout(_IDLE_S):
                    while await reader.read(HEAD_LIMIT):
                        pass
                raise ConnectionAbortedError
            case Reset():
                _reset(writer)
                raise ConnectionResetError
            case _:
                assert_never(reply)

    async def _drip(self, writer: asyncio.StreamWriter, response: Response, *, keep_alive: bool) -> None:
        head, body = encode(response, keep_alive=keep_alive)
        writer.write(head)
        size = max(1, -(-len(body) // DRIPS))
        for start in range(0, len(body), size):
            await writer.drain()
            await self._sleep(DRIP_EVERY_S)
            writer.write(body[start : start + size])
        await writer.drain()


async def _write(writer: asyncio.StreamWriter, response: Response, *, keep_alive: bool) -> None:
    writer.write(b"".join(encode(response, keep_alive=keep_alive)))
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST: with no time to linger the system drops what is unsent and tells the peer so."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _why_no_port(port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return f"there is no port {port}: choose one from 1024 to 65535, or 0 for a free one"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {HOST} is in use: stop what has it, or choose another --port (0: a free one)"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} of {HOST} is not permitted to this user: choose a --port from 1024 to 65535"
    return f"cannot listen on port {port} of {HOST} ({error.strerror}): choose another --port (0: a free one)"
