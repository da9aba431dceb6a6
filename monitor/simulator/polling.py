"""When a made-up monitor polled, and how long each poll took: a grid of slots, with its holes. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from monitor.core.answer import Failed, FailureKind
from monitor.core.backoff import source_backoff
from monitor.simulator.troubles import Trouble

INTERVAL: Final = timedelta(seconds=15)
TIMEOUT_MS: Final = 10_000
LATE_MS: Final = 5
"""A poll is sent within so many milliseconds of its slot."""

_INTERVAL_MS: Final = INTERVAL // timedelta(milliseconds=1)
_EARLY_MS: Final = 100  # as the monitor's own gate: slots and waits are multiples of one interval
_NO_TROUBLE: Final = Trouble(2**62, 2**62, None)


@dataclass(frozen=True, slots=True)
class Sent:
    """`failed` None: the list came. Times in milliseconds."""

    at_ms: int
    took_ms: int
    failed: Failed | None


def polls(seed: int, troubles: Iterable[Trouble], from_ms: int, until_ms: int) -> Iterator[Sent]:
    """Every poll that was sent. A monitor that starts again begins a grid of its own."""
    chance = Random(f"{seed}/polls")
    waiting = iter(troubles)
    trouble = next(waiting, _NO_TROUBLE)
    slot, not_before, complaints = from_ms, 0, 0
    while slot < until_ms:
        while trouble.until_ms <= slot:
            trouble = next(waiting, _NO_TROUBLE)
        is_in_trouble = trouble.from_ms <= slot
        if is_in_trouble and trouble.failed is None:
            slot, not_before, complaints = trouble.until_ms + chance.randrange(1000), 0, 0
            continue
        if slot >= not_before:
            sent = _sent(chance, slot, trouble.failed if is_in_trouble else None)
            yield sent
            complaints, not_before = _patience(sent, complaints)
        slot += _INTERVAL_MS


def _sent(chance: Random, slot: int, failed: Failed | None) -> Sent:
    took = TIMEOUT_MS if failed and failed.kind is FailureKind.TIMEOUT else 25 + int(chance.random() * 40)
    return Sent(slot + int(chance.random() * LATE_MS), took, failed)


def _patience(sent: Sent, complaints: int) -> tuple[int, int]:
    """How often it has complained in a row by now, and until when it is left alone."""
    if sent.failed is None:
        return 0, 0
    complaints += sent.failed.kind.backs_off
    patience = source_backoff(sent.failed, complaints, INTERVAL)
    if patience is None:
        return complaints, 0
    return complaints, sent.at_ms + patience // timedelta(milliseconds=1) - _EARLY_MS
