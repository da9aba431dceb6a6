"""Real SQLite files: made once through the migrations, and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.store.builders import PATIENCE, url_of


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "monitor.db"
    Database.open(url_of(file), holder="the tests").close()
    return file


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    """A closed, empty database of the newest schema."""
    return Path(shutil.copy(template, tmp_path / "monitor.db"))


@pytest.fixture
def url(file: Path) -> str:
    return url_of(file)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Open, as the daemon has it."""
    with Database.open(url, holder="the tests", patience=PATIENCE) as opened:
        yield opened
