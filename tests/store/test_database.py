"""One writer, many readers, one file: what is stored stays, and trouble is said in a sentence."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from monitor.core.errors import DatabaseBusy, DatabaseError, DatabaseGone, DatabaseReplaced
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


# What verbs beside the daemon may do


def test_commands_never_create_a_database(tmp_path: Path) -> None:
    url = url_of(tmp_path / "monitor.db")
    for open_it in (Database.open_for_command, Database.open_read_only):
        with pytest.raises(DatabaseError, match="does not exist; start the monitor first"):
            open_it(url)
    assert list(tmp_path.iterdir()) == []


def test_commands_never_fill_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").touch()
    with pytest.raises(DatabaseError, match="is empty; start the monitor first"):
        Database.open_read_only(url_of(tmp_path / "monitor.db"))
    assert (tmp_path / "monitor.db").stat().st_size == 0


@pytest.mark.parametrize(
    ("revision", "words"),
    [("0000", "older than this release .* run `monitor db upgrade`"), ("9999", "written by a newer release")],
)
def test_commands_refuse_another_schema(file: Path, revision: str, words: str) -> None:
    execute(file, f"UPDATE alembic_version SET version_num = '{revision}'")
    for open_it in (Database.open_for_command, Database.open_read_only):
        with pytest.raises(DatabaseError, match=words):
            open_it(url_of(file))
    assert execute(file, "SELECT version_num FROM alembic_version") == [(revision,)]


def test_a_reading_verb_sees_what_the_daemon_has_just_committed(url: str, database: Database) -> None:
    with Database.open_read_only(url) as verb:
        database.write(add_poll(1))
        assert poll_ids(verb) == [1]
        with pytest.raises(DatabaseError, match="opened for reading only"):
            verb.write(add_poll(2))
        with pytest.raises(DatabaseError, match="by the monitor only"):
            verb.reopen()


def test_a_reading_verb_sees_what_a_killed_daemon_left_in_the_log(file: Path, url: str) -> None:
    code = (
        "import os, signal; from monitor.store.database import Database\n"
        "from tests.store.builders import add_poll\n"
        f"Database.open({url!r}, holder='run').write(add_poll(1)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    assert Path(f"{file}-wal").stat().st_size > 0
    with Database.open_read_only(url) as verb:
        assert poll_ids(verb) == [1]
    with Database.open(url, holder="run") as database:
        assert poll_ids(database) == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="tells of root and another user")
@pytest.mark.parametrize("is_running", [False, True])
def test_a_reading_verb_of_root_leaves_no_file_that_the_daemon_could_not_open(
    tmp_path: Path, file: Path, url: str, *, is_running: bool
) -> None:
    os.chown(tmp_path, 65534, 65534)
    os.chown(file, 65534, 65534)
    daemon = Database.open(url, holder="run") if is_running else None
    with Database.open_read_only(url) as verb:
        assert poll_ids(verb) == []
    owners = {path.name: path.stat().st_uid for path in tmp_path.iterdir()}
    if daemon is not None:
        daemon.close()
    assert set(owners.values()) == {65534}


@contextmanager
def acting_as_nobody() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_user_who_may_only_read_reads_a_database_that_nobody_runs(tmp_path: Path, file: Path) -> None:
    place = Path("/var/tmp") / f"gpu-stock-monitor-{os.getpid()}"  # tmp_path itself is closed to others
    place.mkdir(mode=0o755)
    try:
        copied = Path(shutil.copy(file, place / "monitor.db"))
        copied.chmod(0o644)
        with acting_as_nobody(), Database.open_read_only(url_of(copied)) as verb:
            assert poll_ids(verb) == []
        with acting_as_nobody(), pytest.raises(DatabaseError, match="Permission denied"):
            Database.open(url_of(copied), holder="run")
    finally:
        shutil.rmtree(place)


# Troubles at the start


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="nowhere does not exist; make it first"):
        Database.open(url_of(tmp_path / "nowhere" / "monitor.db"), holder="run")


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_only_sqlite_files_are_databases(url: str) -> None:
    with pytest.raises(DatabaseError, match="must be sqlite:///"):
        Database.open(url, holder="run")


def test_a_path_may_hold_what_a_uri_would_read_as_its_own(tmp_path: Path) -> None:
    file = tmp_path / "100% &x#y.db"
    with Database.open(url_of(file), holder="run"):
        assert file.exists()
    with Database.open_read_only(url_of(file)) as verb:
        assert poll_ids(verb) == []


def test_a_link_to_the_file_leads_to_the_same_locks(tmp_path: Path, file: Path, database: Database) -> None:
    (tmp_path / "link.db").symlink_to(file)
    with pytest.raises(DatabaseError, match="is held by the monitor"):
        Database.open(url_of(tmp_path / "link.db"), holder="run")
    database.write(add_poll(1))


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "monitor.db"
    file.write_bytes(b"my thesis, the only copy. " * 400)
    backup = tmp_path / "monitor.db.backup-0001-20250101T000000.000000Z"
    backup.touch()
    with pytest.raises(DatabaseError, match=f"left as it is; the newest backup beside it is {backup}"):
        Database.open(url_of(file), holder="run")
    assert file.read_bytes() == b"my thesis, the only copy. " * 400


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    execute(tmp_path / "monitor.db", "CREATE TABLE thesis (chapter TEXT)")
    before = (tmp_path / "monitor.db").read_bytes()
    with pytest.raises(DatabaseError, match="was not made by this program"):
        Database.open(url_of(tmp_path / "monitor.db"), holder="run")
    assert (tmp_path / "monitor.db").read_bytes() == before


def test_a_newer_database_is_refused_and_left_as_it_is(file: Path, url: str) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(DatabaseError, match=r"revision 0002, this release knows up to \d{4}. Install"):
        Database.open(url, holder="run")
    assert execute(file, "SELECT version_num FROM alembic_version") == [("0002",)]


def damage(file: Path) -> None:
    """Overwrites the first page of the table `poll`, but neither the header nor the list of tables."""
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'poll'").fetchone()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xff" * 4096)


def test_a_damaged_file_is_found_after_a_daemon_that_did_not_close(
    template: Path, file: Path, url: str
) -> None:
    with closing(sqlite3.connect(template.with_name("left.db"), isolation_level=None)) as crashed:
        shutil.copy(template, template.with_name("left.db"))
        crashed.execute("INSERT INTO source VALUES (1, 'default')")
        damage(file)
        shutil.copy(template.with_name("left.db-wal"), f"{file}-wal")
    with pytest.raises(DatabaseError, match="is damaged .* no backup lies beside it"):
        Database.open(url, holder="run")


def test_damage_met_while_running_is_said_with_the_way_on(file: Path, url: str) -> None:
    damage(file)
    with Database.open(url, holder="run") as database:
        for _ in range(2):
            with pytest.raises(DatabaseError, match="damaged or no SQLite database .* move monitor.db,"):
                database.write(add_poll(1))


def test_a_refused_database_is_not_held(file: Path, url: str) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(DatabaseError):
        Database.open(url, holder="run")
    execute(file, "UPDATE alembic_version SET version_num = '0001'")
    Database.open(url, holder="run").close()


def test_a_directory_that_cannot_be_written_is_said() -> None:
    with pytest.raises(DatabaseError, match="cannot write monitor.db.lock in the directory /sys"):
        Database.open("sqlite:////sys/monitor.db", holder="run")


# Troubles while running


def test_a_full_database_takes_writes_again_when_there_is_room(database: Database) -> None:
    def fill(connection: Connection) -> None:
        pages = pragma(connection, "page_count")
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(1, 10_000):
            add_poll(number)(connection)

    with pytest.raises(DatabaseError, match=r"full \(SQLITE_FULL\)"):
        database.write(fill)
    assert poll_ids(database) == []
    database.write(add_poll(1))
    assert poll_ids(database) == [1]


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes: what a failing disk looks like."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


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


def test_readers_that_come_too_many_at_once_are_busy_not_hung(url: str) -> None:
    """A leak of readers shows as a sentence."""
    with Database.open_read_only(url, patience=PATIENCE) as database:
        readers = [database.read() for _ in range(40)]
        opened = []
        with pytest.raises(DatabaseBusy, match="too many readers"):
            for reader in readers:
                opened.append((reader, reader.__enter__()))
        for reader, _ in opened:
            reader.__exit__(None, None, None)


def test_a_mistake_in_a_statement_is_told_as_trouble_with_its_words(database: Database) -> None:
    with pytest.raises(DatabaseError, match="no such table: thesis") as caught:
        database.write(lambda connection: connection.exec_driver_sql("SELECT * FROM thesis"))
    assert isinstance(caught.value.__cause__, OperationalError)
