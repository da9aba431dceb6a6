"""What follows an attempt to send, and how long an upstream that complains is left alone. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.core.answer import Failed

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=60)
LONGEST_RETRY_AFTER: Final = timedelta(minutes=15)
LONGEST_SOURCE_BACKOFF: Final = timedelta(seconds=60)


class FailureClass(StrEnum):
    """Permanent: asking again cannot help. Ambiguous: the receiver may have accepted it."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiver said yes. `note`: what there is to remember of it, without a secret."""

    note: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not sent, or nobody knows. `reason` is a sentence without a secret.

    `retry_after` is what the receiver asked for; `pauses_channel` when it asked it of all messages.
    """

    kind: FailureClass
    reason: str
    retry_after: timedelta | None = None
    pauses_channel: bool = False


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime
    possible_repeat: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str


def after_refusal(refused: Refused, attempts: int, now: datetime, jitter: float) -> RetryAt | GiveUp:
    """When to try again. `attempts` counts this one; `jitter` in [0, 1) spreads retries over a quarter."""
    if refused.kind is FailureClass.PERMANENT:
        return GiveUp(refused.reason)
    patience = min(FIRST_RETRY * float(2 ** min(max(attempts - 1, 0), 16)), LONGEST_RETRY)
    patience *= 1 + jitter / 4
    if refused.retry_after is not None:
        patience = max(patience, min(refused.retry_after, LONGEST_RETRY_AFTER))
    return RetryAt(now + patience, refused.kind is FailureClass.AMBIGUOUS)


def channel_pause(refused: Refused, pauses_in_a_row: int) -> timedelta:
    """How long a channel that sends too fast is left alone. `pauses_in_a_row` counts this one."""
    if refused.retry_after is not None:
        return min(refused.retry_after, LONGEST_RETRY_AFTER)
    return min(FIRST_RETRY * float(2 ** min(pauses_in_a_row - 1, 16)), LONGEST_RETRY)


def source_backoff(failed: Failed, failures_in_a_row: int, interval: timedelta) -> timedelta | None:
    """How long after a request that failed a source is left alone; None: until the next interval.

    `failures_in_a_row` counts those that call for patience, this one included.
    """
    if not failed.kind.backs_off:
        return None
    return min(interval * float(2 ** min(failures_in_a_row, 16)), max(interval, LONGEST_SOURCE_BACKOFF))


def asked_patience(failed: Failed) -> timedelta:
    """How long after its answer the provider itself wants to be left alone, within reason."""
    return min(failed.retry_after or timedelta(0), LONGEST_RETRY_AFTER)
