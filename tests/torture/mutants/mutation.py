"""Runs mutmut over a copy of the checkout, and reads what became of every mutant."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DIFFS: Final = """
import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
json.dump({name: get_diff_for_mutant(name) for name in json.load(sys.stdin)}, sys.stdout)
"""
KILLED: Final = "killed"
SURVIVED: Final = "survived"
NO_TESTS: Final = "no tests"
UNTRIED: Final = "not checked"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`source`: what is mutated; `tests`: those that are to kill the mutants; both relative to `folder`."""

    folder: Path
    source: str
    tests: str
    children: int

    def prepare(self) -> None:
        """In setup.cfg, which the project does not use: so pyproject.toml stays as it is."""
        lines = (
            "[mutmut]",
            f"source_paths = {self.source}",
            f"pytest_add_cli_args_test_selection = {self.tests}",
            f"also_copy = {self.source.split('/', maxsplit=1)[0]}",
            "use_git_change_detection = false",
        )
        (self.folder / "setup.cfg").write_text("\n".join(lines) + "\n", "utf-8")

    def run(self, within_s: float, names: Sequence[str] = ()) -> None:
        """Try these mutants, or all that were not tried before. Raises CalledProcessError, TimeoutExpired."""
        self._mutmut("run", "--max-children", str(self.children), *names, within_s=within_s)

    def results(self) -> dict[str, str]:
        """Every mutant by name, and what became of it: `killed`, `survived`, `no tests`, `timeout` …"""
        said = self._mutmut("results", "--all", "true", within_s=60)
        pairs = (line.strip().rsplit(": ", 1) for line in said.splitlines() if ": " in line)
        return {name: status for name, status in pairs if "__mutmut_" in name}

    def sample(self, count: int, seed: int) -> list[str]:
        """Names of mutants that have tests and were not tried yet."""
        untried = sorted(name for name, status in self.results().items() if status == UNTRIED)
        return random.Random(seed).sample(untried, min(count, len(untried)))

    def identities(self, names: Sequence[str]) -> list[str]:
        """What each of these changes: `core.alert.elapsed: old line -> new line`.

        Unlike mutmut's own names they stay the same when something else in the function changes.
        """
        done = subprocess.run(
            [sys.executable, "-c", _DIFFS],
            cwd=self.folder,
            check=True,
            input=json.dumps(list(names)),
            capture_output=True,
            text=True,
            timeout=300,
        )
        return [identity(name, diff) for name, diff in json.loads(done.stdout).items()]

    def _mutmut(self, *arguments: str, within_s: float) -> str:
        command = [sys.executable, "-m", "mutmut", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within_s,
        )
        if done.returncode:
            raise RuntimeError(f"mutmut {arguments[0]} ended with {done.returncode}: {done.stdout[-1500:]}")
        return done.stdout


def identity(name: str, diff: str) -> str:
    """From mutmut's name of a mutant and its diff."""
    module, _, function = name.partition("__mutmut_")[0].rpartition(".")
    function = function.removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    old, new = ("".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return f"{module.removeprefix('monitor.')}.{function}: {old} -> {new}".rstrip()
