"""The two commands of the README on a Debian that has python3, python3-venv and make, and nothing else.

They install themselves from the locked requirements. The machine has neither debootstrap nor REQUIRE_ALL, so
these tests skip themselves when the suite runs in it.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.acceptance.container import BARE, Machine, machine, stop
from tests.acceptance.screen import Screen
from tests.requirements import require, require_patience

CHECKOUT = Path(__file__).parents[2]
INSTALLATION_S = 300
SUITE_S = 900


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Machine]:
    """With the committed files, as a fresh clone has them."""
    require_patience("installs everything on a bare machine")
    require("git", "tar")
    with machine(BARE, tmp_path / "machine") as bare:
        clone = bare.files / "srv" / "clone"
        clone.mkdir(parents=True)
        archive = ["git", "-C", str(CHECKOUT), "archive", "HEAD"]
        with subprocess.Popen(archive, stdout=subprocess.PIPE) as committed:
            subprocess.run(["tar", "-xC", str(clone)], stdin=committed.stdout, check=True)
        assert committed.returncode == 0
        yield bare


def test_make_run_shows_a_product_selling_out_and_coming_back(bare: Machine) -> None:
    on_a_terminal = ["script", "--quiet", "--flush", "--command", "make run", "/dev/null"]
    process = bare.start(*on_a_terminal, directory="/srv/clone")
    assert process.stdout is not None
    screen = Screen(process.stdout)
    try:
        screen.wait_for(r"monitor run --simulate", within_s=INSTALLATION_S)
        deadline = monotonic() + 30
        code = screen.wait_for(r"SOLD OUT.*(PRD-[\w-]+)", within_s=30)[1]
        screen.wait_for(rf"SOLD OUT[\s\S]*BACK IN STOCK.*{code}\b", within_s=deadline - monotonic())
    finally:
        stop(process)
    assert "Traceback" not in screen.all()


def test_make_test_passes(bare: Machine) -> None:
    process = bare.start("make", "test", directory="/srv/clone")
    try:
        shown, _ = process.communicate(timeout=INSTALLATION_S + SUITE_S)
    finally:
        stop(process)
    assert process.returncode == 0, shown
