"""Ends one life at its planned moment. Everything here runs in the thread of the world around the daemon.

It is told of each moment just when it comes, so a kill without a delay comes before anything else happens;
and the journal has it in its place.
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

from tests.torture.kill.journal import Journal
from tests.torture.kill.plan import Ending, Moment, Plan

LIVES_AT_MOST_S: Final = 3.0
AFTER_THE_FIRST_POLL_S: Final = 0.4
"""A moment that has not come by then will not come: then the end comes just anywhere."""

SIGNALS: Final = {
    Ending.KILL: (signal.SIGKILL,),
    Ending.STOP: (signal.SIGTERM,),
    Ending.STOP_THEN_KILL: (signal.SIGTERM, signal.SIGKILL),
    Ending.STOP_TWICE: (signal.SIGTERM, signal.SIGTERM),
}


class Aim:
    """Without a plan it never strikes."""

    def __init__(self, journal: Journal, life: int, plan: Plan | None) -> None:
        self._journal = journal
        self._life = life
        self._plan = plan
        self._pid = 0
        self._seen = 0
        self._is_pulled = False
        self._is_due = False
        self._timers: list[asyncio.TimerHandle] = []
        self._has_polled = False

    def arm(self, pid: int) -> None:
        """The life has begun. What it was to be killed for may have come already."""
        self._pid = pid
        if self._plan is None:
            return
        self._later(LIVES_AT_MOST_S)
        if self._is_due:
            self._pull()
        self.passes(Moment.BORN)

    def disarm(self) -> None:
        """It is over: its process id may soon be another's."""
        self._is_pulled = True
        for timer in self._timers:
            timer.cancel()

    def passes(self, moment: Moment) -> None:
        plan = self._plan
        if plan is None or self._is_pulled:
            return
        if moment is Moment.ASKED and not self._has_polled:
            self._has_polled = True
            self._later(AFTER_THE_FIRST_POLL_S)
        if moment is not plan.moment:
            return
        self._seen += 1
        if self._seen == plan.nth:
            self._pull() if plan.delay_s == 0 else self._later(plan.delay_s)

    def _later(self, seconds: float) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self._pull))

    def _pull(self) -> None:
        if self._is_pulled or self._plan is None:
            return
        if not self._pid:
            self._is_due = True
            return
        self._is_pulled = True
        first, *then = SIGNALS[self._plan.ending]
        self._send(first)
        for second in then:
            timer = asyncio.get_running_loop().call_later(self._plan.then_s, self._send, second)
            self._timers.append(timer)

    def _send(self, number: signal.Signals) -> None:
        self._journal.write("signal", life=self._life, name=number.name)
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)
