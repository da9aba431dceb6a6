"""An event loop for which time stands still while anything happens, and jumps when nothing does.

A month of timers passes in seconds. Sockets and threads still work: as long as something is ready, or
`is_busy` says that a thread has yet to answer, no time passes at all.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from typing import Any, Final

PATIENCE_WITH_THREADS_S: Final = 0.05
"""So long (of real time) one look at the sockets waits while a thread is busy."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`advanced` is told how many seconds have been jumped over, to move other clocks along."""

    def __init__(
        self,
        advanced: Callable[[float], None] = lambda _: None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._virtual_s = 0.0
        self._advanced = advanced
        super().__init__(_Selector(self._jump, is_busy))

    def time(self) -> float:
        return self._virtual_s

    def _jump(self, seconds: float) -> None:
        self._virtual_s += seconds
        self._advanced(seconds)


class _Selector(selectors.BaseSelector):
    """Where the loop would sleep until the next timer, time jumps there instead."""

    def __init__(self, jump: Callable[[float], None], is_busy: Callable[[], bool]) -> None:
        self._real = selectors.DefaultSelector()
        self._jump = jump
        self._is_busy = is_busy

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._real.select(None)
        is_busy = self._is_busy()  # before the look: what a thread answers after it is not missed
        ready = self._real.select(0)
        if ready or timeout <= 0:
            return ready
        if is_busy:
            return self._real.select(PATIENCE_WITH_THREADS_S)
        self._jump(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()
