"""Which system calls a life is killed at: one after the other until none is left, or a seeded few."""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Final

UNREACHED: Final = 3
"""Threads make a call more or less from one life to the next: so many in a row tell that it is over."""


class Points:
    """Numbers of calls from 1, for several lanes at once. `few`: only these."""

    def __init__(self, few: Sequence[int] | None = None) -> None:
        self._few = None if few is None else deque(few)
        self._lock = Lock()
        self._given = 0
        self._farthest = 0
        self._unreached: set[int] = set()

    def take(self) -> int | None:
        """The next one; None when there is none."""
        with self._lock:
            if self._few is not None:
                return self._few.popleft() if self._few else None
            if sum(number > self._farthest for number in self._unreached) >= UNREACHED:
                return None
            self._given += 1
            return self._given

    def note(self, number: int, *, reached: bool) -> None:
        """What became of it: the daemon was killed there, or ended before."""
        with self._lock:
            if reached:
                self._farthest = max(self._farthest, number)
            else:
                self._unreached.add(number)
