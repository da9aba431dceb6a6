"""Asks the provider for one feed's list. Whatever goes wrong comes back as a `Failed`, never as a raise."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from monitor import __version__
from monitor.core.answer import Failed, FailureKind, Listing
from monitor.core.errors import ConfigError
from monitor.core.product import Feed
from monitor.source.body import LARGEST_BODY, BodyTooLargeError, UnusableBodyError, read_body
from monitor.source.excerpt import excerpt, one_line, redact
from monitor.source.payload import RowMemo, parse, status_failure
from monitor.source.retry_after import retry_after
from monitor.source.trouble import in_words

PATH: Final = "/v1/product/list-for-training-task"
USER_AGENT: Final = f"gpu-stock-monitor/{__version__}"
PARSED_IN_A_THREAD: Final = 64 * 1024
"""From this size on, reading an answer (300 ms a MiB of rows that are none) would be felt by the loop."""
ERROR_BODY_PATIENCE_S: Final = 1.0
LARGEST_ERROR_BODY: Final = 256 * 1024
KEEP_ALIVE_S: Final = 75.0

_log = logging.getLogger(__name__)


class Client:
    """One source's connection pool, key and memory of the last rows. Close it when done.

    `transport` is the seam for tests; `beside` runs what would be felt by the loop. A key that no header can
    carry raises ConfigError without saying it.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        timeout: timedelta,
        clock: Callable[[], datetime],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        trust_env: bool = False,
        largest_body: int = LARGEST_BODY,
        beside: Callable[[Callable[[], Listing | Failed]], Awaitable[Listing | Failed]] = asyncio.to_thread,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable() or not api_key.strip():
            raise ConfigError(["the API key is empty or holds characters that no HTTP header can carry"])
        _hush("httpx", "httpcore")
        self._secrets = (api_key,)
        self._timeout_s = timeout.total_seconds()
        self._clock = clock
        self._largest_body = largest_body
        self._beside = beside
        self._memos: dict[Feed, RowMemo] = {}
        self._told: str | None = None
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "Authorization": f"Bearer {api_key}",
                "User-Agent": USER_AGENT,
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,  # noqa: S113 - per read: a dripping server passes it; `fetch` bounds the whole
            limits=httpx.Limits(
                max_connections=32, max_keepalive_connections=8, keepalive_expiry=KEEP_ALIVE_S
            ),
            follow_redirects=False,
            trust_env=trust_env,
            transport=transport,
        )

    async def fetch(self, feed: Feed) -> Listing | Failed:
        """What the provider lists for the feed now, or why that is unknown. Raises CancelledError only."""
        try:
            answer = await self._answer(feed)
        except Exception as error:  # noqa: BLE001 - the boundary: nothing hostile gets past it
            return self._internal(error)
        self._told = None
        return answer

    async def close(self) -> None:
        await self._http.aclose()

    async def _answer(self, feed: Feed) -> Listing | Failed:
        came = await self._within_the_deadline(feed)
        if isinstance(came, Failed):
            return came
        answer = await self._listing(feed, came.body) if came.status == 200 else self._refusal(came)
        if isinstance(answer, Failed) and answer.kind.backs_off:
            return replace(answer, retry_after=retry_after(came.retry_after, self._clock()))
        return answer

    async def _within_the_deadline(self, feed: Feed) -> "_Came | Failed":
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                return await self._exchange(feed)
        except BodyTooLargeError as error:
            return Failed(FailureKind.TOO_LARGE, str(error))
        except UnusableBodyError as error:
            return Failed(FailureKind.NOT_JSON, str(error))
        except (TimeoutError, httpx.TransportError) as error:
            if deadline.expired():
                return Failed(FailureKind.TIMEOUT, f"no complete answer within {self._timeout_s:g} s")
            host = self._http.base_url.netloc.decode("ascii")
            return Failed(FailureKind.UNREACHABLE, in_words(error, host))

    async def _exchange(self, feed: Feed) -> "_Came":
        """A kept connection may die just as it is used again: that one loss is made good at once."""
        trip = _Trip()
        try:
            return await self._ask(feed, trip)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if not trip.died_on_a_kept_connection:
                raise
        return await self._ask(feed, _Trip())

    async def _ask(self, feed: Feed, trip: "_Trip") -> "_Came":
        query = {} if feed.aidc_id is None else {"aidcId": feed.aidc_id}
        try:
            async with self._http.stream(
                "GET", PATH, params=query, extensions={"trace": trip.note}
            ) as response:
                return await self._came(response)
        finally:
            await trip.drop_unfinished_handshake()

    async def _came(self, response: httpx.Response) -> "_Came":
        status, headers = response.status_code, response.headers
        if status == 200:
            body = await _body(response, self._largest_body)
        else:
            body = await _body_of_an_error(response, self._timeout_s / 2)
        return _Came(status, body, headers.get("retry-after"), headers.get("location"))

    async def _listing(self, feed: Feed, body: bytes) -> Listing | Failed:
        memo = self._memos.setdefault(feed, RowMemo())
        if len(body) <= PARSED_IN_A_THREAD:
            return parse(body, memo, self._secrets)
        return await self._beside(partial(parse, body, memo, self._secrets))

    def _refusal(self, came: "_Came") -> Failed:
        failed = status_failure(came.status, f"HTTP {came.status}")
        reason = failed.reason
        if 300 <= came.status <= 399 and came.location:
            target = redact(one_line(came.location), self._secrets)[:200]
            reason = f"redirected to {target}, not followed (HTTP {came.status})"
        return replace(failed, reason=reason, excerpt=excerpt(came.body, self._secrets))

    def _internal(self, error: Exception) -> Failed:
        name = type(error).__name__
        if name != self._told:
            self._told = name
            trace = redact("".join(traceback.format_exception(error)), self._secrets)
            _log.error("asking for the list failed in an unforeseen way\n%s", trace)
        return Failed(FailureKind.INTERNAL, f"internal error: {name}")


@dataclass(frozen=True, slots=True)
class _Came:
    status: int
    body: bytes
    retry_after: str | None
    location: str | None


class _Trip:
    """What became of one request, told by the transport's trace events (httpcore 1.0)."""

    def __init__(self) -> None:
        self._events: set[str] = set()
        self._stream: Any = None

    async def note(self, event: str, told: Mapping[str, Any]) -> None:
        self._events.add(event)
        if event == "connection.connect_tcp.complete":
            self._stream = told["return_value"]

    async def drop_unfinished_handshake(self) -> None:
        """httpcore leaves the socket open, and known to the loop, when a handshake is cancelled (1.0.9)."""
        begun, done = "connection.start_tls.started", "connection.start_tls.complete"
        if self._stream is not None and begun in self._events and done not in self._events:
            await self._stream.aclose()

    @property
    def died_on_a_kept_connection(self) -> bool:
        return (
            "http11.send_request_headers.started" in self._events
            and "connection.connect_tcp.started" not in self._events
            and "http11.receive_response_headers.complete" not in self._events
        )


async def _body(response: httpx.Response, largest: int) -> bytes:
    headers = response.headers
    encoding, announced = headers.get("content-encoding", ""), headers.get("content-length", "")
    return await read_body(response.aiter_raw(), encoding, announced, largest)


async def _body_of_an_error(response: httpx.Response, patience_s: float) -> bytes:
    """An error's body is worth an excerpt: that it is late, broken or endless must not hide the status."""
    with suppress(UnusableBodyError, httpx.TransportError, TimeoutError):
        async with asyncio.timeout(min(patience_s, ERROR_BODY_PATIENCE_S)):
            return await _body(response, LARGEST_ERROR_BODY)
    return b""


def _hush(*loggers: str) -> None:
    """Their INFO lines quote URLs, their DEBUG lines the Authorization header."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)
