"""The network comes back: the poll after it does is well, with the same client and no hand laid on it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx
import pytest
import trustme

from monitor.core.answer import FailureKind, Listing
from tests.source.answers import TWO_PRODUCTS
from tests.source.asking import FEED, KEY, Answer, client, failed
from tests.source.toxic_server import Toxic, always, answers, http, serving

OK = http(TWO_PRODUCTS)
CUT_S = 0.3
YEARS_AGO = datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)


async def no_such_name() -> NoReturn:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


async def no_answer() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(no_such_name, FailureKind.UNREACHABLE), (no_answer, FailureKind.TIMEOUT)],
    ids=["fails", "hangs"],
)
def test_a_name_that_is_resolved_again_is_asked_at_the_next_poll(
    trouble: Callable[[], Any], kind: FailureKind
) -> None:
    async def polls() -> list[Answer]:
        loop = asyncio.get_running_loop()
        resolve, troubles = loop.getaddrinfo, [trouble]

        async def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
            if troubles:
                await troubles.pop()()
            return await resolve("127.0.0.1", *more, **named)

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
        async with serving(always(OK), name="stock.invalid") as toxic, client(toxic.url, CUT_S) as asking:
            return [await asking.fetch(FEED) for _ in range(2)]

    first, second = asyncio.run(polls())
    failed(first, kind)
    assert isinstance(second, Listing)


def test_a_server_that_listens_again_is_asked_at_the_next_poll() -> None:
    async def polls() -> tuple[Answer, Answer]:
        with socket.socket() as port:
            port.bind(("127.0.0.1", 0))
            async with client(f"http://127.0.0.1:{port.getsockname()[1]}") as asking:
                first = await asking.fetch(FEED)
                server = await asyncio.start_server(answer_once, sock=port)
                second = await asking.fetch(FEED)
                server.close()
                await server.wait_closed()
                return first, second

    first, second = asyncio.run(polls())
    assert failed(first, FailureKind.UNREACHABLE).reason.startswith("connection refused by ")
    assert isinstance(second, Listing)


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await answers(OK)(Toxic(), reader, writer)
    writer.close()


def test_a_certificate_that_was_renewed_is_accepted_at_the_next_poll() -> None:
    authority = trustme.CA()
    trust, shown = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trust)
    authority.issue_cert("127.0.0.1", not_before=YEARS_AGO[0], not_after=YEARS_AGO[1]).configure_cert(shown)

    async def polls() -> tuple[Answer, Answer]:
        transport = httpx.AsyncHTTPTransport(verify=trust)
        async with serving(always(OK), tls=shown) as toxic, client(toxic.url, transport=transport) as asking:
            first = await asking.fetch(FEED)
            authority.issue_cert("127.0.0.1").configure_cert(shown)
            return first, await asking.fetch(FEED)

    first, second = asyncio.run(polls())
    assert failed(first, FailureKind.UNREACHABLE).reason.endswith("it has expired")
    assert isinstance(second, Listing)


def test_a_redirect_out_of_tls_is_not_followed_and_the_key_is_never_sent_in_the_clear() -> None:
    authority = trustme.CA()
    trust, shown = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trust)
    authority.issue_cert("127.0.0.1").configure_cert(shown)

    async def poll() -> tuple[Answer, Toxic]:
        transport = httpx.AsyncHTTPTransport(verify=trust)
        async with serving(always(OK)) as plain:
            moved = always(http(b"", "301 Moved", location=f"{plain.url}/v1/product/list-for-training-task"))
            async with serving(moved, tls=shown) as toxic, client(toxic.url, transport=transport) as asking:
                return await asking.fetch(FEED), plain

    answer, plain = asyncio.run(poll())
    assert failed(answer, FailureKind.HTTP_STATUS).reason.endswith("not followed (HTTP 301)")
    assert (plain.connections, plain.requests) == (0, [])
    assert KEY not in repr(answer)
