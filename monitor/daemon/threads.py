"""Blocking work in daemon threads: one that hangs must not keep the process from ending."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(ThreadPoolExecutor):
    """The loop's default executor: it resolves host names, and a resolver may take its time.

    The library's own pool joins its threads when the interpreter exits.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - whoever awaits it is told
                    future.set_exception(error)

        threading.Thread(target=work, name="blocking", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing to wait for."""


async def in_thread(fn: Callable[[], T]) -> T:
    """Run it beside the loop, whose executor is to be a DaemonThreads; in it when there is no thread left."""
    try:
        beside = asyncio.get_running_loop().run_in_executor(None, fn)
    except RuntimeError:
        return fn()
    return await beside
