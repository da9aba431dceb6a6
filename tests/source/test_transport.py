"""The network: each fault is a failed poll with its reason, and the next poll works."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import trustme

from monitor.core.answer import FailureKind, Listing
from monitor.source.trouble import in_words
from tests.requirements import require_name
from tests.source.answers import TWO_PRODUCTS
from tests.source.asking import FEED, Answer, ask, ask_url, client, failed, failure_of
from tests.source.toxic_server import (
    Part,
    Toxic,
    always,
    answers,
    closed_port,
    drips,
    endless,
    falls_silent_after,
    full_backlog,
    http,
    never_speaks,
    resets_after,
    resets_at_once,
    serving,
)

OK = http(TWO_PRODUCTS)
CUT_S = 0.2


def test_a_refused_connection_is_unreachable() -> None:
    answer = ask_url(closed_port())
    assert answer.kind is FailureKind.UNREACHABLE
    assert answer.reason.startswith("connection refused by 127.0.0.1:")


@pytest.mark.parametrize("number", ["ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT"])
def test_an_unreachable_host_is_said_in_words(number: str) -> None:
    import errno

    def broken(request: httpx.Request) -> NoReturn:
        raise httpx.ConnectError("") from OSError(getattr(errno, number), "x")

    answer = ask_url("http://127.0.0.1:9", transport=httpx.MockTransport(broken))
    assert answer.kind is FailureKind.UNREACHABLE
    assert answer.reason.startswith("127.0.0.1:9 cannot be reached: ")


def test_a_failing_dns_is_said_in_words() -> None:
    async def no_such_name(*_: Any, **__: Any) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = asyncio.run(ask_with_dns(no_such_name))
    assert failed(answer, FailureKind.UNREACHABLE).reason == "DNS: the name stock.invalid cannot be resolved"


def test_a_hanging_dns_is_cut_at_the_deadline() -> None:
    async def never(*_: Any, **__: Any) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    assert asyncio.run(ask_with_dns(never)) == failed(asyncio.run(ask_with_dns(never)), FailureKind.TIMEOUT)


async def ask_with_dns(getaddrinfo: Any) -> Answer:
    asyncio.get_running_loop().getaddrinfo = getaddrinfo  # type: ignore[method-assign]
    async with client("https://stock.invalid", CUT_S) as asking:
        return await asking.fetch(FEED)


def test_a_hanging_connect_is_cut_at_the_deadline() -> None:
    with full_backlog() as url:
        answer = ask_url(url, CUT_S)
    assert answer.kind is FailureKind.TIMEOUT
    assert answer.reason == "no complete answer within 0.2 s"


HEAD = OK[: -len(TWO_PRODUCTS)]
SLOW: dict[str, Part] = {
    "no word at all": never_speaks,
    "silence instead of headers": falls_silent_after(b""),
    "headers dripped": drips(OK, first=5),
    "silence within the headers": falls_silent_after(OK[:30]),
    "body dripped": drips(OK, first=len(HEAD)),
    "silence instead of a body": falls_silent_after(HEAD),
    "silence within the body": falls_silent_after(OK[:-10]),
    "a chunk that never ends": falls_silent_after(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"
    ),
    "interim answers for ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("part", SLOW.values(), ids=SLOW.keys())
def test_a_slow_answer_is_cut_at_the_deadline_and_the_next_poll_works(part: Part) -> None:
    (first, second), _ = ask(part, always(OK), times=2, timeout_s=CUT_S)
    assert failed(first, FailureKind.TIMEOUT).reason == "no complete answer within 0.2 s"
    assert isinstance(second, Listing)


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BROKEN: dict[str, tuple[Part, str]] = {
    "reset before the request": (resets_at_once, "connection reset"),
    "reset before the headers": (resets_after(b""), "connection reset"),
    "reset within the headers": (resets_after(OK[:30]), "connection reset"),
    "reset after the headers": (resets_after(HEAD), "connection reset"),
    "reset within the body": (resets_after(OK[:-10]), "connection reset"),
    "closed before the headers": (answers(b""), "closed the connection without an answer"),
    "closed within the headers": (answers(OK[:30]), "closed the connection without an answer"),
    "a length that is too long": (answers(OK[:-10]), "closed the connection in the middle of its answer"),
    "a broken chunk size": (answers(CHUNKED + b"zz\r\n{}\r\n"), "broke the rules of HTTP"),
    "a missing last chunk": (answers(CHUNKED + b"2\r\n{}\r\n"), "closed the connection in the middle"),
    "no HTTP at all": (answers(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "broke the rules of HTTP"),
    "two lengths": (
        answers(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
        "rules of HTTP",
    ),
    "endless headers": (endless(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n" * 1000), "broke the rules of HTTP"),
}


@pytest.mark.parametrize(("part", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_exchange_is_unreachable_and_the_next_poll_works(part: Part, reason: str) -> None:
    (first, second), _ = ask(part, always(OK), times=2)
    assert reason in failed(first, FailureKind.UNREACHABLE).reason
    assert isinstance(second, Listing)


def test_a_length_that_is_too_short_is_not_json() -> None:
    short = http(TWO_PRODUCTS, content_length=str(len(TWO_PRODUCTS) - 10))
    assert failure_of(answers(short)).kind is FailureKind.NOT_JSON


def test_a_library_error_without_words_gets_words() -> None:
    def broken(request: httpx.Request) -> NoReturn:
        raise httpx.ReadError("")

    answer = ask_url("http://127.0.0.1:9", transport=httpx.MockTransport(broken))
    assert answer.reason == "the connection to 127.0.0.1:9 was lost while reading"


def test_an_error_nobody_foresaw_in_the_library_gets_words() -> None:
    def broken(request: httpx.Request) -> NoReturn:
        raise httpx.TransportError("")

    answer = ask_url("http://127.0.0.1:9", transport=httpx.MockTransport(broken))
    assert (answer.kind, answer.reason) == (FailureKind.UNREACHABLE, "no connection to 127.0.0.1:9")


# Keep-alive


def test_polls_share_one_connection() -> None:
    polls, toxic = ask(always(OK), times=5)
    assert all(isinstance(answer, Listing) for answer in polls)
    assert toxic.connections == 1


def test_a_connection_closed_between_polls_fails_no_poll() -> None:
    polls, toxic = ask(answers(OK), times=5)
    assert all(isinstance(answer, Listing) for answer in polls)
    assert toxic.connections == 5


@pytest.mark.parametrize(
    "part", [answers(OK, b""), resets_after(b"", OK)], ids=["closed as it is used", "reset as it is used"]
)
def test_a_kept_connection_that_dies_as_it_is_used_again_fails_no_poll(part: Part) -> None:
    (first, second), toxic = ask(part, always(OK), times=2)
    assert isinstance(first, Listing)
    assert isinstance(second, Listing)
    assert (toxic.connections, len(toxic.requests)) == (2, 3)


def test_a_kept_connection_that_dies_is_asked_again_only_once() -> None:
    (_, second), toxic = ask(answers(OK, b""), answers(b""), times=2)
    failed(second, FailureKind.UNREACHABLE)
    assert len(toxic.requests) == 3


def test_a_fresh_connection_that_dies_is_not_asked_again() -> None:
    _, toxic = ask(resets_after(b""), always(OK))
    assert len(toxic.requests) == 1


def test_an_answer_that_breaks_off_on_a_kept_connection_is_not_asked_again() -> None:
    (_, second), toxic = ask(answers(OK, OK[:-10]), always(OK), times=2)
    failed(second, FailureKind.UNREACHABLE)
    assert len(toxic.requests) == 2


# TLS


def test_a_hanging_handshake_is_cut_at_the_deadline_and_leaves_no_socket_behind() -> None:
    async def poll() -> Answer:
        closed = asyncio.Event()

        async def never_shakes_hands(
            _: Toxic, reader: asyncio.StreamReader, __: asyncio.StreamWriter
        ) -> None:
            await reader.read()
            closed.set()

        async with (
            serving(never_shakes_hands) as toxic,
            client(toxic.url.replace("http:", "https:"), CUT_S) as asking,
        ):
            answer = await asking.fetch(FEED)
            async with asyncio.timeout(1):
                await closed.wait()
            return answer

    assert failed(asyncio.run(poll())).kind is FailureKind.TIMEOUT


def test_a_server_without_tls_is_told_from_one_with() -> None:
    async def speaks_plainly(_: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()

    async def poll() -> Answer:
        async with serving(speaks_plainly) as toxic, client(toxic.url.replace("http:", "https:")) as asking:
            return await asking.fetch(FEED)

    assert failed(asyncio.run(poll()), FailureKind.UNREACHABLE).reason.startswith(
        "TLS: no safe connection to "
    )


def test_a_trusted_certificate_is_accepted() -> None:
    authority = trustme.CA()
    answer = ask_over_tls(server_tls(authority.issue_cert("127.0.0.1")), trusting(authority))
    assert isinstance(answer, Listing)


def test_an_expired_certificate_is_refused() -> None:
    authority = trustme.CA()
    expired = authority.issue_cert(
        "127.0.0.1", not_before=datetime(2019, 1, 1, tzinfo=UTC), not_after=datetime(2020, 1, 1, tzinfo=UTC)
    )
    answer = ask_over_tls(server_tls(expired), trusting(authority))
    assert failed(answer, FailureKind.UNREACHABLE).reason.endswith("is not accepted: it has expired")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("localhost", "it was issued for another host"), ("127.0.0.1", "it was issued for another address")],
)
def test_a_certificate_of_another_host_is_refused(name: str, reason: str) -> None:
    require_name(name)
    authority = trustme.CA()
    answer = ask_over_tls(server_tls(authority.issue_cert("stock.example")), trusting(authority), name)
    assert failed(answer, FailureKind.UNREACHABLE).reason.endswith(reason)


def test_a_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "self-signed.pem"
    pem.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    answer = ask_over_tls(context, ssl.create_default_context())
    assert failed(answer, FailureKind.UNREACHABLE).reason.endswith("it is self-signed")


def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    answer = ask_over_tls(server_tls(trustme.CA().issue_cert("127.0.0.1")), ssl.create_default_context())
    assert "it is signed by an authority that is not trusted" in failed(answer).reason


def server_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def ask_over_tls(server: ssl.SSLContext, trust: ssl.SSLContext, name: str = "127.0.0.1") -> Answer:
    async def poll() -> Answer:
        async with (
            serving(always(OK), tls=server, name=name) as toxic,
            client(toxic.url, transport=httpx.AsyncHTTPTransport(verify=trust)) as asking,
        ):
            return await asking.fetch(FEED)

    return asyncio.run(poll())


def test_a_name_that_cannot_be_resolved_is_said_without_its_port() -> None:
    error = httpx.ConnectError("")
    error.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert in_words(error, "stock.invalid:8443") == "DNS: the name stock.invalid cannot be resolved"
