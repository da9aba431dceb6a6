"""One short run, recorded once for all tests of this folder."""

from pathlib import Path

import pytest

from tests.requirements import require
from tests.torture.powercut.harness import record_acts
from tests.torture.powercut.recording import Recording

SEED = 7


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    require("strace")
    return record_acts(Path(tmp_path_factory.mktemp("recorded")), SEED, cycles=2)
