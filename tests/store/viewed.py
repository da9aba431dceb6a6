"""Rows in a database in memory that has the schema and the view, for tests of the view."""

import sqlite3

from sqlalchemy import create_engine

from monitor.store.schema import metadata
from monitor.store.view import CREATE_VIEW


def schema() -> list[str]:
    statements: list[str] = []
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars()
        statements = [*rows, CREATE_VIEW]
    engine.dispose()
    return statements


SCHEMA = schema()


def empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO source VALUES (1, 'default'), (2, 'other')")
    return connection


def poll(rows: sqlite3.Connection, poll_id: int, outcome: str = "ok", aidc_id: int | None = None) -> None:
    rows.execute(
        "INSERT INTO poll VALUES (?, 1, ?, ?, 38, ?, NULL, NULL, 1, 0, 0)",
        (poll_id, aidc_id, poll_id * 10, outcome),
    )


def product(rows: sqlite3.Connection, product_id: int, aidc_id: int = 1, name: str | None = "now") -> None:
    rows.execute(
        "INSERT INTO product (id, source_id, aidc_id, product_code, name, price, price_unit, first_seen_at,"
        " last_seen_at) VALUES (?, 1, ?, 'PRD-' || ?, ?, '20', 11, 0, 0)",
        (product_id, aidc_id, product_id, name),
    )


def seen(rows: sqlite3.Connection, what: str) -> list[tuple[object, ...]]:
    return rows.execute(f"SELECT {what} FROM observation ORDER BY poll_id, product_code").fetchall()
