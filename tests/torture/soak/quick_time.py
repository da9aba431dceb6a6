"""What lets a daemon run on virtual time: a loop that knows when a thread works, and clocks that follow.

Nothing of ours is replaced. Of the libraries in this process two things are: the scheduler's `datetime`,
whose `now` follows the loop, and `asyncio.wrap_future`, which counts the writes that were not yet answered.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, TypeVar

from apscheduler.schedulers import base as scheduler

from tests.torture.virtual_time import VirtualLoop

T = TypeVar("T")
BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
RESTING: Final = frozenset({"MainThread", "database-writer"})
"""Any other thread lives for one piece of work: a send, or blocking work beside the loop."""


class BusyLoop(VirtualLoop):
    """Time stands still while a thread works, but for those that a stand-in lets wait: `held`."""

    def __init__(self) -> None:
        self.held = 0
        self._writes = 0
        self._wrap = asyncio.wrap_future
        super().__init__(is_busy=self._is_busy)

    def wrap_future(
        self, future: Future[T], *, loop: asyncio.AbstractEventLoop | None = None
    ) -> asyncio.Future[T]:
        """As asyncio's own: what the database's writer has yet to answer goes through it."""
        wrapped = self._wrap(future, loop=loop)
        self._writes += 1
        wrapped.add_done_callback(self._answered)
        return wrapped

    def _answered(self, _: asyncio.Future[Any]) -> None:
        self._writes -= 1

    def _is_busy(self) -> bool:
        if self._writes:
            return True
        working = sum(thread.name not in RESTING for thread in threading.enumerate())
        return working > self.held


class LoopClock:
    """Wall clock and monotonic clock as the daemon sees them."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._time())

    def monotonic(self) -> float:
        return 1000.0 + self._time()


def let_libraries_follow(loop: BusyLoop, clock: LoopClock) -> None:
    """For the rest of this process."""

    class Following(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz)

    for module, name, stand_in in (
        (scheduler, "datetime", Following),
        (asyncio, "wrap_future", loop.wrap_future),
    ):
        setattr(module, name, stand_in)
