"""Serves answers to the real client with every lie that HTTP allows, and looks at what it makes of them."""

import asyncio
import gzip
import logging
import random
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final

import httpx

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.core.product import Feed
from monitor.source.client import Client
from tests.fakes.clock import FakeClock
from tests.torture.fuzz.campaign import bodies
from tests.torture.fuzz.judge import compare_answer
from tests.torture.fuzz.reading import read
from tests.torture.fuzz.tally import Tally

FEED: Final = Feed("default", None)
KEY: Final = "canary-key-0123456789abcdef"
LARGEST: Final = 64 * 1024
LONGEST_REASON: Final = 400
_STATUSES: Final = (
    *[200] * 24,
    201,
    204,
    206,
    301,
    302,
    400,
    401,
    403,
    404,
    408,
    418,
    429,
    500,
    502,
    503,
    599,
)
_RETRY_AFTER: Final = (
    "7",
    "0",
    "-1",
    "1e9",
    "9" * 400,
    "Wed, 21 Oct 2065 07:28:00 GMT",
    "soon",
    "",
    "\xb2",
    "7.5",
)
_LOCATIONS: Final = (
    "/login",
    f"https://evil.example.test/?key={KEY}",
    "\\\\evil",
    "a" * 3000,
    "http://[::1",
    "\xff",
)
_ERRORS: Final[tuple[Callable[[str], Exception], ...]] = (
    *(httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout),
    *(httpx.ConnectTimeout, httpx.WriteError, httpx.ProxyError, OSError, ValueError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What goes over the wire, and whether an honest client can take `body` out of it."""

    body: bytes
    sent: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    breaks_with: Exception | None = None
    is_honest: bool = True


def exchanges(seed: int, count: int) -> Iterator[Exchange]:
    chance = random.Random(f"wire {seed}")
    per_provider = 20
    for provider in range(count // per_provider + 1):
        for body in islice(bodies(seed, provider, per_provider), per_provider):
            yield _exchange(chance, body)


def wire(seed: int, count: int) -> Tally:
    """So many exchanges through one client."""
    return asyncio.run(_play(list(islice(exchanges(seed, count), count)), seed))


async def _play(planned: list[Exchange], seed: int) -> Tally:
    tally, current, log = Tally(), [planned[0]], _Log()
    transport = httpx.MockTransport(lambda request: _respond(current[0], request))
    options = {"transport": transport, "largest_body": LARGEST}
    client = Client("https://api.example.test", KEY, timedelta(seconds=30), FakeClock().now, **options)  # type: ignore[arg-type]
    client_log = logging.getLogger(Client.__module__)
    client_log.addHandler(log)
    client_log.propagate = False
    try:
        for number, exchange in enumerate(planned):
            current[0] = exchange
            answer = await client.fetch(FEED)
            tally.answers += 1
            _count(tally.reached, answer)
            for why in [*judge(exchange, answer), *log.complaints()]:
                tally.complain(f"seed {seed}, exchange {number}: {why}; {exchange!r:.1500}")
    finally:
        client_log.propagate = True
        client_log.removeHandler(log)
        await client.close()
    return tally


class _Log(logging.Handler):
    """What the client wrote since it was last looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(self.format(record))

    def complaints(self) -> list[str]:
        told, self._told = self._told, []
        return [f"the log holds the key: {text[:200]}" for text in told if KEY in text]


def judge(exchange: Exchange, answer: Listing | Failed) -> list[str]:
    """Complaints about what the client made of an exchange."""
    if isinstance(answer, Failed):
        told = f"{answer.reason} {answer.excerpt or ''}"
        if KEY in told or len(answer.reason) > LONGEST_REASON:
            return [f"the reason holds the key, or has no end: {told[:300]}"]
        if answer.kind is FailureKind.INTERNAL and not isinstance(
            exchange.breaks_with, ValueError | RuntimeError | OSError
        ):
            return [f"an internal error: {answer.reason}"]
    if exchange.breaks_with or not exchange.is_honest or exchange.status != 200:
        return [] if isinstance(answer, Failed) else ["a list was read where there was none"]
    if len(exchange.body) > LARGEST or len(exchange.sent) > LARGEST:
        is_refused = isinstance(answer, Failed) and answer.kind is FailureKind.TOO_LARGE
        return [] if is_refused else [f"the answer of {len(exchange.body)} bytes is too large"]
    reading = read(exchange.body)
    return [] if reading.too_deep else compare_answer(answer, reading)


def _exchange(chance: random.Random, body: bytes) -> Exchange:
    luck = chance.random()
    if luck < 0.05:
        error = chance.choice(_ERRORS)(f"broken by {KEY}")
        return Exchange(body, body[: chance.randrange(len(body) + 1)], breaks_with=error)
    status = chance.choice(_STATUSES)
    headers = {"retry-after": chance.choice(_RETRY_AFTER)} if chance.random() < 0.3 else {}
    if 300 <= status < 400:
        headers["location"] = chance.choice(_LOCATIONS)
    if status != 200 and chance.random() < 0.5:
        body = body[:500] + f'{{"Authorization": "Bearer {KEY}"}}'.encode()
    sent, more, is_honest = _encoded(chance, body)
    return Exchange(body, sent, status, {**headers, **more}, None, is_honest)


def _encoded(chance: random.Random, body: bytes) -> tuple[bytes, dict[str, str], bool]:
    """As sent, its headers, and whether they say the truth."""
    match chance.randrange(12):
        case 0 | 1:
            return (
                gzip.compress(body, 1),
                {"content-encoding": chance.choice(("gzip", "x-gzip", "GZIP "))},
                True,
            )
        case 2:
            return zlib.compress(body, 1), {"content-encoding": "deflate"}, True
        case 3:
            return zlib.compress(body, 1)[2:-4], {"content-encoding": "deflate"}, True
        case 4:
            return gzip.compress(body, 1)[:-9], {"content-encoding": "gzip"}, False
        case 5:
            return body, {"content-encoding": chance.choice(("br", "zstd", "gzip, gzip", "x" * 5000))}, False
        case 6:
            return gzip.compress(body, 1) + b"more", {"content-encoding": "gzip"}, False
        case 7:
            bomb = gzip.compress(b"[" + b" " * 4 * LARGEST + body)
            return bomb, {"content-encoding": "gzip"}, False
        case 8:
            return body, {"content-length": chance.choice(("9" * 30, str(LARGEST + 1)))}, False
        case _:
            return body, {"content-type": chance.choice(("application/json", "text/html", ""))}, True


class _Stream(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent, size = self._exchange.sent, max(len(self._exchange.sent) // 3, 1)
        for start in range(0, len(sent), size):
            yield sent[start : start + size]
        if self._exchange.breaks_with is not None:
            raise self._exchange.breaks_with


def _respond(exchange: Exchange, request: httpx.Request) -> httpx.Response:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in exchange.headers.items()]
    return httpx.Response(exchange.status, headers=headers, stream=_Stream(exchange), request=request)


def _count(reached: Counter[str], answer: Listing | Failed) -> None:
    reached["wire: ok" if isinstance(answer, Listing) else f"wire: {answer.kind.value}"] += 1
