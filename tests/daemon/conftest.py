"""Real SQLite files: made once through the migrations, and copied for each test."""

import shutil
from pathlib import Path

import pytest

from monitor.store.database import Database


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "monitor.db"
    Database.open(f"sqlite:///{file}", holder="the tests").close()
    return file


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "monitor.db"))
