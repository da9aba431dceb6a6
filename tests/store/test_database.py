"""One writer, many readers, one file: what is stored stays."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from monitor.core.errors import DatabaseBusy, DatabaseError
from monitor.store.database import Database
from monitor.store.locks import WriteLock
from tests.store.builders import PATIENCE, add_poll, execute, poll_ids, url_of


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_new_database_is_made_for_the_daemon(tmp_path: Path) -> None:
    with Database.open(url_of(tmp_path / "new.db"), holder="run") as database:
        database.write(add_poll(1))
        assert poll_ids(database) == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.db", "new.db.lock", "new.db.write"]


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    with Database.open(url_of(tmp_path / "new.db"), holder="run") as database:
        assert poll_ids(database) == []


def test_the_writer_syncs_every_commit_and_leaves_checkpoints_to_us(database: Database) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}
    wanted |= {"auto_vacuum": 2, "mmap_size": 0}
    found = database.write(lambda connection: {name: pragma(connection, name) for name in wanted})
    assert found == wanted


def test_a_write_returns_what_the_function_returns(database: Database) -> None:
    assert database.write(lambda connection: connection.exec_driver_sql("SELECT 7").scalar()) == 7


def test_an_error_of_the_function_rolls_back_and_passes_as_it_is(database: Database) -> None:
    def write(connection: Connection) -> None:
        add_poll(1)(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(write)
    assert poll_ids(database) == []
    database.write(add_poll(2))


def test_a_broken_promise_of_the_schema_is_our_mistake_and_no_trouble_of_the_file(database: Database) -> None:
    database.write(add_poll(1))
    with pytest.raises(IntegrityError):
        database.write(add_poll(1))
    database.write(add_poll(2))
    assert poll_ids(database) == [1, 2]


def test_errors_do_not_show_the_values_that_were_bound(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught:
        database.write(add_poll(1, outcome="canary-5ec2e7"))
    assert "canary" not in str(caught.value)


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseError), database.read() as connection:
        add_poll(1)(connection)


def test_what_one_reading_sees_is_of_one_moment(database: Database) -> None:
    database.write(add_poll(1))
    with database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM poll").scalar()
        database.write(add_poll(2))
        assert connection.exec_driver_sql("SELECT count(*) FROM poll").scalar() == before == 1


def test_several_threads_read_at_once(database: Database) -> None:
    database.write(add_poll(1))
    together = threading.Barrier(3)
    found: list[object] = []

    def read() -> None:
        with database.read() as connection:
            together.wait(10)
            found.append(connection.exec_driver_sql("SELECT id FROM poll").scalar())

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1]


def test_another_process_is_refused_as_a_second_daemon(url: str) -> None:
    code = (
        "import sys; from monitor.store.database import Database\n"
        f"with Database.open({url!r}, holder='run'): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DatabaseError, match=f"process id {other.pid} "):
            Database.open(url, holder="run")
        with Database.open_for_command(url) as command:
            command.write(add_poll(1))
        other.kill()
    with Database.open(url, holder="run") as database:
        assert poll_ids(database) == [1]


def test_a_second_writer_is_busy_while_another_process_writes(url: str, database: Database) -> None:
    with Database.open_for_command(url, patience=PATIENCE) as command:

        def write(connection: Connection) -> None:
            add_poll(1)(connection)
            with pytest.raises(DatabaseBusy, match="written by another process"):
                command.write(add_poll(2))

        database.write(write)
        command.write(add_poll(2))
    assert poll_ids(database) == [1, 2]


def test_a_foreign_program_that_keeps_the_file_locked_makes_us_busy(file: Path, database: Database) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="locked by another program"):
            database.write(add_poll(1))
        foreign.execute("ROLLBACK")
    database.write(add_poll(2))
    assert poll_ids(database) == [2]


def test_a_write_is_refused_before_it_has_begun_or_not_at_all(file: Path, database: Database) -> None:
    """One that began by reading could not go on when it comes to write, whatever its patience."""
    began: list[Connection] = []
    with closing(sqlite3.connect(file, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            database.write(began.append)
    assert began == []


def test_a_checkpoint_does_not_go_beside_another_writer(file: Path, database: Database) -> None:
    database.write(add_poll(1))
    other = WriteLock(file)
    with other.held(), pytest.raises(DatabaseBusy, match="written by another process"):
        database.checkpoint()
    other.close()
    assert database.checkpoint()


def test_contending_writers_lose_nothing(url: str, file: Path) -> None:
    def work(start: int) -> None:
        with Database.open_for_command(url, patience=timedelta(seconds=60)) as command:
            for number in range(20):
                command.write(add_poll(start + number))

    threads = [threading.Thread(target=work, args=(start,)) for start in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert execute(file, "SELECT count(*) FROM poll") == [(60,)]


def test_data_version_changes_with_the_commits_of_others_only(url: str, database: Database) -> None:
    before = database.data_version()
    database.write(add_poll(1))
    assert database.data_version() == before
    with Database.open_for_command(url) as command:
        command.write(add_poll(2))
    assert database.data_version() != before


def test_a_checkpoint_empties_the_log(file: Path, database: Database) -> None:
    database.write(add_poll(1))
    log = Path(f"{file}-wal")
    assert log.stat().st_size > 0
    assert database.checkpoint()
    assert log.stat().st_size == 0


def test_a_checkpoint_does_not_wait_for_a_reader(file: Path, url: str) -> None:
    with (
        Database.open(url, holder="run", patience=timedelta(hours=1)) as database,
        database.read() as connection,
    ):
        connection.exec_driver_sql("SELECT count(*) FROM poll").scalar()
        database.write(add_poll(1))
        assert not database.checkpoint()


def test_closing_leaves_no_log_behind(file: Path, url: str) -> None:
    with Database.open(url, holder="run") as database:
        database.write(add_poll(1))
    assert not Path(f"{file}-wal").exists()


def test_closing_does_not_wait_for_ever_for_another_writer(file: Path, url: str) -> None:
    database = Database.open(url, holder="run", patience=PATIENCE)
    other = WriteLock(file)
    with other.held():
        database.close()
    other.close()
    Database.open(url, holder="run").close()


def test_readers_that_come_too_many_at_once_are_busy_not_hung(url: str) -> None:
    """A leak of readers shows as a sentence."""
    with Database.open_for_command(url, patience=PATIENCE) as database, ExitStack() as readers:

        def read_on_and_on() -> None:
            for _ in range(40):
                readers.enter_context(database.read())

        with pytest.raises(DatabaseBusy, match="too many readers"):
            read_on_and_on()


def test_a_mistake_in_a_statement_is_told_as_trouble_with_its_words(database: Database) -> None:
    with pytest.raises(DatabaseError, match="no such table: thesis") as caught:
        database.write(lambda connection: connection.exec_driver_sql("SELECT * FROM thesis"))
    assert isinstance(caught.value.__cause__, OperationalError)
