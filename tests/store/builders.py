"""Rows and files that tests of the store start from."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from monitor.store.database import Database

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
        return list(connection.exec_driver_sql("SELECT id FROM poll ORDER BY id").scalars())


def execute(file: Path, *statements: str) -> list[object]:
    """By hand, as a foreign program does it: the rows of the last statement."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        rows: list[object] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows
