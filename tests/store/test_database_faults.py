"""Troubles while running: the same object goes on when they end."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from monitor.core.errors import DatabaseError, DatabaseGone, DatabaseReplaced
from monitor.store.database import Database
from tests.store.builders import (
    add_poll,
    execute,
    files_limited_to,
    poll_ids,
)


def test_a_full_database_takes_writes_again_when_there_is_room(database: Database) -> None:
    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(1, 10_000):
            add_poll(number)(connection)

    with pytest.raises(DatabaseError, match=r"full \(SQLITE_FULL\)"):
        database.write(fill)
    assert poll_ids(database) == []
    database.write(add_poll(1))
    assert poll_ids(database) == [1]


def test_a_disk_that_refuses_and_recovers_costs_no_restart(file: Path, database: Database) -> None:
    database.write(add_poll(1))
    with files_limited_to(Path(f"{file}-wal").stat().st_size):
        for number in (2, 3):
            with pytest.raises(DatabaseError, match="SQLITE_"):
                database.write(add_poll(number))
        assert poll_ids(database) == [1]
    database.write(add_poll(4))
    assert poll_ids(database) == [1, 4]
    assert execute(file, "PRAGMA integrity_check") == [("ok",)]


def test_a_checkpoint_that_the_disk_refuses_loses_nothing(file: Path, database: Database) -> None:
    for start in range(1, 4000, 1000):
        database.write(lambda c, start=start: [add_poll(n)(c) for n in range(start, start + 1000)])  # type: ignore[misc]
    with files_limited_to(file.stat().st_size), pytest.raises(DatabaseError, match="SQLITE_"):
        database.checkpoint()
    database.write(add_poll(5000))
    assert database.checkpoint()
    assert len(poll_ids(database)) == 4001


def test_a_deleted_file_is_noticed_and_a_new_one_taken(file: Path, database: Database) -> None:
    database.write(add_poll(1))
    file.unlink()
    for _ in range(2):
        with pytest.raises(DatabaseGone, match="was deleted"):
            database.write(add_poll(2))
    database.reopen()
    database.write(add_poll(3))
    assert poll_ids(database) == [3]
    assert execute(file, "PRAGMA integrity_check") == [("ok",)]


def test_a_replaced_file_is_noticed_and_read_anew_without_the_old_log(
    template: Path, file: Path, database: Database
) -> None:
    database.write(lambda c: [add_poll(n)(c) for n in range(1, 1000)])
    other = Path(shutil.copy(template, f"{file}.other"))
    execute(other, "INSERT INTO source VALUES (7, 'seven')")
    other.rename(file)
    with pytest.raises(DatabaseReplaced, match="was replaced"):
        database.write(add_poll(2))
    database.reopen()
    assert poll_ids(database) == []
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM source").scalars().all() == [7]
    database.write(add_poll(3))
    assert execute(file, "PRAGMA integrity_check") == [("ok",)]


def test_the_log_of_the_file_in_place_is_not_taken_for_the_old_one(
    template: Path, file: Path, database: Database
) -> None:
    database.write(add_poll(1))
    for path in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        path.unlink()
    shutil.copy(template, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("INSERT INTO source VALUES (7, 'seven')")
        with pytest.raises(DatabaseReplaced):
            database.write(add_poll(2))
        database.reopen()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM source").scalars().all() == [7]


def test_a_file_replaced_by_rubbish_is_refused_until_a_good_one_comes(
    template: Path, file: Path, database: Database
) -> None:
    (file.parent / "rubbish").write_bytes(b"x" * 9000)
    (file.parent / "rubbish").rename(file)
    for _ in range(2):
        with pytest.raises(DatabaseReplaced):
            database.write(add_poll(1))
        with pytest.raises(DatabaseError, match="damaged or no SQLite database"):
            database.reopen()
    shutil.copy(template, file.parent / "good")
    (file.parent / "good").rename(file)
    database.reopen()
    database.write(add_poll(2))
    assert poll_ids(database) == [2]


def test_a_directory_that_comes_back_is_held_again(file: Path, url: str, database: Database) -> None:
    shutil.rmtree(file.parent)
    with pytest.raises(DatabaseError):
        database.write(add_poll(1))
    for _ in range(2):
        with pytest.raises(DatabaseError, match="does not exist"):
            database.reopen()
    file.parent.mkdir()
    database.reopen()
    database.write(add_poll(2))
    with pytest.raises(DatabaseError, match=f"process id {os.getpid()}"):
        Database.open(url, holder="run")


def test_a_connection_that_met_trouble_is_not_used_again(database: Database) -> None:
    """After a sync that failed SQLite believes that what it kept in memory is on the disk."""

    def kept(connection: Connection) -> object:
        return connection.exec_driver_sql("PRAGMA cache_size").scalar()

    database.write(lambda connection: connection.exec_driver_sql("PRAGMA cache_size = 77"))
    assert database.write(kept) == 77
    with pytest.raises(DatabaseError):
        database.write(lambda connection: connection.exec_driver_sql("SELECT * FROM thesis"))
    assert database.write(kept) != 77
