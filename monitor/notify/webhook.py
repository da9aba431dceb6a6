"""A channel that is a program elsewhere: each event is posted as JSON, signed, under a deadline of our own.

The signature is HMAC-SHA256 over the timestamp, a dot and the body, all as they stand in the request: see
docs/acting.md. The event's id goes along as idempotency key, so that a repeat can be told.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx

from monitor import __version__
from monitor.config.values import webhook_url
from monitor.core.backoff import Accepted, Outcome, Refused
from monitor.core.errors import ConfigError
from monitor.notify.classify import judge_exchange
from monitor.notify.evidence import Exchange, retry_after_of
from monitor.notify.redact import Redactor
from monitor.notify.trust import hush, trusted

GRACE_S: Final = 2.0
_KIND: Final = "webhook"
_ANSWER_READ_BYTES: Final = 2_000
_LONGEST_REASON: Final = 300
_LEAVES: Final = ".send_request_headers.started"


@dataclass(slots=True)
class _Progress:
    """`left`: the connection stood, so the request may have arrived."""

    left: bool = False

    async def note(self, event: str, about: Mapping[str, Any]) -> None:
        """What asks a proxy for a connection is not the request yet."""
        if event.endswith(_LEAVES) and about["request"].method != b"CONNECT":
            self.left = True


class WebhookChannel:
    """Sends in the caller's thread, on a connection of its own each time: events are rare."""

    def __init__(
        self,
        url: str,
        secret: str,
        deadline: timedelta,
        clock: Callable[[], float] = time.time,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._secret = secret
        self._deadline_s = deadline.total_seconds()
        self._clock = clock
        self._context = context
        self._redact = Redactor(url, [secret])

    @classmethod
    def load(cls, name: str, url: str, secret: str, deadline: timedelta) -> "WebhookChannel":
        """Raises ConfigError, in whose text the address does not stand. Touches no network."""
        try:
            webhook_url(url)
        except ValueError as error:
            raise ConfigError([f"channel {name}: webhook.url {error}"]) from None
        trusted()  # a tenth of a second that the first event need not wait for
        return cls(url, secret, deadline)

    def send(self, title: str, body: str) -> Outcome:
        """`body` is the event as JSON. Blocks until the answer or the deadline. Never raises."""
        outcome = judge_exchange(_KIND, asyncio.run(self._exchange(body.encode(errors="replace"))))
        if isinstance(outcome, Accepted):
            return outcome
        reason = self._redact(outcome.reason)[:_LONGEST_REASON]
        return Refused(outcome.kind, reason, outcome.retry_after, outcome.pauses_channel)

    async def _exchange(self, body: bytes) -> Exchange:
        hush()
        progress = _Progress()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._post(body, progress)
        except TimeoutError:
            return Exchange(None, failure=f"no answer within {self._deadline_s:g} s", left=progress.left)
        except Exception as error:  # noqa: BLE001  whatever a network may cause; its text may hold the address
            return Exchange(None, failure=_in_words(error), left=progress.left)

    async def _post(self, body: bytes, progress: _Progress) -> Exchange:
        verify = self._context or trusted()
        async with (
            httpx.AsyncClient(verify=verify, follow_redirects=False, timeout=self._deadline_s) as client,
            client.stream(
                "POST",
                self._url,
                content=body,
                headers=self._headers(body),
                extensions={"trace": progress.note},
            ) as answer,
        ):
            read = await _beginning(answer)
            host = _host_of(self._url, answer.headers.get("Location"))
            return Exchange(answer.status_code, read, False, retry_after_of(answer.headers), host)

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"gpu-stock-monitor/{__version__}",
            "Idempotency-Key": json.loads(body)["event_id"],
            "X-Monitor-Timestamp": timestamp,
            "X-Monitor-Signature": f"sha256={signature(self._secret, timestamp, body)}",
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 over `timestamp.body`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def _beginning(answer: httpx.Response) -> bytes:
    """Enough to say why not. What follows is left unread, for it may be endless."""
    read = b""
    if answer.status_code >= 300:
        async for chunk in answer.aiter_raw():
            read += chunk
            if len(read) >= _ANSWER_READ_BYTES:
                break
    return read[:_ANSWER_READ_BYTES]


def _host_of(url: str, where: str | None) -> str | None:
    """Of where we were sent on to."""
    with suppress(ValueError, httpx.InvalidURL):
        return httpx.URL(url).join(where).host if where else None
    return None


def _in_words(error: BaseException) -> str:
    """Our own words: the library's are empty, or hold the address."""
    cause: BaseException | None = error
    while cause is not None:
        if (words := _WORDS.get(type(cause))) is not None:
            return words
        cause = cause.__cause__ or cause.__context__
    return "the connection broke"


_WORDS: Final[dict[type[BaseException], str]] = {
    ssl.SSLCertVerificationError: "the certificate is not trusted",
    ssl.SSLError: "the TLS handshake failed",
    socket.gaierror: "the host name cannot be resolved",
    ConnectionRefusedError: "the connection was refused",
    ConnectionResetError: "the connection was reset",
    httpx.RemoteProtocolError: "the connection was closed without a whole answer",
}
