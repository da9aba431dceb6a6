"""The gate: what passes it, what fails there, and who dies of it."""

import errno
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.requirements import require_that
from tests.torture import seccomp
from tests.torture.gate import Call, Fail, Gate, Guard, Kill, Pass
from tests.torture.report import CHECKOUT

BEFORE: Final = """
import os, sys, threading
from tests.torture.gate import enter
enter(sys.argv[1])
"""


@pytest.fixture(autouse=True)
def _needs() -> None:
    require_that(seccomp.is_possible(), "notifications of system calls: Linux 5.5 on x86_64 or aarch64")


def guarded(guard: Guard, work: str) -> "subprocess.CompletedProcess[str]":
    with Gate(guard) as gate:
        command = [sys.executable, "-c", BEFORE + work, gate.address]
        return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)


def test_calls_are_seen_in_their_order_with_their_files_and_happen(tmp_path: Path) -> None:
    seen: list[Call] = []

    def guard(call: Call) -> Pass:
        seen.append(call)
        return Pass()

    file = tmp_path / "file"
    work = (
        f"path = {str(file)!r}; d = os.open(path, os.O_CREAT | os.O_WRONLY); os.write(d, b'x'); os.fsync(d);"
        "os.open(path, os.O_RDONLY); os.rename(path, path + '2'); os.unlink(path + '2')"
    )
    assert guarded(guard, work).returncode == 0
    assert [(call.number, call.name, call.file) for call in seen] == [
        (1, "openat", str(file)),
        (2, "write", str(file)),
        (3, "fsync", str(file)),
        (4, "rename", str(file)),
        (5, "unlink", f"{file}2"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_call_that_fails_does_not_happen_and_gets_its_error(tmp_path: Path) -> None:
    work = "os.write(1, b'one')\ntry: os.write(1, b'two')\nexcept OSError as error: sys.exit(error.errno)"
    ended = guarded(lambda call: Fail(errno.ENOSPC) if call.number == 2 else Pass(), work)
    assert (ended.returncode, ended.stdout) == (errno.ENOSPC, "one")


def test_a_kill_comes_before_the_call_happens() -> None:
    ended = guarded(
        lambda call: Kill() if call.number == 2 else Pass(), "os.write(1, b'1'); os.write(1, b'2')"
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "1")


def test_the_calls_of_all_threads_are_counted_together() -> None:
    seen: list[Call] = []

    def guard(call: Call) -> Pass:
        seen.append(call)
        return Pass()

    work = "for _ in range(3):\n t = threading.Thread(target=os.write, args=(1, b'.')); t.start(); t.join()"
    assert guarded(guard, work).stdout == "..."
    assert [call.number for call in seen] == [1, 2, 3]
    assert len({call.thread for call in seen}) == 3


def test_a_guard_that_crashes_is_heard_of() -> None:
    def guard(call: Call) -> Pass:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded(guard, "os.write(1, b'.')")


def test_a_gate_that_nobody_enters_closes_all_the_same() -> None:
    descriptors = set(Path("/proc/self/fd").iterdir())
    with Gate(lambda call: Pass()):
        pass
    assert set(Path("/proc/self/fd").iterdir()) == descriptors
