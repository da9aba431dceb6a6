"""Tells a dead man's switch that all is healthy: one GET, its outcome as a value."""

import asyncio
from datetime import timedelta
from typing import Final

import httpx

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.trust import hush, trusted

PATIENCE: Final = timedelta(seconds=10)


async def beat(url: str, client: httpx.AsyncClient | None = None) -> Outcome:
    """Never raises but for cancellation. No reason holds the URL, which is a secret."""
    hush()
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            status = await _status_of(url, client)
    except TimeoutError:
        return Refused(FailureClass.TRANSIENT, f"no answer within {PATIENCE.total_seconds():.0f} s")
    except Exception as error:  # noqa: BLE001  whatever a URL or a network may cause; its text may hold the URL
        return Refused(FailureClass.TRANSIENT, f"not reached: {type(error).__name__}")
    if 200 <= status < 300:
        return Accepted()
    kind = FailureClass.TRANSIENT if status >= 500 or status in {408, 425, 429} else FailureClass.PERMANENT
    return Refused(kind, f"answered HTTP {status}")


async def _status_of(url: str, client: httpx.AsyncClient | None) -> int:
    if client is None:
        async with httpx.AsyncClient(verify=trusted(), follow_redirects=False) as own:
            return await _status_of(url, own)
    async with client.stream("GET", url, follow_redirects=False) as answer:
        return answer.status_code
