"""The harnesses of the torture suite by name, in the order in which they run."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from tests.torture.report import Result, Run


@dataclass(frozen=True, slots=True)
class Harness:
    """`module` has a function `torture(run) -> Result`; it is imported when it is its turn.

    `needs`: what not every machine has. `resumes`: it goes on with what an interrupted run left.
    """

    name: str
    about: str
    module: str
    needs: str = ""
    resumes: bool = False

    def torture(self, run: Run) -> Result:
        function: Callable[[Run], Result] = import_module(self.module).torture
        return function(run)


SECCOMP: Final = "notifications of system calls (Linux 5.5, x86_64 or aarch64)"

HARNESSES: Final[tuple[Harness, ...]] = (
    Harness(
        "kill",
        "kills the daemon at random moments of 10,000 lives, with a receiver that fails one time in five",
        "tests.torture.kill.harness",
        resumes=True,
    ),
    Harness(
        "syscalls",
        "kills at every system call of a start, a restock, three deliveries, a stop and an upgrade",
        "tests.torture.syscalls.harness",
        needs=SECCOMP,
    ),
    Harness(
        "powercut",
        "cuts the power after every operation on the files of a run, and starts the daemon on what is left",
        "tests.torture.powercut.harness",
        needs="strace",
    ),
    Harness(
        "disk",
        "fails writes and syncs of the database once and for ever, fills, locks, deletes and replaces it",
        "tests.torture.disk.harness",
        needs=f"root, {SECCOMP}",
    ),
    Harness(
        "receivers",
        "receivers that fail in every way of group N, and a healthy channel beside sick ones",
        "tests.torture.receivers.harness",
    ),
    Harness(
        "clocks",
        "a thousand months in virtual time, of faults, clock steps, suspends and crashes, against a model",
        "tests.torture.clocks.harness",
        needs="libfaketime for the real process, which is left out without it",
        resumes=True,
    ),
    Harness(
        "fuzz",
        "a million made and mutated answers held against a second reading, and two machines of Hypothesis",
        "tests.torture.fuzz.harness",
    ),
    Harness(
        "soak",
        "lets a month pass for a daemon in one process, and watches whatever must not grow",
        "tests.torture.soak.harness",
    ),
    Harness(
        "planted",
        "plants known mistakes one at a time, and searches for the test that catches each",
        "tests.torture.planted.harness",
    ),
    Harness(
        "mutants",
        "mutates core/ line by line with mutmut, and counts what its tests do not notice",
        "tests.torture.mutants.harness",
        resumes=True,
    ),
    Harness(
        "secrets",
        "canaries in every secret, everything failing at DEBUG, and a search of all that was written",
        "tests.torture.secrets.harness",
    ),
    Harness(
        "sandbox",
        "the installed unit in a booted machine: its system calls, its writes, and how it recovers",
        "tests.torture.sandbox.harness",
        needs="root, systemd, systemd-container, debootstrap, e2fsprogs, strace",
    ),
)
