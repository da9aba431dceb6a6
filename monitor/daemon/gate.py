"""Leaves a source alone that complains: its feeds skip their slots for a while."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from monitor.core.answer import Failed, Listing
from monitor.core.backoff import asked_patience, source_backoff

EARLY_S: Final = 0.1
"""A slot this much before the end of the wait counts: slots and waits are multiples of one interval."""


class SourceGate:
    def __init__(self, interval: timedelta, monotonic: Callable[[], float]) -> None:
        self.interval = interval
        self._monotonic = monotonic
        self._complaints = 0
        self._open_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._monotonic() >= self._open_at - EARLY_S

    def note(self, answer: Listing | Failed, started: float) -> None:
        """`started`: when the request was sent, on the monotonic clock."""
        if isinstance(answer, Listing):
            self._complaints, self._open_at = 0, 0.0
            return
        if not answer.kind.backs_off:
            return
        self._complaints += 1
        patience = source_backoff(answer, self._complaints, self.interval)
        if patience is not None:
            asked_until = self._monotonic() + asked_patience(answer).total_seconds()
            self._open_at = max(started + patience.total_seconds(), asked_until)
