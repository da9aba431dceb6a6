"""Runs tests of a copied checkout in a process of their own, and tells which test failed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+?::.*?)(?: - .*)?$", re.MULTILINE)
_NO_FAILURE, _FAILURE = 0, 1


@dataclass(frozen=True, slots=True)
class Tried:
    """`failed`: the first test that failed. `hung`: it was ended when its time was up."""

    failed: str | None = None
    hung: bool = False


class CannotRunError(Exception):
    """The tests did not run at all: a path is not there, or the source cannot be imported."""


class Suite:
    """The tests in a copy of the checkout, which import the copy's own source and no other."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self._environ = {**os.environ, "PYTHONPATH": str(checkout)}

    def imported_from(self, package: str) -> Path:
        """Where the package is that these tests would see."""
        asked = f"import {package}; print({package}.__file__)"
        done = subprocess.run(
            [sys.executable, "-c", asked],
            cwd=self.checkout,
            env=self._environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return Path(done.stdout.strip())

    def run(self, tests: Sequence[str], within_s: float, without: Sequence[str] = ()) -> Tried:
        """Until the first one fails. Raises CannotRunError when none could be run."""
        options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE"]
        left_out = [f"--deselect={name}" for name in without]
        command = [sys.executable, "-m", "pytest", *options, *left_out, *tests]
        with TemporaryFile() as output:
            process = subprocess.Popen(
                command,
                cwd=self.checkout,
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(within_s)
            except subprocess.TimeoutExpired:
                # With what it started: daemons of acceptance tests among them.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return Tried(hung=True)
            output.seek(0)
            said = output.read().decode(errors="replace")
        if process.returncode == _NO_FAILURE:
            return Tried()
        found = _FAILED.search(said)
        if process.returncode != _FAILURE or found is None:
            raise CannotRunError(f"pytest {' '.join(tests)} ended with {process.returncode}: {said[-600:]}")
        return Tried(found[1])
