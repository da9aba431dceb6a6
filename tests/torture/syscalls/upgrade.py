"""Kills an upgrade of the database at its Nth system call: it is old or new, and the backup is whole or none.

The upgrade is to a schema of the tests' own, one after the newest, made by the code that makes the real ones.
"""

import multiprocessing
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from monitor.store import migrate
from monitor.store.database import Database
from monitor.store.revision import HEAD
from monitor.store.sqlite import backups_of
from tests.store.builders import execute, url_of
from tests.store.test_migrate import HISTORY, MIGRATIONS, NEXT, SECOND
from tests.torture.gate import Call, Gate, enter
from tests.torture.syscalls.lives import KillAt

NAME: Final = "an upgrade"
OLD, NEW = HEAD, NEXT
PATIENCE_S: Final = 60.0
_ROWS: Final = "SELECT count(*) FROM {}"
_TABLES: Final = ("source", "product", "poll", "snapshot", "transition", "delivery", "attempt")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """`at`: the call at which it was killed; None when it ended before."""

    violations: tuple[str, ...]
    at: Call | None


class Upgrades:
    """An old database and the scripts that make it new, in `folder`; each upgrade in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scripts = folder / "scripts"
        shutil.copytree(MIGRATIONS, self._scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (self._scripts / "versions" / f"{NEW}_second.py").write_text(SECOND, "utf-8")
        self._old = folder / "old" / "monitor.db"
        self._old.parent.mkdir()
        Database.open(url_of(self._old), holder="the torture suite").close()
        execute(self._old, *HISTORY)
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload([__name__, "alembic.command"])

    def play(self, number: int, folder: Path) -> Upgraded:
        folder.mkdir(parents=True)
        file = Path(shutil.copy(self._old, folder))
        guard = KillAt.number(number)
        with Gate(guard) as gate:
            code = self._run(file, gate.address)
        if code not in {0, -signal.SIGKILL}:
            return Upgraded((f"it ended with {code}",), guard.at)
        found = [*_problems(file, may_be_old=code != 0)]
        if not found and _revision(file) == OLD:
            self._run(file, None)
            found = [f"after a second try {problem}" for problem in _problems(file, may_be_old=False)]
        return Upgraded(tuple(found), guard.at)

    def _run(self, file: Path, gate: str | None) -> int | None:
        process = self._processes.Process(target=_upgrade, args=(file, self._scripts, gate), daemon=True)
        process.start()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join(PATIENCE_S)
            return None
        return process.exitcode


def _upgrade(file: Path, scripts: Path, gate: str | None) -> None:
    if gate is not None:
        enter(gate)
    migrate.upgrade(file, OLD, datetime.now(UTC), scripts=scripts, head=NEW)


def _problems(file: Path, *, may_be_old: bool) -> Iterator[str]:
    revision = _revision(file)
    if revision != NEW and not (may_be_old and revision == OLD):
        yield f"the revision is {revision}"
    yield from _faults_of(file, revision)
    backups = backups_of(file)
    if revision == NEW and not backups:
        yield "it is new, and there is no backup of the old one"
    for backup in backups:
        yield from (f"in the backup {fault}" for fault in _faults_of(backup, OLD))


def _faults_of(file: Path, revision: str) -> Iterator[str]:
    """Does it hold all that a database of this revision held before, and does SQLite call it whole?"""
    said = execute(file, "PRAGMA integrity_check")
    if said != [("ok",)]:
        yield f"SQLite finds {said}"
    if (found := _revision(file)) != revision:
        yield f"the revision is {found}"
    columns = {str(row[1]) for row in execute(file, "PRAGMA table_info(poll)") if isinstance(row, tuple)}
    if ("why" in columns) != (revision == NEW):
        yield f"the revision is {revision}, but table poll has the columns {sorted(columns)}"
    for table in _TABLES:
        if execute(file, _ROWS.format(table)) != [(1,)]:
            yield f"table {table} lost its row"


def _revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(revision)
