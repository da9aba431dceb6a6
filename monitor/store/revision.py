"""Which schema a database has, and whether this release can use it as it is."""

from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseError
from monitor.store.rows import Reader

HEAD: Final = "0003"
"""The newest revision in migrations/. Revisions are numbers, so that older and newer can be told apart."""


def refuse_missing(file: Path) -> None:
    """Raises DatabaseError for verbs that never create a database."""
    try:
        file.stat()
    except FileNotFoundError as error:
        raise DatabaseError(f"the database {file} does not exist; start the monitor first") from error
    except OSError as error:
        raise DatabaseError(f"{file}: {error.strerror}") from error


def refuse_unusable(connection: Reader, file: Path) -> None:
    """Raises DatabaseError for verbs that never upgrade: empty, older, newer, or not ours."""
    revision = revision_of(connection, file)
    if revision is None:
        raise DatabaseError(f"the database {file} is empty; start the monitor first")
    if is_behind(revision, file):
        raise DatabaseError(
            f"{file} is older than this release (its schema is revision {revision}, not {HEAD}): "
            "stop the monitor and run `monitor db upgrade`"
        )


def revision_of(connection: Reader, file: Path) -> str | None:
    """The revision of the database, or None when it holds nothing yet; DatabaseError when it is not ours."""
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    tables = {name for name in names if not name.startswith("sqlite_")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise DatabaseError(f"{file} was not made by this program; name another file in [storage] url")
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def is_behind(revision: str | None, file: Path, head: str = HEAD) -> bool:
    """True when an upgrade to `head` is needed; DatabaseError when the database is newer than `head`."""
    if revision is None:
        return True
    if not revision.isdecimal() or int(revision) > int(head):
        raise DatabaseError(
            f"{file} was written by a newer release: its schema is revision {revision}, this release knows "
            f"up to {head}. Install that release again, or put back a backup made before the upgrade"
        )
    return int(revision) < int(head)
