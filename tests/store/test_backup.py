"""Backups: whole, checked, never over another file, also beside a running daemon."""

import os
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseError
from monitor.store.backup import PAGES_A_STEP, backup
from monitor.store.database import Database
from tests.store.builders import (
    add_poll,
    damage_poll_table,
    execute,
    files_limited_to,
    poll_ids,
    poll_ids_read,
    url_of,
)


def test_a_backup_is_a_database_that_opens(tmp_path: Path, url: str, database: Database) -> None:
    database.write(add_poll(1))
    heard: list[tuple[int, int]] = []
    backup(url, tmp_path / "copy.db", lambda done, total: heard.append((done, total)))
    assert poll_ids_read(url_of(tmp_path / "copy.db")) == [1]
    assert heard
    assert heard[-1][0] == heard[-1][1] > 0


def test_a_backup_beside_a_writing_daemon_is_of_one_moment(tmp_path: Path, database: Database) -> None:
    def fill(start: int) -> None:
        database.write(lambda connection: [add_poll(n)(connection) for n in range(start, start + 1000)])

    for start in range(0, 100_000, 1000):
        fill(start)
    database.checkpoint()
    heard: list[int] = []

    def write_meanwhile(done: int, _total: int) -> None:
        heard.append(done)
        add = 200_000 + len(heard)
        database.write(add_poll(add))
        assert not database.checkpoint()

    backup(url_of(database.file), tmp_path / "copy.db", write_meanwhile)
    assert heard == sorted(heard)
    assert len(heard) >= 2, f"the file is larger than {PAGES_A_STEP} pages"
    assert execute(tmp_path / "copy.db", "SELECT count(*), max(id) FROM poll") == [(100_000, 99_999)]
    assert len(poll_ids(database)) == 100_000 + len(heard)


def test_a_backup_never_overwrites(tmp_path: Path, url: str, file: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    for target in (tmp_path / "copy.db", file):
        with pytest.raises(DatabaseError, match="exists already; name a file that does not"):
            backup(url, target)
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_there_is_no_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does not exist"):
        backup(url_of(tmp_path / "nothing.db"), tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_into_a_missing_directory_says_so(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatabaseError, match=r"cannot write the backup .*: No such file or directory"):
        backup(url, tmp_path / "nowhere" / "copy.db")


def test_a_damaged_database_gives_no_backup_that_looks_whole(tmp_path: Path, file: Path, url: str) -> None:
    damage_poll_table(file)
    with pytest.raises(DatabaseError, match="damaged, so its copy would be too"):
        backup(url, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")] == []


def test_a_backup_that_the_disk_cuts_short_leaves_nothing_behind(tmp_path: Path, url: str) -> None:
    with files_limited_to(16_384), pytest.raises(DatabaseError, match="SQLITE_"):
        backup(url, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")] == []


def test_a_backup_is_as_private_as_the_database(tmp_path: Path, file: Path, url: str) -> None:
    file.chmod(0o600)
    backup(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_is_on_the_disk_before_it_bears_its_name_and_the_name_after(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, synced = tmp_path / "copy.db", list[tuple[int, bool]]()
    sync = os.fsync

    def note_and_sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_ino, target.exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note_and_sync)
    backup(url, target)
    assert synced == [(target.stat().st_ino, False), (tmp_path.stat().st_ino, True)]
