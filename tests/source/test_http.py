"""What a client sends, what it remembers, and that no secret gets out of it."""

import asyncio
import logging
from datetime import timedelta
from typing import NoReturn

import httpx
import pytest

from monitor import __version__
from monitor.core.answer import FailureKind, Listing
from monitor.core.errors import ConfigError
from monitor.core.product import Feed
from monitor.source.client import Client
from tests.source.answers import TWO_PRODUCTS
from tests.source.asking import FEED, KEY, NOW, Answer, ask, ask_url, client, failed
from tests.source.toxic_server import (
    always,
    answers,
    falls_silent_after,
    http,
    serving,
)

OK = http(TWO_PRODUCTS)


def test_the_request_is_the_documented_one() -> None:
    _, toxic = ask(always(OK))
    line, *headers = toxic.requests[0].lower().strip().split("\r\n")
    assert line == "get /v1/product/list-for-training-task?aidcid=1 http/1.1"
    assert "accept: application/json" in headers
    assert f"authorization: bearer {KEY}" in headers
    assert f"user-agent: gpu-stock-monitor/{__version__}" in headers


def test_a_feed_of_all_data_centres_names_none() -> None:
    _, toxic = ask(always(OK), feed=Feed("default", None))
    assert toxic.requests[0].startswith("GET /v1/product/list-for-training-task HTTP/1.1\r\n")


def test_cookies_are_neither_kept_nor_sent_back() -> None:
    _, toxic = ask(always(http(TWO_PRODUCTS, set_cookie="session=1; Path=/")), times=2)
    assert "cookie" not in toxic.requests[1].lower()


@pytest.mark.parametrize("key", ["", " ", "schlüssel", "a\nb", "a\0b"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_said(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        Client("http://127.0.0.1:9", key, timedelta(seconds=1), lambda: NOW)
    assert "API key" in str(error.value)
    assert len(key.strip()) < 2 or key not in str(error.value)


def test_proxy_settings_of_the_environment_are_heeded_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def poll(*, trust_env: bool) -> tuple[Answer, int, int]:
        async with serving(always(OK)) as provider, serving(always(OK)) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "")
            async with client(provider.url, trust_env=trust_env) as asking:
                return await asking.fetch(FEED), provider.connections, proxy.connections

    assert asyncio.run(poll(trust_env=False))[1:] == (1, 0)
    assert asyncio.run(poll(trust_env=True))[1:] == (0, 1)


# Memory of the last answer


def test_each_feed_remembers_its_own_rows() -> None:
    async def polls() -> list[Answer]:
        async with serving(always(OK)) as toxic, client(toxic.url) as asking:
            return [await asking.fetch(Feed("default", number)) for number in (1, 2, 1)]

    first, other, again = asyncio.run(polls())
    assert isinstance(first, Listing)
    assert isinstance(other, Listing)
    assert isinstance(again, Listing)
    assert first.rows[0] is again.rows[0]
    assert first.rows[0] is not other.rows[0]


# What nobody foresaw, and secrets


def fails_with(error: Exception) -> httpx.MockTransport:
    def broken(request: httpx.Request) -> NoReturn:
        raise error

    return httpx.MockTransport(broken)


def test_an_unforeseen_error_is_a_failed_poll_logged_once_without_the_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def polls() -> list[Answer]:
        async with client(
            "http://127.0.0.1:9", transport=fails_with(RuntimeError(f"Bearer {KEY}"))
        ) as asking:
            return [await asking.fetch(FEED) for _ in range(3)]

    for answer in asyncio.run(polls()):
        assert failed(answer, FailureKind.INTERNAL).reason == "internal error: RuntimeError"
    said = [record.levelname for record in caplog.records if record.name.startswith("monitor")]
    assert said == ["ERROR"]
    assert "Traceback" in caplog.text
    assert KEY not in caplog.text


def test_cancellation_is_not_swallowed() -> None:
    async def poll() -> None:
        async with serving(falls_silent_after(b"")) as toxic, client(toxic.url) as asking:
            task = asyncio.create_task(asking.fetch(FEED))
            while not toxic.requests:
                await asyncio.sleep(0)
            task.cancel()
            await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(poll())


def test_nothing_secret_is_logged_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(answers(OK), answers(http(KEY.encode(), "500 Oh")), times=3)
        ask_url("http://127.0.0.1:9")
    assert KEY not in caplog.text
    assert {logging.getLogger(name).level for name in ("httpx", "httpcore")} == {logging.WARNING}


def test_the_key_is_in_no_repr() -> None:
    async def shown() -> str:
        async with client("http://127.0.0.1:9") as asking:
            return repr(asking)

    assert KEY not in asyncio.run(shown())
