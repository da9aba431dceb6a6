"""Many receivers on one loopback address: a door for each channel, with a script and a record of its own."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from tests.fakes.internet import FakeInternet, _read_request
from tests.fakes.mailbox import Manners
from tests.torture.receivers.visits import Reply, Visit, words_of

DRIP_EVERY_S: Final = 0.2


@dataclass(slots=True)
class Door:
    """Answers from `script`, one reply for each message, and then for ever with `usual`."""

    mark: str
    usual: Reply
    script: deque[Reply] = field(default_factory=deque)

    def next(self) -> Reply:
        return self.script.popleft() if self.script else self.usual


class Town(FakeInternet):
    """Finds the door by its mark in the request's head: many channels share one host of a service."""

    def __init__(self, folder: Path) -> None:
        self.doors: dict[str, Door] = {}
        self.visits: list[Visit] = []
        self.strangers: list[str] = []
        self._shut: list[socket.socket] = []
        super().__init__(folder)

    def locked(self) -> Manners:
        """Of a mail server with TLS that asks for a login which no channel has."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert("127.0.0.1").configure_cert(context)
        return Manners(tls=context, login=("user", "right"))

    def shut_port(self) -> int:
        """A port at which the connection is refused until `open_all`."""
        holder = socket.socket()
        holder.bind(("127.0.0.1", 0))
        self._shut.append(holder)
        return int(holder.getsockname()[1])

    def open_all(self) -> None:
        async def listen() -> None:
            for holder in self._shut:
                await asyncio.start_server(self._converse, sock=holder)

        self._in_loop(listen()).result(10)

    def show_true_name(self, host: str) -> None:
        """From now on the certificate is that of the host."""

        async def mend() -> None:
            self.false_names.pop(host, None)
            self._contexts.pop(host, None)

        self._in_loop(mend()).result(10)

    def _in_loop(self, work: Coroutine[None, None, None]) -> "Future[None]":
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _serve(self) -> None:
        try:
            await super()._serve()
        finally:
            for holder in self._shut:
                holder.close()

    async def _answer(
        self, host: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """False: the conversation is over."""
        name = self._door_of(host, head.decode())
        if name is None:
            self.strangers.append(f"{host} {head[:200].decode()!r}")
            return False
        reply = self.doors[name].next()
        if reply.answer.fault == "reset_before_reading":
            self.visits.append(Visit(name, monotonic(), reply))
            return False
        request = await _read_request(host, head, reader)
        self.visits.append(Visit(name, monotonic(), reply, words=words_of(request), taken=reply.takes))
        if reply.drips:
            await _drip(writer)
            return False
        return await _say(reply, writer)

    def _door_of(self, host: str, head: str) -> str | None:
        where = f"{host}\n{head}"
        return next((name for name, door in self.doors.items() if door.mark in where), None)


async def _say(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    answer = reply.answer
    if answer.fault in {"reset_after_reading", "close_after_reading"}:
        return False
    if answer.fault == "hang":
        await asyncio.Event().wait()
    body = answer.raw_body()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    if answer.fault == "drip_body":
        writer.write(body[:1])
        await writer.drain()
        await asyncio.Event().wait()
    writer.write(body)
    await writer.drain()
    return True


async def _drip(writer: asyncio.StreamWriter) -> None:
    """No read of the sender's is ever without a byte for long."""
    writer.write(b"HTTP/1.1 200 X\r\nX-Drip: ")
    with suppress(OSError):
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(DRIP_EVERY_S)
