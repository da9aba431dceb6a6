"""The internet on loopback: a CONNECT proxy that ends TLS with its own CA and answers by script.

Real plugins talk to it through HTTPS_PROXY and REQUESTS_CA_BUNDLE; plain HTTP goes straight to its port.
"""

import asyncio
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import trustme

from tests.fakes.loop_thread import LoopThread

Misbehaviour = Literal[
    "hang", "reset_before_reading", "reset_after_reading", "close_after_reading", "drip_body"
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host says to one request. `fault`: how it misbehaves instead of, or while, answering."""

    status: int = 200
    body: bytes | str | Mapping[str, Any] = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Misbehaviour | None = None

    def raw_body(self) -> bytes:
        match self.body:
            case bytes():
                return self.body
            case str():
                return self.body.encode()
            case _:
                return json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Request:
    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class FakeInternet(LoopThread):
    """Hosts answer with what stands in `answers`; `script` queues answers for one request each.

    `false_names`: hosts that show the certificate of another.
    """

    def __init__(self, folder: Path) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, Answer] = {}
        self.false_names: dict[str, str] = {}
        self.ca_file = folder / "ca.pem"
        self.port = 0
        self.errors: list[BaseException] = []
        self._queues: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(str(self.ca_file))
        self._contexts: dict[str, ssl.SSLContext] = {}
        super().__init__("fake internet")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "https_proxy": f"http://127.0.0.1:{self.port}",
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    def script(self, host: str, *answers: Answer) -> None:
        self._queues[host].extend(answers)

    def forget(self) -> None:
        """As new: for the next test."""
        self.requests.clear()
        self.answers.clear()
        self._queues.clear()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._converse(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = "127.0.0.1"
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"CONNECT "):
                host = head.split()[1].decode().rpartition(":")[0]
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.start_tls(self._context(host))
                head = await reader.readuntil(b"\r\n\r\n")
            while await self._answer(host, head, reader, writer):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        except Exception as error:
            self.errors.append(error)
        finally:
            with suppress(AttributeError):  # Python 3.11.2, when TLS is closed already
                writer.transport.abort()
            with suppress(Exception):
                await writer.wait_closed()

    async def _answer(
        self, host: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """False: the conversation is over."""
        queue = self._queues[host]
        answer = queue.popleft() if queue else self.answers.get(host, _usual_answer(host))
        if answer.fault == "reset_before_reading":
            return False
        self.requests.append(await _read_request(host, head, reader))
        if answer.fault in {"reset_after_reading", "close_after_reading"}:
            return False
        if answer.fault == "hang":
            await asyncio.Event().wait()
        body = answer.raw_body()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        if answer.fault == "drip_body":
            writer.write(body[:1])
            await writer.drain()
            await asyncio.Event().wait()
        writer.write(body)
        await writer.drain()
        return True

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._ca.issue_cert(self.false_names.get(host, host)).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]


async def _read_request(host: str, head: bytes, reader: asyncio.StreamReader) -> Request:
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines if ": " in line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(host, method, path, headers, body)


def _usual_answer(host: str) -> Answer:
    """Yes, in this service's words."""
    if host == "hooks.slack.com":
        return Answer(body=b"ok")
    if host == "api.telegram.org":
        return Answer(body={"ok": True, "result": {"message_id": 1}})
    if host == "discord.com":
        return Answer(body={"id": "1"})
    return Answer(body={"ok": True, "code": 0, "errcode": 0, "errmsg": "ok", "msg": "success"})


@contextmanager
def refused_port() -> Iterator[int]:
    """A port on which nothing listens while the context is open."""
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
