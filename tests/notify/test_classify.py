"""The verdict on every combination of what the wire showed and what the library thinks."""

import pytest

from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.notify.classify import classify
from monitor.notify.evidence import Evidence, Exchange, Reply, quote, retry_after_of

YES, NO = Exchange(200, b"{}"), Exchange(404, b"gone")
PERMANENT, TRANSIENT, AMBIGUOUS = FailureClass.PERMANENT, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS


def kind_of(evidence: Evidence) -> FailureClass | None:
    outcome = classify(evidence)
    return outcome.kind if isinstance(outcome, Refused) else None


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence("json", True, (YES,)), None),
        (Evidence("json", True, (NO,)), PERMANENT),
        (Evidence("json", False, (YES,)), AMBIGUOUS),
        (Evidence("json", False, (YES,), crash=SystemExit(1)), AMBIGUOUS),
        (Evidence("json", True, (Exchange(302, redirect_host="login.example.org"),)), PERMANENT),
        (Evidence("json", True, (Exchange(None, failure="the connection was refused"),)), TRANSIENT),
        (Evidence("json", True, (Exchange(None, failure="no answer in time", left=True),)), AMBIGUOUS),
        (Evidence("json", True, (Exchange(200, cut_off=True),)), None),
        (Evidence("feishu", True, (Exchange(200, b'{"code":0}', cut_off=True),)), AMBIGUOUS),
        (Evidence("mqtt", True), None),
        (Evidence("mqtt", False), TRANSIENT),
        (Evidence("mqtt", False, crash=RuntimeError("x")), TRANSIENT),
        (Evidence("mqtt", True, crash=RuntimeError("x")), TRANSIENT),
        (Evidence("matrix", True, (NO, YES)), None),
        (Evidence("matrix", True, (YES, NO)), PERMANENT),
        (Evidence("discord", True, (NO, YES)), PERMANENT),
        (Evidence("json", False, (YES, Exchange(503))), AMBIGUOUS),
        (Evidence("json", False, (NO, Exchange(503))), TRANSIENT),
        (Evidence("mailto", True), TRANSIENT),
        (Evidence("mailto", False, crash=RuntimeError("x")), TRANSIENT),
        (Evidence("mailto", True, (), (Reply("message", 250, "ok"),)), None),
        (Evidence("mailto", True, (), (Reply("ehlo", 250, "ok"),)), TRANSIENT),
        (Evidence("mailto", False, (), (Reply("connect", 554, "no"),)), PERMANENT),
        (Evidence("mailto", False, (), (Reply("connect", None, "x"),)), TRANSIENT),
        (Evidence("mailto", False, (), (Reply("connect", -1, "rubbish"),)), TRANSIENT),
        (Evidence("mailto", False, (), (Reply("data", 354, "go"), Reply("quit", None, ""))), AMBIGUOUS),
        (
            Evidence(
                "mailto",
                True,
                (),
                (Reply("ehlo", 502, "?"), Reply("helo", 250, "ok"), Reply("message", 250, "ok")),
            ),
            None,
        ),
        (
            Evidence(
                "mailto",
                True,
                (),
                (Reply("auth", 535, "no"), Reply("auth", 235, "ok"), Reply("message", 250, "ok")),
            ),
            None,
        ),
    ],
)
def test_the_verdict_follows_the_wire_before_the_library(
    evidence: Evidence, expected: FailureClass | None
) -> None:
    assert kind_of(evidence) is expected


def test_a_library_that_says_no_without_a_reason_is_quoted_as_such() -> None:
    assert classify(Evidence("mqtt", False)) == Refused(TRANSIENT, "the library said no without a reason")


def test_what_was_raised_tells_more_than_what_was_logged_last() -> None:
    lines = ("Payload: x", "Socket Exception: broken pipe", "Failed to send.", "X send() completed in 0.1s.")
    assert classify(Evidence("irc", False, log_lines=lines)) == Refused(
        TRANSIENT, "Socket Exception: broken pipe"
    )


def test_a_web_page_is_not_quoted_as_a_reason() -> None:
    outcome = classify(Evidence("slack", False, (Exchange(503, b"<html><h1>Oops</h1>"),)))
    assert outcome == Refused(TRANSIENT, "Slack answered HTTP 503")


def test_a_quote_is_one_line_without_hidden_characters() -> None:
    assert quote("a\r\n\tb\u202ec\x00d\u200be " + "x" * 5) == "a b c d e xxxxx"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "1e400"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
        ({"Retry-After": "Mon, 02 Jan 2034 03:05:05 GMT"}, None),
        (
            {
                "Retry-After": "Mon, 02 Jan 2034 03:05:05 GMT",
                "Date": "Mon, 02 Jan 2034 03:04:05 GMT",
            },
            60,
        ),
        (
            {
                "Retry-After": "Mon, 02 Jan 2034 03:04:05 GMT",
                "Date": "Mon, 02 Jan 2034 03:05:05 GMT",
            },
            0,
        ),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    pause = retry_after_of(headers)
    assert (pause.total_seconds() if pause is not None else None) == seconds


def test_accepted_is_accepted() -> None:
    assert classify(Evidence("slack", True, (Exchange(200, b"ok"),))) == Accepted()
