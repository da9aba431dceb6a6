"""How connections to one SQLite file are opened and set, and what their errors mean in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from monitor.core.errors import DatabaseBusy, DatabaseError

# FULL: under NORMAL a power cut loses commits that were acknowledged. Checkpoints are made by the daemon
# alone, under the write lock: SQLite before 3.51.3 may corrupt a file when two connections do it at once.
WRITER_PRAGMAS: Final = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=0",
    "mmap_size=0",
    "temp_store=MEMORY",
)
READER_PRAGMAS: Final = ("query_only=ON", "mmap_size=0", "temp_store=MEMORY")
DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
NO_LOG: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def file_of(url: str) -> Path:
    """The file of a sqlite:/// URL; DatabaseError for anything else."""
    path = url.removeprefix("sqlite:///")
    if path in {url, "", ":memory:"}:
        raise DatabaseError("[storage] url must be sqlite:/// and the path of a file")
    return Path(path).resolve()  # locks and log lie beside the file itself, not beside a link


def connect(file: Path, mode: str, pragmas: tuple[str, ...], busy_timeout: timedelta) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?{'mode=' + mode if mode != 'immutable' else 'mode=ro&immutable=1'}",
        uri=True,
        timeout=busy_timeout.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("PRAGMA schema_version").close()  # opening is lazy: trouble shall show here
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def plain_errors(file: Path) -> Iterator[None]:
    """Turns what the driver says of the file into a DatabaseError; mistakes of ours pass as they are."""
    try:
        yield
    except sqlite3.Error as error:
        if not is_of_the_file(error):
            raise
        raise plainly(file, error) from error


def backups_of(file: Path) -> list[Path]:
    """The backups that upgrades have left beside `file`, oldest first; none that was cut short."""
    found = (path for path in file.parent.glob(f"{file.name}.backup-*") if ".part" not in path.suffix)
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def advice_on_damage(file: Path) -> str:
    """Where the backups are, and how to go on with one."""
    backups = backups_of(file)
    known = f"the newest backup beside it is {backups[-1]}" if backups else "no backup lies beside it"
    return (
        f"It was left as it is; {known}. To go on, stop the monitor, move {file.name}, {file.name}-wal and "
        f"{file.name}-shm away, and copy a backup to {file}, or start without one and with no history"
    )


def connect_reader(file: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    try:
        return connect(file, "ro", READER_PRAGMAS, busy_timeout)
    except sqlite3.OperationalError as error:
        # No log, and no right to make one (a read-only disk, another user): nobody writes now.
        if _code(error) in NO_LOG and file.exists() and not Path(f"{file}-wal").exists():
            return connect(file, "immutable", READER_PRAGMAS, busy_timeout)
        raise


def is_of_the_file(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def plainly(file: Path, error: sqlite3.Error) -> DatabaseError:
    code = _code(error)
    if code in BUSY:
        return DatabaseBusy(f"{file} is locked by another program; try again in a moment")
    if code in DAMAGED:
        return DatabaseError(f"{file} is damaged or no SQLite database ({error}). {advice_on_damage(file)}")
    if code == sqlite3.SQLITE_FULL:
        return DatabaseError(f"{file}: the disk is full (SQLITE_FULL): make room on it")
    if code == sqlite3.SQLITE_CANTOPEN and not file.exists():
        return DatabaseError(f"the database {file} does not exist")
    name = getattr(error, "sqlite_errorname", None)
    advice = ": let this user read and write it and its directory" if code in NO_LOG else ""
    return DatabaseError(f"{file}: {error}" + (f" ({name})" if name else "") + advice)


def _code(error: sqlite3.Error) -> int | None:
    code: int | None = None
    with suppress(AttributeError):
        code = error.sqlite_errorcode & 0xFF  # the low byte is the kind, the rest its detail
    return code
