"""A bare HTTP client for the tests: what is asserted is what was on the wire."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.simulator.catalogue import Lively
from monitor.simulator.scenario import Scenario
from monitor.simulator.server import HOST, Simulator

LIST = "/v1/product/list-for-training-task"
KEY = {"Authorization": "Bearer k"}


@dataclass
class Clock:
    """A monotonic clock that a test moves."""

    at_s: float = 1000.0

    def __call__(self) -> float:
        return self.at_s


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A started simulator, its clock, and the messages and sleeps it was asked for."""

    simulator: Simulator
    clock: Clock
    messages: list[tuple[str, str, str]] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.simulator.url.rpartition(":")[2])

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.port)

    async def get(self, path: str = LIST, headers: Mapping[str, str] = KEY, method: str = "GET") -> Got:
        return await self.ask(request(method, path, headers))

    async def post(self, path: str, body: bytes) -> Got:
        return await self.ask(request("POST", path, {"Content-Length": str(len(body))}) + body)

    async def ask(self, raw: bytes) -> Got:
        reader, writer = await self.connect()
        try:
            writer.write(raw)
            return await read(reader)
        finally:
            writer.close()

    async def codes(self, path: str = LIST) -> list[str]:
        return [row["productCode"] for row in (await self.get(path)).json["data"]]


def request(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def read(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Got(int(head[0].split()[1]), headers, body)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What still comes until the server closes or resets the connection."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def serve(
    use: Callable[[Running], Awaitable[None]],
    scenario: Scenario | None = None,
    *,
    api_key: str | None = None,
) -> Running:
    """Run `use` against a started simulator, all within ten seconds."""

    async def run() -> Running:
        clock, messages, sleeps = Clock(), list[tuple[str, str, str]](), list[float]()

        async def sleep(seconds: float) -> None:
            sleeps.append(seconds)

        simulator = Simulator(
            scenario or Lively(),
            clock,
            api_key=api_key,
            on_message=lambda *message: messages.append(message),
            sleep=sleep,
        )
        running = Running(simulator, clock, messages, sleeps)
        async with asyncio.timeout(10):
            await simulator.start()
            try:
                await use(running)
            finally:
                await simulator.stop()
        return running

    return asyncio.run(run())
