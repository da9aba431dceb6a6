"""Reads along what a running program shows, and waits for words to appear."""

import re
from threading import Condition, Thread
from time import monotonic
from typing import IO, Final

_STYLE: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Screen:
    """All that was shown so far, without colours. Reads until the stream ends, in a thread of its own."""

    def __init__(self, stream: IO[str]) -> None:
        self._shown = ""
        self._changed = Condition()
        self._ended = False
        self._reader = Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, within_s: float) -> re.Match[str]:
        """The first place that matches. Fails with what was shown when time or stream are over."""
        deadline, wanted = monotonic() + within_s, re.compile(pattern)
        with self._changed:
            while not (found := wanted.search(self._shown)):
                left_s = deadline - monotonic()
                if left_s <= 0 or self._ended:
                    raise AssertionError(f"{pattern!r} was not shown in {within_s:g} s:\n{self._shown}")
                self._changed.wait(left_s)
        return found

    def all(self) -> str:
        """Everything, once the program has ended."""
        self._reader.join()
        return self._shown

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self._shown += _STYLE.sub("", line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
