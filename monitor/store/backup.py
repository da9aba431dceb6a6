"""Copies of the database that are whole, also while the daemon writes: through SQLite's backup API."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseError
from monitor.store.sqlite import advice_on_damage, connect, file_of, plain_errors

PAGES_A_STEP: Final = 256
PATIENCE: Final = timedelta(seconds=5)


def backup(url: str, target: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Copies the database of `url` to `target`, checks the copy, and syncs it and its directory to disk.

    `progress` hears pages done and pages in all. Raises DatabaseError, also when `target` exists: it is
    never overwritten. A copy that was cut short never bears the name of `target`.
    """
    copy_file(file_of(url), target, progress)


def copy_file(
    file: Path, target: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """See backup()."""
    if not file.exists():
        raise DatabaseError(f"the database {file} does not exist")
    if target.exists():
        raise DatabaseError(f"{target} exists already; name a file that does not")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        _make(part, file.stat().st_mode & 0o777)
        with _plain_errors(file, target):
            _copy(file, part, progress)
            _check(file, part)
        sync(part)
        part.rename(target)
        sync(target.parent)
    except OSError as error:
        raise DatabaseError(f"cannot write the backup {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _plain_errors(file: Path, target: Path) -> Iterator[None]:
    """What is damaged is the database; what is full is the disk of the copy."""
    with plain_errors(file):
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                raise
            sentence = f"cannot write the backup {target}: the disk is full: make room on it"
            raise DatabaseError(sentence) from error


def _make(part: Path, mode: int) -> None:
    with suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def _copy(file: Path, part: Path, progress: Callable[[int, int], None]) -> None:
    with (
        closing(connect(file, "ro", ("query_only=ON",), PATIENCE)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        # One read transaction for all steps: otherwise every commit of the daemon starts the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=PAGES_A_STEP, progress=lambda _, left, total: progress(total - left, total))


def _check(file: Path, part: Path) -> None:
    with closing(connect(part, "immutable", (), PATIENCE)) as copy:
        (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        what = said.removeprefix("*** in database main ***").strip()
        raise DatabaseError(f"{file} is damaged, so its copy would be too ({what}). {advice_on_damage(file)}")


def sync(path: Path) -> None:
    """A file's data, or the names in a directory: on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
