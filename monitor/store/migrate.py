"""Brings a database to the schema of this release: a backup first, then all or nothing.

A new database is made the same way, so that there is one way only. Alembic is imported only when there is
something to do: that costs more than the rest of the start.
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from monitor.core.errors import DatabaseError
from monitor.store.backup import copy_file
from monitor.store.engines import engine_errors, migration_engine
from monitor.store.locks import PATIENCE, give_to_owner
from monitor.store.revision import HEAD
from monitor.store.sqlite import backups_of
from monitor.store.view import CREATE_VIEW, DROP_VIEW

BACKUPS_KEPT: Final = 3


def upgrade(
    file: Path, revision: str | None, now: datetime, *, scripts: Path | None = None, head: str = HEAD
) -> Path | None:
    """Upgrades `file` from `revision` to `head`, or makes it. Returns the backup that was made first.

    The caller holds both locks and has no connection open.
    """
    saved = _save(file, revision, now) if revision is not None else None
    with engine_errors(file):
        _run(file, scripts or _scripts(), head)
    return saved


def _save(file: Path, revision: str, now: datetime) -> Path:
    target = file.with_name(f"{file.name}.backup-{revision}-{now:%Y%m%dT%H%M%S.%fZ}")
    # Nobody else upgrades now: what bears such a name is of an upgrade that was killed.
    for cut_short in file.parent.glob(f"{file.name}.backup-*Z.*.part*"):
        with suppress(OSError):
            cut_short.unlink()
    copy_file(file, target)
    give_to_owner(target)
    for old in backups_of(file)[:-BACKUPS_KEPT]:
        with suppress(OSError):
            old.unlink()
    return target


def _run(file: Path, scripts: Path, head: str) -> None:
    is_new = not file.exists()
    engine = migration_engine(file, PATIENCE)
    try:
        with engine.connect() as connection:
            if is_new:
                give_to_owner(file)
            with connection.begin():
                # The view names the tables: SQLite would refuse to alter them under it.
                connection.exec_driver_sql(DROP_VIEW)
                _run_scripts(connection, scripts, head)
                connection.exec_driver_sql(CREATE_VIEW)
                _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _run_scripts(connection: Connection, scripts: Path, head: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, head)


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise DatabaseError(
            f"the upgrade was undone: table {broken[0]} would point to rows of {broken[2]} that are not there"
        )


def _scripts() -> Path:
    """In the wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for place in (package / "_migrations", package.parent / "migrations"):
        if (place / "env.py").is_file():
            return place
    raise DatabaseError("this installation lacks its migrations; install it again")
