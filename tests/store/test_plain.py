"""Connections for reading without SQLAlchemy give the same rows as those with it."""

import pytest

from monitor.store.database import Database
from monitor.store.readonly import reading
from monitor.store.rows import Reader
from tests.store.builders import add_poll

TWO_POLLS = "SELECT id, at, aidc_id FROM poll ORDER BY id"


def told(connection: Reader) -> list[object]:
    rows = connection.exec_driver_sql(TWO_POLLS).all()
    none = connection.exec_driver_sql("SELECT id FROM poll WHERE id = ?", (3,)).one_or_none()
    one = connection.exec_driver_sql("SELECT at, max(id) FROM poll WHERE id < ?1 OR id = ?1", (2,)).one()
    return [
        [(row.id, row.at, row.aidc_id) for row in rows],
        [tuple(row) for row in connection.exec_driver_sql(TWO_POLLS)],
        [tuple(row[1:]) for row in rows],
        none,
        (one.at, one[1]),
        connection.exec_driver_sql(TWO_POLLS).scalar(),
        connection.exec_driver_sql("SELECT 1 WHERE 0").scalar(),
        connection.exec_driver_sql("SELECT count(*) FROM poll").scalar_one(),
        list(connection.exec_driver_sql(TWO_POLLS).scalars().all()),
        list(connection.exec_driver_sql(TWO_POLLS).scalars()),
    ]


def test_both_kinds_of_connection_tell_the_same(url: str, database: Database) -> None:
    for poll_id in (1, 2):
        database.write(add_poll(poll_id, at=poll_id * 1000))
    with reading(url) as plain, database.read() as connection:
        assert told(plain) == told(connection)


def test_another_number_of_rows_than_one_is_an_error(url: str, database: Database) -> None:
    for poll_id in (1, 2):
        database.write(add_poll(poll_id))
    with reading(url) as connection:
        with pytest.raises(LookupError, match="several rows"):
            connection.exec_driver_sql(TWO_POLLS).one()
        with pytest.raises(LookupError, match="several rows"):
            connection.exec_driver_sql(TWO_POLLS).one_or_none()
        with pytest.raises(LookupError, match="no row"):
            connection.exec_driver_sql("SELECT 1 WHERE 0").scalar_one()
