"""Rows and files that tests of the store start from."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from monitor.store.database import Database
from monitor.store.readonly import reading
from monitor.store.rows import Reader

PATIENCE: Final = timedelta(milliseconds=50)


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def add_poll(
    poll_id: int, *, source_id: int = 1, aidc_id: int | None = None, outcome: str = "ok", at: int = 0
) -> Callable[[Connection], None]:
    """A write that stores one poll."""

    def write(connection: Connection) -> None:
        connection.exec_driver_sql(
            "INSERT INTO poll (id, source_id, aidc_id, at, duration_ms, outcome, valid, invalid, unusable)"
            " VALUES (?, ?, ?, ?, 38, ?, 1, 0, 0)",
            (poll_id, source_id, aidc_id, at, outcome),
        )

    return write


def poll_ids(database: Database) -> list[int]:
    with database.read() as connection:
        return ids_of_polls(connection)


def poll_ids_read(url: str) -> list[int]:
    """As a reading verb sees them."""
    with reading(url) as connection:
        return ids_of_polls(connection)


def ids_of_polls(connection: Reader) -> list[int]:
    return list(connection.exec_driver_sql("SELECT id FROM poll ORDER BY id").scalars())


def execute(file: Path, *statements: str) -> list[object]:
    """By hand, as a foreign program does it: the rows of the last statement."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        rows: list[object] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


def damage_poll_table(file: Path) -> None:
    """Overwrites the first page of the table `poll`, but neither the header nor the list of tables."""
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'poll'").fetchone()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xff" * 4096)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes: what a failing disk looks like."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
