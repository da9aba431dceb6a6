"""The database as the rest of the store sees it: one writer, any number of readers, one file.

`open` is for the daemon, `open_for_command` for verbs that write beside it; for others see `readonly`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection

from monitor.core.errors import DatabaseError, DatabaseGone, DatabaseReplaced
from monitor.store import migrate
from monitor.store.backup import sync
from monitor.store.engines import driver, engine_errors, reader_engine, writer_engine
from monitor.store.locks import PATIENCE, LifeLock, WriteLock
from monitor.store.revision import is_behind, refuse_missing, refuse_unusable, revision_of
from monitor.store.sqlite import advice_on_damage, file_of

T = TypeVar("T")
Identity = tuple[int, int]

# Reading the whole file takes long when it is large, and then a backup is the better answer anyway.
LARGEST_CHECKED_BYTES: Final = 256 * 1024 * 1024


def utc_now() -> datetime:
    return datetime.now(UTC)


class Database:
    """One SQLite file. Threads: `write`, `checkpoint`, `data_version` and `reopen` in one, `read` in any.

    Every method raises DatabaseError when the file, the disk or another process refuses. After one from
    `write` the caller cannot know what is stored, and reads its state again before it goes on.
    """

    def __init__(self, file: Path, patience: timedelta, now: Callable[[], datetime]) -> None:
        self.file = file
        self._now = now
        self._lock = WriteLock(file, patience)
        self._writer = writer_engine(file, patience)
        self._readers = reader_engine(file, patience)
        self._connection: Connection | None = None
        self._holder: str | None = None
        self._life: LifeLock | None = None
        self._identity: Identity | None = None
        self._wal_identity: Identity | None = None

    @classmethod
    def open(
        cls, url: str, *, holder: str, patience: timedelta = PATIENCE, now: Callable[[], datetime] = utc_now
    ) -> Self:
        """For the daemon: holds DB.lock until close(); creates the file, or upgrades it after a backup."""
        database = cls(file_of(url), patience, now)
        try:
            database._holder = holder
            database._life = LifeLock(database.file, holder)
            database._prepare(check=_was_left_open(database.file))
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def open_for_command(cls, url: str, *, patience: timedelta = PATIENCE) -> Self:
        """For a verb that writes, beside the daemon or without it. Never creates or upgrades."""
        database = cls(file_of(url), patience, utc_now)
        try:
            refuse_missing(database.file)
            database._identity = database._identity_now()
            with database.read() as connection:
                refuse_unusable(connection, database.file)
        except BaseException:
            database.close()
            raise
        return database

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` in one transaction, and commits; an exception of any kind rolls back.

        Raises DatabaseBusy when another process writes for longer than our patience, DatabaseGone or
        DatabaseReplaced when the file is not the one that was opened (see reopen).
        """
        with self._writing() as connection, connection.begin():
            return fn(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that cannot write, in one transaction: all that it reads is of one moment."""
        with engine_errors(self.file), self._readers.connect() as connection:
            yield connection

    def checkpoint(self) -> bool:
        """Moves the log into the database file without waiting for readers. True when the log is empty."""
        with self._writing() as connection:
            raw = driver(connection)
            (patience_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
            raw.execute("PRAGMA busy_timeout=0")
            try:
                (is_busy, _, _) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute(f"PRAGMA busy_timeout={patience_ms}")
            return not is_busy

    def data_version(self) -> int:
        """Changes when somebody else has committed: asked of the writer, which does not count its own."""
        with self._using() as connection:
            (version,) = driver(connection).execute("PRAGMA data_version").fetchone()
            return int(version)

    def reopen(self) -> None:
        """After DatabaseGone or DatabaseReplaced: takes what lies there now, as open() would."""
        if self._holder is None:
            raise DatabaseError(f"{self.file} can be opened anew by the monitor only")
        if self._life is not None and not self._life.is_in_place():
            self._life.close()
            self._life = None
        if self._life is None:
            self._life = LifeLock(self.file, self._holder)
        self._prepare(check=True)

    def close(self) -> None:
        """Closes all; the last writable connection moves the log into the file, hence the write lock."""
        self._readers.dispose()
        if self._connection is not None:
            with ExitStack() as stack:
                # Not to be had in time: another process has the file open, so SQLite leaves the log to it.
                with suppress(DatabaseError):
                    stack.enter_context(self._lock.held())
                self._drop_connection()
        self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self, *, check: bool) -> None:
        with self._lock.held(), engine_errors(self.file):
            self._drop_connection()
            self._readers.dispose()
            self._drop_foreign_log()
            self._bring_up(check=check)
            self._identity = self._identity_now()
            self._connection = self._connect()
            _use_log(self._connection, self.file)
            # A reader that stays in the pool keeps the log's index: readers go on when the disk is full, and
            # what a failed sync left in the log is not taken for committed when the writer is opened anew.
            with self.read() as reader:
                revision_of(reader, self.file)
            self._wal_identity = _identity_of(Path(f"{self.file}-wal"))

    def _bring_up(self, *, check: bool) -> None:
        revision = None
        if self.file.exists():
            with self._writer.connect() as connection:
                revision = revision_of(connection, self.file)
                if check:
                    self._check(connection)
        if is_behind(revision, self.file):
            migrate.upgrade(self.file, revision, self._now())

    def _check(self, connection: Connection) -> None:
        if self.file.stat().st_size > LARGEST_CHECKED_BYTES:
            return
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if said != "ok":
            found = " ".join(said.split())
            raise DatabaseError(f"{self.file} is damaged ({found}). {advice_on_damage(self.file)}")

    def _drop_foreign_log(self) -> None:
        """The log of a file that was replaced under us would be replayed into the new one."""
        log = Path(f"{self.file}-wal")
        is_ours = self._wal_identity is not None and _identity_of(log) == self._wal_identity
        if is_ours and _identity_of(self.file) != self._identity:
            with suppress(OSError):  # or a power cut could bring the old file back without what its log held
                sync(self.file.parent)
            for path in (log, Path(f"{self.file}-shm")):
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._lock.held(), self._using() as connection:
            yield connection

    @contextmanager
    def _using(self) -> Iterator[Connection]:
        """The one writable connection; after any trouble with the file it is given up, and opened anew."""
        if self._identity_now() != self._identity:
            raise DatabaseReplaced(f"{self.file} was replaced by another file")
        try:
            with engine_errors(self.file):
                if self._connection is None:
                    self._connection = self._connect()
                yield self._connection
        except DatabaseError:
            self._drop_connection()
            raise

    def _connect(self) -> Connection:
        return self._writer.connect()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it is given up because it is broken
                connection.invalidate()
            connection.close()

    def _let_go(self) -> None:
        self._lock.close()
        if self._life is not None:
            self._life.close()
            self._life = None

    def _identity_now(self) -> Identity:
        try:
            status = self.file.stat()
        except FileNotFoundError as error:
            raise DatabaseGone(f"{self.file} was deleted") from error
        except OSError as error:
            raise DatabaseError(f"{self.file}: {error.strerror}") from error
        return status.st_dev, status.st_ino


def _use_log(connection: Connection, file: Path) -> None:
    (mode,) = driver(connection).execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise DatabaseError(f"{file} cannot have a write-ahead log there; keep it on a local disk")


def _was_left_open(file: Path) -> bool:
    """A log that is not empty: the last writer did not close the database."""
    with suppress(OSError):
        return Path(f"{file}-wal").stat().st_size > 0
    return False


def _identity_of(path: Path) -> Identity | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None
