"""How a database stands, told from outside without touching it."""

import os
from pathlib import Path

import pytest

from monitor.core.errors import DatabaseError
from monitor.store.database import Database
from monitor.store.glance import product_codes, standing


def test_a_missing_database_stands_to_be_made(tmp_path: Path) -> None:
    found = standing(_url(tmp_path))
    assert (found.exists, found.revision, found.is_behind, found.holder) == (False, None, True, None)
    assert found.is_writable
    assert list(tmp_path.iterdir()) == []


def test_the_holder_is_named_while_it_lives(tmp_path: Path) -> None:
    with Database.open(_url(tmp_path), holder="a test"):
        found = standing(_url(tmp_path))
    assert found.holder == f"{os.getpid()} a test"
    assert (found.exists, found.is_behind) == (True, False)
    assert standing(_url(tmp_path)).holder is None


def test_the_word_of_a_dead_holder_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "monitor.db.lock").write_text("1 a monitor that was killed\n")
    assert standing(_url(tmp_path)).holder is None


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does not exist; make it first"):
        standing(_url(tmp_path / "no"))


def test_what_is_no_database_of_ours_is_told(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"x" * 4096)
    with pytest.raises(DatabaseError, match="damaged or no SQLite database"):
        standing(_url(tmp_path))


def test_the_products_of_a_new_database_are_none(tmp_path: Path) -> None:
    Database.open(_url(tmp_path), holder="a test").close()
    assert product_codes(_url(tmp_path)) == []


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'monitor.db'}"
