"""Troubles at the start: each is refused in a sentence, and the file is left as it is."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseError
from monitor.store.database import Database
from monitor.store.revision import HEAD
from tests.store.builders import add_poll, damage_poll_table, execute, poll_ids_read, url_of


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
    assert poll_ids_read(url_of(file)) == []


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
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match=r"revision 9999, this release knows up to \d{4}. Install"):
        Database.open(url, holder="run")
    assert execute(file, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_damaged_file_is_found_after_a_daemon_that_did_not_close(
    template: Path, file: Path, url: str
) -> None:
    with closing(sqlite3.connect(template.with_name("left.db"), isolation_level=None)) as crashed:
        shutil.copy(template, template.with_name("left.db"))
        crashed.execute("INSERT INTO source VALUES (1, 'default')")
        damage_poll_table(file)
        shutil.copy(template.with_name("left.db-wal"), f"{file}-wal")
    with pytest.raises(DatabaseError, match=r"is damaged .* no backup lies beside it"):
        Database.open(url, holder="run")


def test_damage_met_while_running_is_said_with_the_way_on(file: Path, url: str) -> None:
    damage_poll_table(file)
    with Database.open(url, holder="run") as database:
        for _ in range(2):
            with pytest.raises(DatabaseError, match=r"damaged or no SQLite database .* move monitor.db,"):
                database.write(add_poll(1))


def test_a_refused_database_is_not_held(file: Path, url: str) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError):
        Database.open(url, holder="run")
    execute(file, f"UPDATE alembic_version SET version_num = '{HEAD}'")
    Database.open(url, holder="run").close()


def test_a_directory_that_cannot_be_written_is_said() -> None:
    with pytest.raises(DatabaseError, match=r"cannot write monitor.db.lock in the directory /sys"):
        Database.open("sqlite:////sys/monitor.db", holder="run")
