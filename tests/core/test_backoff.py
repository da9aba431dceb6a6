"""Patience with channels and with the provider, as tables."""

from datetime import timedelta

import pytest

from monitor.core.answer import Failed, FailureKind
from monitor.core.backoff import (
    FailureClass,
    GiveUp,
    Refused,
    RetryAt,
    after_refusal,
    asked_patience,
    channel_pause,
    source_backoff,
)
from tests.core.builders import START


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _retry(attempts: int, jitter: float = 0.0, retry_after: timedelta | None = None) -> timedelta:
    refused = Refused(FailureClass.TRANSIENT, "HTTP 503", retry_after)
    then = after_refusal(refused, attempts, START, jitter)
    assert isinstance(then, RetryAt)
    return then.at - START


@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (10_000, 60), (0, 1)]
)
def test_a_message_is_tried_again_after_one_second_doubling_to_sixty(attempts: int, wait_s: int) -> None:
    assert _retry(attempts) == seconds(wait_s)


def test_jitter_spreads_retries_over_a_quarter() -> None:
    assert _retry(3, jitter=0.5) == seconds(4.5)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(seconds(30), seconds(30), id="longer than ours"),
        pytest.param(seconds(0), seconds(1), id="shorter than ours"),
        pytest.param(seconds(-5), seconds(1), id="in the past"),
        pytest.param(timedelta(days=3), timedelta(minutes=15), id="absurd"),
    ],
)
def test_retry_after_is_honoured_and_capped(asked: timedelta, wait: timedelta) -> None:
    assert _retry(1, retry_after=asked) == wait


@pytest.mark.parametrize(
    ("asked", "pauses_in_a_row", "wait"),
    [
        pytest.param(seconds(7), 5, seconds(7), id="as long as it asks"),
        pytest.param(seconds(0), 1, seconds(0), id="not at all"),
        pytest.param(timedelta(days=365), 1, timedelta(minutes=15), id="absurd"),
        pytest.param(None, 1, seconds(1), id="it does not say"),
        pytest.param(None, 4, seconds(8), id="nor the fourth time"),
        pytest.param(None, 10_000, seconds(60), id="nor ever"),
    ],
)
def test_a_channel_that_gets_too_much_is_left_alone(
    asked: timedelta | None, pauses_in_a_row: int, wait: timedelta
) -> None:
    busy = Refused(FailureClass.TRANSIENT, "HTTP 429", asked, pauses_channel=True)
    assert channel_pause(busy, pauses_in_a_row) == wait


def test_a_permanent_refusal_is_not_tried_again() -> None:
    refused = Refused(FailureClass.PERMANENT, "the token was revoked")

    assert after_refusal(refused, 1, START, 0.0) == GiveUp("the token was revoked")


@pytest.mark.parametrize(
    ("kind", "possible_repeat"), [(FailureClass.AMBIGUOUS, True), (FailureClass.TRANSIENT, False)]
)
def test_only_a_lost_answer_may_make_a_repeat(kind: FailureClass, possible_repeat: bool) -> None:
    then = after_refusal(Refused(kind, "the connection broke"), 1, START, 0.0)

    assert isinstance(then, RetryAt)
    assert then.possible_repeat is possible_repeat


@pytest.mark.parametrize(
    ("interval_s", "failures", "wait_s"),
    [
        (15, 1, 30),
        (15, 2, 60),
        (15, 3, 60),
        (1, 1, 2),
        (1, 5, 32),
        (1, 6, 60),
        (300, 1, 300),
        (15, 10_000, 60),
    ],
)
def test_a_source_that_complains_is_left_alone_for_longer_and_longer(
    interval_s: int, failures: int, wait_s: int
) -> None:
    refused = Failed(FailureKind.RATE_LIMITED, "rate limited (HTTP 429)")

    assert source_backoff(refused, failures, seconds(interval_s)) == seconds(wait_s)


@pytest.mark.parametrize("kind", FailureKind)
def test_backoff_applies_to_complaints_only(kind: FailureKind) -> None:
    complains = kind in {FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR, FailureKind.KEY_REFUSED}

    assert (source_backoff(Failed(kind, "no"), 1, seconds(15)) is not None) is complains


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(None, seconds(0), id="not asked for"),
        pytest.param(seconds(120), seconds(120), id="reasonable"),
        pytest.param(timedelta(hours=1), timedelta(minutes=15), id="absurd"),
    ],
)
def test_the_providers_retry_after_is_honoured_and_capped(asked: timedelta | None, wait: timedelta) -> None:
    refused = Failed(FailureKind.RATE_LIMITED, "slow down", retry_after=asked)

    assert asked_patience(refused) == wait
