"""The one thread that writes, as the event loop sees it: awaitable, in order, never in the loop's way.

The thread is a daemon thread of its own: those of a pool are joined at the interpreter's exit, and a disk
that hangs would keep the process from ending.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

from sqlalchemy import Connection

from monitor.core.errors import DatabaseError
from monitor.store.database import Database

T = TypeVar("T")
Job = Callable[[], None]


class Writer:
    """Runs writes one after the other. A caller that is cancelled does not cancel a write that has begun."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="database-writer", daemon=True)
        self._thread.start()

    async def run(self, fn: Callable[[Connection], T]) -> T:
        """`Database.write(fn)` in the writer's thread; raises what that raises."""
        return await self.call(partial(self.database.write, fn))

    async def call(self, fn: Callable[[], T]) -> T:
        """Anything else that belongs into the writer's thread: checkpoint, data_version, reopen, close."""
        if self._is_closed:
            raise DatabaseError(f"{self.database.file} is closed")
        future: Future[T] = Future()
        self._jobs.put(partial(_settle, future, fn))
        return await asyncio.wrap_future(future)

    def close(self, timeout_s: float) -> bool:
        """Ends the thread after the writes that wait; False when it did not end in time."""
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _settle(future: Future[T], fn: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn())
    except BaseException as error:  # noqa: BLE001  the awaiting task is told
        future.set_exception(error)
