"""A loopback server that misbehaves on purpose, byte by byte. Each connection plays one part."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Wire = tuple[Reader, Writer]


class Toxic:
    """What the server saw: request heads in order, and how many connections."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self.connections = 0

    async def request(self, reader: Reader) -> str:
        """Reads one request's head and keeps it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        return head


Part = Callable[[Toxic, Reader, Writer], Awaitable[None]]


@asynccontextmanager
async def serving(
    *parts: Part, tls: ssl.SSLContext | None = None, name: str = "127.0.0.1"
) -> AsyncIterator[Toxic]:
    """The nth connection plays the nth part, all further ones the last."""
    toxic = Toxic()
    tasks: set[asyncio.Task[None]] = set()

    async def play(reader: Reader, writer: Writer) -> None:
        part = parts[min(toxic.connections, len(parts) - 1)]
        toxic.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await part(toxic, reader, writer)
        finally:
            writer.close()

    def accept(reader: Reader, writer: Writer) -> None:
        task = asyncio.get_running_loop().create_task(play(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    toxic.url = f"{'https' if tls else 'http'}://{name}:{server.sockets[0].getsockname()[1]}"
    try:
        yield toxic
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def http(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A complete, correct answer; underscores in header names are dashes."""
    lines = {"content-length": str(len(body)), "content-type": "application/json"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def answers(*responses: bytes) -> Part:
    """One response a request on one connection, then the connection is closed."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        for response in responses:
            await toxic.request(reader)
            writer.write(response)
            await writer.drain()

    return part


def always(response: bytes) -> Part:
    """The same response to every request, for as long as the connection lasts."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        while True:
            await toxic.request(reader)
            writer.write(response)
            await writer.drain()

    return part


def drips(response: bytes, first: int, pause_s: float = 0.02) -> Part:
    """`first` bytes at once, then a byte at a time."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        await toxic.request(reader)
        writer.write(response[:first])
        for byte in response[first:]:
            await asyncio.sleep(pause_s)
            writer.write(bytes([byte]))
            await writer.drain()

    return part


def falls_silent_after(response: bytes) -> Part:
    """Sends this much and then nothing, with the connection left open."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        await toxic.request(reader)
        writer.write(response)
        await reader.read()

    return part


def resets_after(response: bytes, *before: bytes) -> Part:
    """Answers `before` correctly, then sends this much of an answer and resets the connection."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        for complete in before:
            await toxic.request(reader)
            writer.write(complete)
        await toxic.request(reader)
        writer.write(response)
        await writer.drain()
        reset(writer)

    return part


async def resets_at_once(_: Toxic, reader: Reader, writer: Writer) -> None:
    reset(writer)


async def never_speaks(_: Toxic, reader: Reader, writer: Writer) -> None:
    await reader.read()


def endless(head: bytes, chunk: bytes) -> Part:
    """A head and then the chunk for ever."""

    async def part(toxic: Toxic, reader: Reader, writer: Writer) -> None:
        await toxic.request(reader)
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()

    return part


def reset(writer: Writer) -> None:
    """Closes with RST instead of FIN."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@contextmanager
def full_backlog() -> Iterator[str]:
    """The URL of a listener that accepts nobody: further connects hang."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


def closed_port() -> str:
    """The URL of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
