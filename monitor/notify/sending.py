"""Sends through one channel in a thread of its own, under our own deadline.

The library's time-outs are per read, so a dripping receiver holds a send for as long as it likes. When
the deadline passes the thread is left to itself and a fresh channel takes over; too many of those and
the channel is stuck until one of them ends. Threads are daemons: they never keep the process from ending.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from monitor.core.backoff import FailureClass, Outcome, Refused

DEADLINE: Final = timedelta(seconds=15)
MOST_ABANDONED: Final = 4
_log = logging.getLogger(__name__)


class Sendable(Protocol):
    """A loaded channel: blocks until it knows what became of the message, and never raises."""

    def send(self, title: str, body: str) -> Outcome: ...


def start_thread(name: str, work: Callable[[], None]) -> None:
    """Raises RuntimeError when there are no more threads to be had."""
    threading.Thread(target=work, name=name, daemon=True).start()


class Sender:
    """`load` makes a channel that shares nothing with one that still hangs; `start` runs a send beside us."""

    def __init__(
        self,
        name: str,
        channel: Sendable,
        load: Callable[[], Sendable],
        deadline: timedelta = DEADLINE,
        start: Callable[[str, Callable[[], None]], None] = start_thread,
    ) -> None:
        self.name = name
        self.abandoned = 0
        self._channel = channel
        self._load = load
        self._start = start
        self.deadline_s = deadline.total_seconds()
        self._turn = asyncio.Lock()

    @property
    def is_stuck(self) -> bool:
        return self.abandoned >= MOST_ABANDONED

    async def send(self, title: str, body: str) -> Outcome:
        """What became of it; ambiguous when the deadline passed, for it may arrive yet.

        One at a time: the library's plugins keep state.
        """
        async with self._turn:
            return await self._send(title, body)

    async def _send(self, title: str, body: str) -> Outcome:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()
        work = partial(self._work, loop, answer, self._channel, title, body)
        try:
            self._start(f"send-{self.name}", work)
        except RuntimeError as error:  # out of threads
            return Refused(FailureClass.TRANSIENT, f"no thread to send in: {error}")
        done, _ = await asyncio.wait({answer}, timeout=self.deadline_s)
        if done:
            return answer.result()
        self._abandon(answer)
        return Refused(FailureClass.AMBIGUOUS, f"no answer within {self.deadline_s:g} s")

    def _abandon(self, answer: "asyncio.Future[Outcome]") -> None:
        self.abandoned += 1
        answer.add_done_callback(self._ended_after_all)
        _log.warning("send abandoned", extra={"fields": {"channel": self.name, "abandoned": self.abandoned}})
        self._channel = self._load()

    def _ended_after_all(self, answer: "asyncio.Future[Outcome]") -> None:
        if not answer.cancelled():
            self.abandoned -= 1

    @staticmethod
    def _work(
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Outcome]",
        channel: Sendable,
        title: str,
        body: str,
    ) -> None:
        try:
            outcome = channel.send(title, body)
        except BaseException as error:  # noqa: BLE001 - a lane must hear of it, whatever it was
            outcome = Refused(FailureClass.AMBIGUOUS, f"the send crashed: {type(error).__name__}")
        try:
            loop.call_soon_threadsafe(_settle, answer, outcome)
        except RuntimeError:
            # The loop is closed: the process is ending, and the claim will be seen at the next start.
            return


def _settle(answer: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not answer.done():
        answer.set_result(outcome)
