"""Statuses and redirects: a failed poll each, its reason in words, the key kept here."""

import asyncio
from datetime import timedelta

import pytest

from monitor.core.answer import FailureKind, Listing
from tests.source.answers import FORBIDDEN, SERVER_ERROR, TWO_PRODUCTS, body
from tests.source.asking import FEED, KEY, Answer, ask, client, failed, failure_of
from tests.source.toxic_server import (
    Part,
    Toxic,
    always,
    answers,
    endless,
    falls_silent_after,
    http,
    serving,
)

OK = http(TWO_PRODUCTS)


@pytest.mark.parametrize(
    ("response", "kind", "reason"),
    [
        (
            http(b"", "401 Unauthorized"),
            FailureKind.KEY_REFUSED,
            "unauthorized: the key was refused (HTTP 401)",
        ),
        (
            http(FORBIDDEN, "403 Forbidden"),
            FailureKind.KEY_REFUSED,
            "forbidden: the key was refused (HTTP 403)",
        ),
        (http(b"", "429 Slow"), FailureKind.RATE_LIMITED, "rate limited: too many requests (HTTP 429)"),
        (http(SERVER_ERROR, "500 Oh"), FailureKind.SERVER_ERROR, "server error (HTTP 500)"),
        (http(b"<html>502</html>", "502 Bad Gateway"), FailureKind.SERVER_ERROR, "server error (HTTP 502)"),
        (http(b"", "503 Busy"), FailureKind.SERVER_ERROR, "server error (HTTP 503)"),
        (http(b"", "404 Not Found"), FailureKind.HTTP_STATUS, "unexpected answer (HTTP 404)"),
        (http(TWO_PRODUCTS, "201 Created"), FailureKind.HTTP_STATUS, "unexpected answer (HTTP 201)"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", FailureKind.HTTP_STATUS, "unexpected answer (HTTP 204)"),
        (b"HTTP/1.1 304 Same\r\n\r\n", FailureKind.HTTP_STATUS, "unexpected answer (HTTP 304)"),
    ],
)
def test_any_status_but_200_is_a_failed_poll_and_the_next_one_works(
    response: bytes, kind: FailureKind, reason: str
) -> None:
    (first, second), _ = ask(answers(response, OK), times=2)
    assert failed(first, kind).reason == reason
    assert isinstance(second, Listing)


def test_a_refused_key_in_the_envelope_is_a_refused_key() -> None:
    assert failure_of(answers(http(FORBIDDEN))).kind is FailureKind.KEY_REFUSED


SLOW_ERRORS: dict[str, Part] = {
    "silent": falls_silent_after(http(b"x" * 100, "503 Busy")[:-50]),
    "cut off": answers(http(b"x" * 100, "503 Busy")[:-50]),
    "endless": endless(b"HTTP/1.1 503 Busy\r\n\r\n", b"x" * 65536),
    "wrongly encoded": answers(http(b"x", "503 Busy", content_encoding="gzip")),
}


@pytest.mark.parametrize("part", SLOW_ERRORS.values(), ids=SLOW_ERRORS.keys())
def test_the_body_of_an_error_does_not_hide_its_status(part: Part) -> None:
    assert failure_of(part, timeout_s=0.4).kind is FailureKind.SERVER_ERROR


def test_the_body_of_an_error_is_kept_in_part_and_without_the_key() -> None:
    page = b"<html>\r\nBearer " + KEY.encode() + b" is unknown: " + KEY.encode() + b"x" * 5000
    answer = failure_of(answers(http(page, "502 Bad Gateway")))
    assert answer.excerpt is not None
    assert answer.excerpt.startswith("<html> Bearer *** is unknown: ***xxx")
    assert len(answer.excerpt) <= 1024


@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Sun, 01 Jun 2025 12:00:30 GMT", timedelta(seconds=30)),
        ("99999999999999999999", timedelta(minutes=15)),
        ("-5", None),
        ("soon", None),
    ],
)
def test_retry_after_is_honoured_and_capped(header: str, wait: timedelta | None, envelope: bool) -> None:
    response = (
        http(body(status=b"429"), retry_after=header)
        if envelope
        else http(b"", "429 Slow", retry_after=header)
    )
    answer = failure_of(answers(response))
    assert (answer.kind, answer.retry_after) == (FailureKind.RATE_LIMITED, wait)


def test_without_retry_after_there_is_none() -> None:
    assert failure_of(answers(http(b"", "429 Slow"))).retry_after is None


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["itself", "same host", "other host"])
def test_a_redirect_is_not_followed_and_the_key_stays_here(status: int, target: str) -> None:
    async def poll() -> tuple[Answer, Toxic, Toxic]:
        async with serving(always(OK)) as elsewhere:

            async def redirects(
                toxic: Toxic, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
            ) -> None:
                path = (await toxic.request(reader)).split()[1]
                url = {"itself": path, "same host": "/login", "other host": f"{elsewhere.url}/x"}[target]
                writer.write(http(b"", f"{status} Moved", location=url))
                await writer.drain()

            async with serving(redirects) as toxic, client(toxic.url) as asking:
                return await asking.fetch(FEED), toxic, elsewhere

    answer, here, elsewhere = asyncio.run(poll())
    assert failed(answer, FailureKind.HTTP_STATUS).reason.endswith(f"not followed (HTTP {status})")
    assert (len(here.requests), elsewhere.connections) == (1, 0)


def test_a_redirect_that_quotes_the_key_does_not_spread_it() -> None:
    answer = failure_of(answers(http(b"", "302 Found", location=f"https://evil.example/?k={KEY}")))
    assert answer.reason == "redirected to https://evil.example/?k=***, not followed (HTTP 302)"
