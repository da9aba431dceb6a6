import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from tests.acceptance.page import commands_of

PAGE = Path(__file__).parents[2] / "docs" / "install.md"
BLOCKS = [block for blocks in commands_of(PAGE).values() for block in blocks]
LINES = {line for block in BLOCKS for line in block.splitlines() if line.startswith("monitor ")}


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_shell(block: str) -> None:
    subprocess.run(["sh", "-n", "-c", block], check=True)


@pytest.mark.parametrize("line", sorted(LINES))
def test_each_command_of_the_monitor_exists_with_its_options(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command = list(takewhile(lambda word: word not in {"&&", "|"}, words))
    verbs = list(takewhile(lambda word: not word.startswith("-"), command))
    shown = subprocess.run(
        [sys.executable, "-m", "monitor", *verbs[:2], "--help"], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert all(word in shown.stdout for word in command if word.startswith("--"))
