"""The stage for tests of the whole process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.daemon import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage.built(tmp_path) as built:
        yield built
