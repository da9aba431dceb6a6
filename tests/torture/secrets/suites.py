"""Runs the project's own tests at DEBUG with the plugin that searches what they say and leave.

All that `make test` runs, the small torture among it, but for the tests of this folder, which write secrets
so that they are found, and `tests/test_*.py` and `tests/tools`, in which no monitor runs. What the harnesses
do at full length is not searched: that is the same code, for hours.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.torture.report import CHECKOUT

UNITS: Final = tuple(
    f"tests/{room}" for room in ("core", "config", "source", "store", "notify", "daemon", "cli", "simulator")
)
ACCEPTANCE: Final = "tests/acceptance"
TORTURE: Final = "tests/torture"
SUITES: Final = (*UNITS, ACCEPTANCE, TORTURE)
OPTIONS: Final = {TORTURE: ("--ignore", "tests/torture/secrets")}
PATIENCE_S: Final = 3_600.0
NOT_SAYING: Final = 2_000


@dataclass(frozen=True, slots=True)
class Searched:
    """One suite: how many tests, how many bytes of what they said and left, and what was found in them."""

    tests: int = 0
    size: int = 0
    hits: int = 0
    violations: list[str] = field(default_factory=list)


def search_suite(suite: str, folder: Path, say: Callable[[str], None], *options: str) -> Searched:
    result = folder / f"{suite.replace('/', '-').removesuffix('.py')}.json"
    result.unlink(missing_ok=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.torture.secrets.plugin", "--log-level=DEBUG"),
            *("-p", "no:cacheprovider", "--basetemp", str(folder / "basetemp")),
            *(suite, *OPTIONS.get(suite, ()), *options),
        ],
        cwd=CHECKOUT,
        env={**os.environ, "SEARCH_RESULT": str(result), "MONITOR_LOG": "DEBUG"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if not result.exists():
        return Searched(
            violations=[
                f"{suite} could not be searched: {done.stdout[-NOT_SAYING:]}{done.stderr[-NOT_SAYING:]}"
            ]
        )
    found = json.loads(result.read_text("utf-8"))
    say(f"{suite}: {found['tests']} tests, {found['size']:,} bytes, {len(found['hits'])} hits")
    violations = [f"a secret was written: {hit}" for hit in found["hits"]]
    if done.returncode != 0:
        violations.append(f"{suite} does not pass at DEBUG: {done.stdout[-NOT_SAYING:]}")
    return Searched(found["tests"], found["size"], len(found["hits"]), violations)
