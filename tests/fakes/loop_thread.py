"""A fake that serves in an event loop of its own thread, from `with` to the end of it."""

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import Self


class LoopThread(ABC):
    """`_serve` sets `_loop` and `_stop`, then `_ready`, and ends when `_stop` is set."""

    def __init__(self, name: str) -> None:
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=name)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @abstractmethod
    async def _serve(self) -> None: ...
