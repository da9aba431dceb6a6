"""Threads for `to_thread` that say how often the loop handed them something."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class CountingThreads(ThreadPoolExecutor):
    """To be set as a loop's default executor."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.count = 0

    def submit(self, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.count += 1
        return super().submit(*args, **kwargs)
