"""Locks between processes: one daemon per database, and one writer at a time.

Both are flocks on files of their own beside the database. Never on the database file: opening and closing
that by hand drops the locks that SQLite itself holds on it. A lock file is never deleted, since whoever
waits for it would then hold a lock that nobody else sees.
"""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseBusy, DatabaseError, DatabaseHeld

PATIENCE: Final = timedelta(seconds=5)
LONGEST_NAP_S: Final = 0.02
DAEMON: Final = "monitor run"
"""What a daemon says of itself in the lock file."""

LONGEST_HOLDER: Final = 400
"""Bytes: a process id, and a word with the name of a rule in it."""


class LifeLock:
    """`<file>.lock`, held for as long as a daemon lives; it holds its process id and a word of what it is.

    Raises DatabaseHeld at once when another process holds it, DatabaseError when it cannot be made.
    """

    def __init__(self, file: Path, holder: str) -> None:
        self._path = Path(f"{file}.lock")
        self._descriptor = _open(self._path)
        try:
            self._take(file, holder)
        except OSError as error:
            os.close(self._descriptor)
            raise _cannot_write(self._path, error) from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def is_in_place(self) -> bool:
        """False: the lock file was deleted or replaced, so that it guards nothing any more."""
        return _is_at(self._descriptor, self._path)

    def close(self) -> None:
        with suppress(OSError):  # a disk that refuses: what it says of us is not read once nobody holds it
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _take(self, file: Path, holder: str) -> None:
        if not _try(self._descriptor):
            holder = os.pread(self._descriptor, LONGEST_HOLDER, 0).decode(errors="replace").strip()
            raise DatabaseHeld(f"{file} is held by {holder_text(holder)}; stop it first", holder)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {holder}\n".encode(), 0)


class WriteLock:
    """`<file>.write`, held around every transaction, checkpoint and closing of a writable connection."""

    def __init__(
        self,
        file: Path,
        patience: timedelta = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._file = file
        self._path = Path(f"{file}.write")
        self._patience_s = patience.total_seconds()
        self._clock, self._sleep = clock, sleep
        self._descriptor: int | None = None
        self._threads = threading.Lock()  # flock does not part the threads of one process

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises DatabaseBusy when it is not free within our patience."""
        deadline = self._clock() + self._patience_s
        if not self._threads.acquire(timeout=self._patience_s):
            raise self._busy()
        try:
            descriptor = self._take(deadline)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, deadline: float) -> int:
        nap_s = 0.0005
        while True:
            if self._descriptor is None:
                self._descriptor = _open(self._path)
            if _try(self._descriptor):
                if _is_at(self._descriptor, self._path):
                    return self._descriptor
                self.close()  # somebody deleted the file: take the lock on the new one
                continue
            if self._clock() >= deadline:
                raise self._busy()
            self._sleep(nap_s)
            nap_s = min(nap_s * 2, LONGEST_NAP_S)

    def _busy(self) -> DatabaseBusy:
        return DatabaseBusy(f"{self._file} is being written by another process; try again in a moment")


def holder_text(holder: str) -> str:
    """Of what stands in a lock file: `the monitor with process id 123 (monitor run)`."""
    pid, _, what = holder.partition(" ")
    who = f"the monitor with process id {pid}" if pid else "another monitor"
    return f"{who} ({what.strip()})" if what else who


def is_daemon(holder: str) -> bool:
    """False: it holds the database, and stores no polls in it."""
    return holder.partition(" ")[2].strip() == DAEMON


def give_to_owner(path: Path) -> None:
    """What root makes beside the database belongs to the directory's owner: the daemon must open it too."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _open(path: Path) -> int:
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        if is_new:
            give_to_owner(path)
    except FileNotFoundError as error:
        raise DatabaseError(f"the directory {path.parent} does not exist; make it first") from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    return descriptor


def _cannot_write(path: Path, error: OSError) -> DatabaseError:
    advice = {
        errno.ENOSPC: "; make room on that disk",
        errno.EACCES: "; let this user write there, or be another",
        errno.EROFS: "; [storage] url may name another place",
    }.get(error.errno or 0, "")
    return DatabaseError(f"cannot write {path.name} in the directory {path.parent}: {error.strerror}{advice}")


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
