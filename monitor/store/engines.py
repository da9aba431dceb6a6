"""The engines of SQLAlchemy over one SQLite file, and what their errors mean in plain words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, Pool, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from monitor.core.errors import DatabaseBusy
from monitor.store.sqlite import (
    WRITER_PRAGMAS,
    connect,
    connect_reader,
    is_of_the_file,
    plain_errors,
    plainly,
)


def writer_engine(file: Path, busy_timeout: timedelta) -> Engine:
    """Never creates the file. Each transaction begins as a writing one, so that it cannot fail half way."""
    return _engine(lambda: connect(file, "rw", WRITER_PRAGMAS, busy_timeout), "BEGIN IMMEDIATE", NullPool)


def reader_engine(file: Path, busy_timeout: timedelta) -> Engine:
    """Connections that cannot write; what one transaction reads is of one moment."""
    return _engine(
        lambda: connect_reader(file, busy_timeout),
        "BEGIN",
        QueuePool,
        pool_size=4,
        pool_timeout=busy_timeout.total_seconds(),
    )


def migration_engine(file: Path, busy_timeout: timedelta) -> Engine:
    """Creates a missing file. Foreign keys are off: altering a table would delete its children."""
    pragmas = ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", *WRITER_PRAGMAS, "foreign_keys=OFF")
    return _engine(lambda: connect(file, "rwc", pragmas, busy_timeout), "BEGIN IMMEDIATE", NullPool)


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what must not run in a transaction."""
    raw: Any = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101  a fact of the driver, for the type checker
    return raw


@contextmanager
def engine_errors(file: Path) -> Iterator[None]:
    """As `plain_errors`, of what comes through an engine."""
    try:
        with plain_errors(file):
            yield
    except PoolTimeoutError as error:
        raise DatabaseBusy(f"{file}: too many readers at once; try again in a moment") from error
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error) or not is_of_the_file(error.orig):
            raise
        raise plainly(file, error.orig) from error


def _engine(
    creator: Callable[[], sqlite3.Connection], begin: str, pool: type[Pool], **pool_options: float
) -> Engine:
    engine = create_engine("sqlite://", creator=creator, poolclass=pool, hide_parameters=True, **pool_options)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
