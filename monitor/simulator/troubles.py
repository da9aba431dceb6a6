"""When a made-up monitor was off, and when the provider did not answer it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log
from random import Random
from typing import Final

from monitor.core.answer import Failed, FailureKind
from monitor.source.payload import status_failure

DAYS_BETWEEN_RESTARTS: Final = 6
DAYS_BETWEEN_STOPS: Final = 14
DAYS_BETWEEN_FAULTS: Final = 2
_DAY_MS: Final = 86_400_000

TIMEOUT: Final = Failed(FailureKind.TIMEOUT, "no complete answer within 10 s")
FAILURES: Final = (
    TIMEOUT,
    status_failure(500, "HTTP 500"),
    status_failure(502, "HTTP 502"),
    status_failure(429, "HTTP 429"),
    Failed(FailureKind.UNREACHABLE, "connection reset by api.alayanew.com"),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """From `from_ms` up to, but not at, `until_ms`. `failed` None: no monitor ran."""

    from_ms: int
    until_ms: int
    failed: Failed | None


def troubles(seed: int, from_ms: int, until_ms: int) -> list[Trouble]:
    """In order of time and without overlap."""
    chances = [Random(f"{seed}/{what}") for what in ("restarts", "stops", "faults")]
    drawn = [
        *_drawn(chances[0], from_ms, until_ms, DAYS_BETWEEN_RESTARTS, timedelta(seconds=20), 0.6),
        *_drawn(chances[1], from_ms, until_ms, DAYS_BETWEEN_STOPS, timedelta(hours=2), 1.0),
        *(
            Trouble(one.from_ms, one.until_ms, chances[2].choice(FAILURES))
            for one in _drawn(chances[2], from_ms, until_ms, DAYS_BETWEEN_FAULTS, timedelta(minutes=1), 1.5)
        ),
    ]
    found: list[Trouble] = []
    for trouble in sorted(drawn, key=lambda one: one.from_ms):
        if not found or trouble.from_ms > found[-1].until_ms:
            found.append(trouble)
    return found


def _drawn(
    chance: Random, from_ms: int, until_ms: int, days_between: int, lasts: timedelta, spread: float
) -> Iterator[Trouble]:
    """The median of them `lasts` so long; at most a day."""
    at = from_ms
    while True:
        at += round(chance.expovariate(1 / (days_between * _DAY_MS)))
        drawn = round(exp(chance.gauss(log(lasts / timedelta(milliseconds=1)), spread)))
        if at >= until_ms:
            return
        yield Trouble(at, at + min(drawn, _DAY_MS), None)
        at += drawn
