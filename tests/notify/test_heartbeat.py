"""One GET, its outcome as a value, its URL a secret."""

import asyncio
import logging

import httpx
import pytest

from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.notify.heartbeat import beat
from tests.fakes.internet import Answer, FakeInternet, refused_port

URL = "https://hc.example.org/ping/canary-0123"


def beat_against(answer: httpx.Response | Exception) -> Accepted | Refused:
    def reply(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("GET", URL)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run() -> Accepted | Refused:
        async with httpx.AsyncClient(transport=httpx.MockTransport(reply)) as client:
            return await beat(URL, client)

    return asyncio.run(run())


def test_a_2xx_is_accepted() -> None:
    assert beat_against(httpx.Response(204)) == Accepted()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, FailureClass.PERMANENT),
        (404, FailureClass.PERMANENT),
        (429, FailureClass.TRANSIENT),
        (503, FailureClass.TRANSIENT),
    ],
)
def test_any_other_status_is_refused(status: int, kind: FailureClass) -> None:
    answer = httpx.Response(status, headers={"Location": "https://example.org/"})
    assert beat_against(answer) == Refused(kind, f"answered HTTP {status}")


@pytest.mark.parametrize("error", [httpx.ConnectError(URL), httpx.ReadTimeout(URL), ValueError(URL)])
def test_no_error_escapes_nor_tells_the_url(error: Exception) -> None:
    outcome = beat_against(error)
    assert outcome == Refused(FailureClass.TRANSIENT, f"not reached: {type(error).__name__}")


def test_a_beat_makes_its_own_client_when_none_is_given(internet: FakeInternet) -> None:
    assert asyncio.run(beat(f"http://127.0.0.1:{internet.port}/ping")) == Accepted()
    assert internet.requests[0].path == "/ping"


def test_an_unreachable_switch_or_a_rubbish_url_is_a_refusal() -> None:
    with refused_port() as port:
        assert isinstance(asyncio.run(beat(f"http://127.0.0.1:{port}/ping")), Refused)
    for url in ("", "nonsense", "http://[", "ftp://example.org/canary"):
        outcome = asyncio.run(beat(url))
        assert isinstance(outcome, Refused)
        assert "canary" not in outcome.reason


def test_a_body_is_not_waited_for(internet: FakeInternet) -> None:
    internet.answers["127.0.0.1"] = Answer(200, b"ok", fault="drip_body")
    assert asyncio.run(beat(f"http://127.0.0.1:{internet.port}/ping")) == Accepted()


def test_the_url_reaches_no_log(caplog: pytest.LogCaptureFixture, internet: FakeInternet) -> None:
    with caplog.at_level(logging.DEBUG):
        asyncio.run(beat(f"http://127.0.0.1:{internet.port}/canary-0123"))
    assert "canary" not in caplog.text
