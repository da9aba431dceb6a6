"""Hears that another process has committed, for somebody who waits beside the daemon."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from monitor.store.locks import PATIENCE
from monitor.store.sqlite import READER_PRAGMAS, connect

Identity = tuple[int, int]
_NEVER: Final = -1


class Ear:
    """A connection that reads nothing but the number that each commit moves: three microseconds a look.

    A file that is gone, or that another one replaced, is listened to anew by `look_again`; until then, and
    while it cannot be opened, there is silence.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._version = _NEVER
        self.look_again()

    def heard(self) -> bool:
        """Has somebody committed since this was asked last? The first time: yes."""
        if self._connection is None:
            return False
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            self.close()
            return False
        before, self._version = self._version, int(version)
        return self._version != before

    def forget(self) -> None:
        """What was heard last could not be used: it is to be heard again."""
        self._version = _NEVER

    def look_again(self) -> bool:
        """Is it still this file that lies there? Otherwise open what does, and say so."""
        identity = _identity_of(self._file)
        if self._connection is not None and identity == self._identity:
            return False
        self.close()
        if identity is not None:
            with suppress(sqlite3.Error):
                self._connection = connect(self._file, "ro", READER_PRAGMAS, PATIENCE)
                self._identity, self._version = identity, _NEVER
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identity_of(file: Path) -> Identity | None:
    with suppress(OSError):
        status = file.stat()
        return status.st_dev, status.st_ino
    return None
