"""Errors of a disk, as a guard at the gate gives them to the database: at one call, or from one call on."""

import errno
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import time
from typing import Final

from tests.torture.gate import Call, Fail, Pass, Verdict

WRITES: Final = frozenset({"write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate"})
SYNCS: Final = frozenset({"fsync", "fdatasync"})
CHANGES: Final = WRITES | {"openat", "rename", "renameat", "renameat2", "unlink", "unlinkat"}


@dataclass(frozen=True, slots=True)
class Fault:
    """The `number`th of these `calls` fails with this errno; `is_lasting`: all that follow, too."""

    calls: frozenset[str]
    number: int
    error: int
    is_lasting: bool

    def is_due(self, number: int) -> bool:
        return number >= self.number if self.is_lasting else number == self.number

    def __str__(self) -> str:
        what = "sync" if self.calls == SYNCS else "write" if self.calls == WRITES else "change"
        name = errno.errorcode[self.error]
        return f"{name} at {what} {self.number}{' and for ever' if self.is_lasting else ', once'}"


READ_ONLY: Final = Fault(CHANGES, 1, errno.EROFS, is_lasting=True)
"""What every change gets when the kernel has mounted a file system anew for reading only."""


class FaultyDisk:
    """A guard. Nothing fails before it is armed, and after its end; `struck_at` is in seconds since 1970."""

    def __init__(self, fault: Fault, database: Path) -> None:
        self.struck_at: float | None = None
        self.at: Call | None = None
        self._fault = fault
        self._database = str(database)
        self._folder = str(database.parent)
        self._calls = 0
        self._is_armed = False
        self._lock = Lock()

    @property
    def is_struck(self) -> bool:
        return self.struck_at is not None

    def arm(self) -> None:
        with self._lock:
            self._is_armed = True

    def end(self) -> None:
        with self._lock:
            self._is_armed = False

    def __call__(self, call: Call) -> Verdict:
        with self._lock:
            if not self._is_armed or call.name not in self._fault.calls or not self._is_ours(call):
                return Pass()
            self._calls += 1
            if not self._fault.is_due(self._calls):
                return Pass()
            if self.struck_at is None:
                self.struck_at, self.at = time(), call
            return Fail(self._fault.error)

    def _is_ours(self, call: Call) -> bool:
        """The database, its log, index and journal, its locks; and their folder, which is synced."""
        return call.file.startswith(self._database) or call.file == self._folder
