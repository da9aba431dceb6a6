"""As much of HTTP/1.1 as a client of the stand-in needs: read a request, write an answer, within limits."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

HEAD_LIMIT: Final = 16 * 1024
BODY_LIMIT: Final = 1024 * 1024

_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are lower case. Of a repeated query parameter the first counts, of a header the last."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    keep_alive: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What came is no request that is answered here; the connection cannot go on."""

    status: int
    why: str


async def read_request(reader: asyncio.StreamReader) -> Request | Unreadable | None:
    """The next request of a connection; None when the client is gone.

    `reader` must have been made with `limit=HEAD_LIMIT`.
    """
    try:
        head = await reader.readuntil(_END_OF_HEAD)
        request = _parse_head(head)
        if isinstance(request, Unreadable):
            return request
        return await _with_body(request, reader)
    except asyncio.LimitOverrunError:
        return Unreadable(431, f"the head of a request may have {HEAD_LIMIT} bytes")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def encode(response: Response, *, keep_alive: bool) -> tuple[bytes, bytes]:
    """Head and body as they go on the wire."""
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        "Server: gpu-stock-monitor-simulator",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    return "\r\n".join(lines).encode("ascii") + _END_OF_HEAD, response.body


def _parse_head(head: bytes) -> Request | Unreadable:
    request_line, *lines = head[: -len(_END_OF_HEAD)].decode("latin-1").split("\r\n")
    words = request_line.split(" ")
    if len(words) != 3 or words[2] not in {"HTTP/1.1", "HTTP/1.0"}:
        return Unreadable(400, "the first line is not one of HTTP/1.1")
    try:
        target = urlsplit(words[1])
    except ValueError:
        return Unreadable(400, "the address cannot be read")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    query = {name: values[0] for name, values in parse_qs(target.query, keep_blank_values=True).items()}
    wants_close = headers.get("connection", "").lower() == "close" or words[2] == "HTTP/1.0"
    return Request(words[0], unquote(target.path), query, headers, keep_alive=not wants_close)


async def _with_body(request: Request, reader: asyncio.StreamReader) -> Request | Unreadable:
    if "transfer-encoding" in request.headers:
        return Unreadable(411, "a body needs a Content-Length here")
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return Unreadable(400, "the Content-Length is not a number")
    if len(length) > 12 or int(length) > BODY_LIMIT:
        return Unreadable(413, f"a body may have {BODY_LIMIT} bytes")
    body = await reader.readexactly(int(length))
    return Request(request.method, request.path, request.query, request.headers, body, request.keep_alive)
