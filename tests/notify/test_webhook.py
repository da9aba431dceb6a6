"""Events posted to a program elsewhere: signed, in time, and nobody learns the address."""

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from monitor import __version__
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.errors import ConfigError
from monitor.notify.webhook import WebhookChannel
from tests.fakes.internet import Answer, FakeInternet
from tests.notify.conftest import NOW_S
from tests.notify.scripts import event_body

PERMANENT, TRANSIENT, AMBIGUOUS = FailureClass.PERMANENT, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS
HOST = "hook.example.test"
URL = f"https://{HOST}/in/canary-path-77?token=canary-token-42"
SECRET = "canary-secret-13"
LONG = timedelta(seconds=20)


def send(internet: FakeInternet, answer: Answer | None = None, deadline: timedelta = LONG) -> Outcome:
    internet.answers[HOST] = answer or Answer(204, b"")
    trust = ssl.create_default_context(cafile=str(internet.ca_file))
    return WebhookChannel(URL, SECRET, deadline, lambda: NOW_S, trust).send("title", event_body())


def verified(secret: bytes, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """As docs/acting.md tells receivers to do it."""
    timestamp = headers["x-monitor-timestamp"]
    expected = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    given = headers["x-monitor-signature"].removeprefix("sha256=")
    return hmac.compare_digest(expected, given) and abs(now_s - int(timestamp)) < 300


def test_the_event_is_posted_as_it_was_composed_and_signed(internet: FakeInternet) -> None:
    assert send(internet) == Accepted()
    (request,) = internet.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert (request.method, request.path) == ("POST", "/in/canary-path-77?token=canary-token-42")
    assert request.body.decode() == event_body()
    assert json.loads(request.body)["version"] == 1
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["user-agent"] == f"gpu-stock-monitor/{__version__}"
    assert headers["idempotency-key"] == "event-1"
    assert headers["x-monitor-timestamp"] == str(int(NOW_S))
    assert verified(SECRET.encode(), headers, request.body, NOW_S)
    assert not verified(b"another", headers, request.body, NOW_S)
    assert not verified(SECRET.encode(), headers, request.body + b" ", NOW_S)
    assert not verified(SECRET.encode(), headers, request.body, NOW_S + 301)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, PERMANENT) for status in (400, 401, 404, 410, 422)),
        *((status, TRANSIENT) for status in (408, 425, 429, 500, 503)),
    ],
)
def test_its_status_says_whether_to_try_again(
    internet: FakeInternet, status: int, kind: FailureClass
) -> None:
    outcome = send(internet, Answer(status, "queue canary-token-42 is full"))
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.reason) == (kind, f"the receiver answered HTTP {status}: queue *** is full")
    assert outcome.pauses_channel is (status == 429)


def test_it_waits_as_long_as_it_is_asked_to(internet: FakeInternet) -> None:
    outcome = send(internet, Answer(503, "", {"Retry-After": "90"}))
    assert isinstance(outcome, Refused)
    assert outcome.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize("where", ["https://elsewhere.test/canary-path-77", "http://[bad", ""])
def test_it_is_not_sent_on(internet: FakeInternet, where: str) -> None:
    outcome = send(internet, Answer(302, "", {"Location": where} if where else {}))
    assert isinstance(outcome, Refused)
    assert outcome.kind is PERMANENT
    assert "redirected to" in outcome.reason
    assert len(internet.requests) == 1
    assert "canary" not in str(outcome)


@pytest.mark.parametrize("fault", ["hang", "drip_body", "close_after_reading", "reset_after_reading"])
def test_what_had_left_may_have_arrived(internet: FakeInternet, fault: Any) -> None:
    outcome = send(internet, Answer(500, "x" * 2000, fault=fault), timedelta(seconds=0.5))
    assert isinstance(outcome, Refused)
    assert (outcome.kind, "after the request had left" in outcome.reason) == (AMBIGUOUS, True)


def test_one_that_accepts_and_then_drips_has_accepted(internet: FakeInternet) -> None:
    assert send(internet, Answer(200, "x" * 2000, fault="drip_body")) == Accepted()


def test_a_certificate_is_verified(internet: FakeInternet) -> None:
    internet.false_names["false.example.test"] = "another.test"
    trust = ssl.create_default_context(cafile=str(internet.ca_file))
    unknown = WebhookChannel.load("hook", URL, SECRET, LONG)
    for channel in (WebhookChannel("https://false.example.test/", SECRET, LONG, context=trust), unknown):
        outcome = channel.send("t", event_body())
        assert outcome == Refused(TRANSIENT, "the receiver cannot be reached: the certificate is not trusted")
    assert internet.requests == []


def test_a_refused_connection_has_left_nothing() -> None:
    outcome = WebhookChannel("http://127.0.0.1:1/canary", SECRET, LONG).send("t", event_body())
    assert outcome == Refused(TRANSIENT, "the receiver cannot be reached: the connection was refused")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hook.example.test/canary", "must be a whole https:// address"),
        ("hook.example.test/canary", "must be a whole https:// address"),
        ("https://host:port/canary", "is not a usable address"),
        ("https://ho st/canary", "must be an address in plain ASCII"),
    ],
)
def test_an_address_that_is_none_is_refused_without_telling_it(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"channel hook: webhook.url {why}") as caught:
        WebhookChannel.load("hook", url, SECRET, LONG)
    assert "canary" not in str(caught.value)


def test_plain_http_is_for_this_machine(internet: FakeInternet) -> None:
    channel = WebhookChannel.load("hook", f"http://127.0.0.1:{internet.port}/x", SECRET, LONG)
    assert channel.send("t", event_body()) == Accepted()


def test_nothing_of_it_is_logged(internet: FakeInternet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    send(internet)
    assert "canary" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("http"))


def test_it_sends_from_any_thread(internet: FakeInternet) -> None:
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(send(internet)))
    thread.start()
    thread.join(20)
    assert outcomes == [Accepted()]
