"""What verbs may do beside the daemon, or without it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseError
from monitor.store.database import Database
from monitor.store.readonly import reading
from tests.store.builders import (
    add_poll,
    execute,
    ids_of_polls,
    poll_ids,
    poll_ids_read,
    url_of,
)


def test_commands_never_create_a_database(tmp_path: Path) -> None:
    url = url_of(tmp_path / "monitor.db")
    for open_it in (Database.open_for_command, poll_ids_read):
        with pytest.raises(DatabaseError, match="does not exist; start the monitor first"):
            open_it(url)
    assert list(tmp_path.iterdir()) == []


def test_commands_never_fill_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").touch()
    with pytest.raises(DatabaseError, match="is empty; start the monitor first"):
        poll_ids_read(url_of(tmp_path / "monitor.db"))
    assert (tmp_path / "monitor.db").stat().st_size == 0


@pytest.mark.parametrize(
    ("revision", "words"),
    [("0000", "older than this release .* run `monitor db upgrade`"), ("9999", "written by a newer release")],
)
def test_commands_refuse_another_schema(file: Path, revision: str, words: str) -> None:
    execute(file, f"UPDATE alembic_version SET version_num = '{revision}'")
    for open_it in (Database.open_for_command, poll_ids_read):
        with pytest.raises(DatabaseError, match=words):
            open_it(url_of(file))
    assert execute(file, "SELECT version_num FROM alembic_version") == [(revision,)]


def test_a_reading_verb_sees_what_the_daemon_has_just_committed(url: str, database: Database) -> None:
    database.write(add_poll(1))
    with reading(url) as connection:
        assert ids_of_polls(connection) == [1]
        database.write(add_poll(2))
        assert ids_of_polls(connection) == [1], "all that it reads is of one moment"


def test_a_reading_verb_cannot_write(url: str, database: Database) -> None:
    database.write(add_poll(1))
    with pytest.raises(DatabaseError, match="readonly database"), reading(url) as connection:
        connection.exec_driver_sql("DELETE FROM poll").scalar()
    assert poll_ids(database) == [1]


def test_only_the_monitor_opens_a_database_anew(url: str) -> None:
    with (
        Database.open_for_command(url) as verb,
        pytest.raises(DatabaseError, match="by the monitor only"),
    ):
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
    assert poll_ids_read(url) == [1]
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
    assert poll_ids_read(url) == []
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
        with acting_as_nobody():
            assert poll_ids_read(url_of(copied)) == []
        with acting_as_nobody(), pytest.raises(DatabaseError, match="Permission denied"):
            Database.open(url_of(copied), holder="run")
    finally:
        shutil.rmtree(place)
