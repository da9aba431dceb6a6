"""Asks a toxic server through a real client, and gives back what came of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.core.product import Feed
from monitor.source.client import Client
from tests.source.toxic_server import Part, Toxic, serving

KEY = "sk-canary-0123456789"
FEED = Feed("default", 1)
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
PATIENCE_S = 20.0
"""A poll that does not end is a test that fails, not one that hangs."""
Answer = Listing | Failed


@asynccontextmanager
async def client(
    url: str,
    timeout_s: float = 2.0,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    trust_env: bool = False,
    largest_body: int = 16 * 2**20,
) -> AsyncIterator[Client]:
    made = Client(
        url,
        KEY,
        timedelta(seconds=timeout_s),
        lambda: NOW,
        transport=transport,
        trust_env=trust_env,
        largest_body=largest_body,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield made
    finally:
        await made.close()


def ask(
    *parts: Part, times: int = 1, timeout_s: float = 2.0, feed: Feed = FEED
) -> tuple[list[Answer], Toxic]:
    """The answers of that many polls in a row over one client, and what the server saw."""

    async def polls() -> tuple[list[Answer], Toxic]:
        async with serving(*parts) as toxic, client(toxic.url, timeout_s) as asking:
            return [await asking.fetch(feed) for _ in range(times)], toxic

    return asyncio.run(polls())


def ask_url(url: str, timeout_s: float = 2.0, transport: httpx.AsyncBaseTransport | None = None) -> Failed:
    async def poll() -> Answer:
        async with client(url, timeout_s, transport) as asking:
            return await asking.fetch(FEED)

    return failed(asyncio.run(poll()))


def failure_of(*parts: Part, timeout_s: float = 2.0) -> Failed:
    """The failure of one poll; the next poll on the same client works once the server does."""
    answers, _ = ask(*parts, timeout_s=timeout_s)
    return failed(answers[0])


def failed(answer: Answer, kind: FailureKind | None = None) -> Failed:
    assert isinstance(answer, Failed), answer
    assert answer.reason
    assert KEY not in repr(answer)
    assert kind in {None, answer.kind}, answer
    return answer
