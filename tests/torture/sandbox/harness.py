"""The unit in a booted machine: how exposed, which system calls, what it writes, and what a bad end costs.

Needs root and Debian's tools for machines. The memory limit of the unit itself is not in force in such a
machine, which has no memory controller: the kernel's kill comes through a memory group of the host.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.acceptance.container import Booted, Machine
from tests.acceptance.service import UNIT, installed
from tests.torture.receivers.tally import Tally
from tests.torture.report import Result, Run
from tests.torture.sandbox import cut_short, watched
from tests.torture.sandbox.unit import unit

TOOLS: Final = ("debootstrap", "systemd-nspawn", "nsenter", "unshare", "strace", "losetup", "mkfs.ext4")
BEST: Final = 1.2
_SCORE: Final = re.compile(r"Overall exposure level for \S+: (\d+\.\d+)")
Part = Callable[[], Tally]


def torture(run: Run) -> Result:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        return Result({}, [f"needs root and {', '.join(missing) or 'nothing else'}: nothing was shown"])
    machines = run.folder / "machines"
    shutil.rmtree(machines, ignore_errors=True)
    tally = Tally()
    run.say("install as docs/install.md says; the first time a Debian has to be made")
    with installed(machines / "installed") as debian:
        for name, play in _parts(run, debian, machines):
            run.say(name)
            try:
                tally += play()
            except AssertionError as error:
                tally.violations.append(f"{name}: {error}")
    return Result(tally.counts, tally.violations)


def _parts(run: Run, debian: Machine, machines: Path) -> Iterator[tuple[str, Part]]:
    yield "the score", lambda: _score(debian, machines / "score")
    yield "a life under strace", lambda: watched.play(debian, machines / "watched", machines / "traces")
    yield "out of memory", lambda: cut_short.out_of_memory(debian, machines / "memory")
    yield "stopped", lambda: cut_short.stopped(debian, machines / "stopped")
    if not run.quick:
        image = machines / "disk.img"
        yield "a frozen disk", lambda: cut_short.on_a_frozen_disk(debian, machines / "frozen", image)


def _score(debian: Machine, scratch: Path) -> Tally:
    """As the machine's own systemd judges the file that was installed."""
    with unit(debian, scratch) as one:
        return scored(*_said(one.service.machine))


def scored(security: str, complaints: str) -> Tally:
    found = _SCORE.search(security)
    score = float(found[1]) if found else 10.0
    tally = Tally(counts={"exposure, of 10": score})
    if score > BEST:
        tally.violations.append(f"systemd scores the exposure {score}, over {BEST}")
    if complaints.strip():
        tally.violations.append(f"systemd-analyze verify is not silent: {complaints.strip()[:500]}")
    return tally


def _said(machine: Booted) -> tuple[str, str]:
    file = f"/etc/systemd/system/{UNIT}.service"
    security = machine.run("systemd-analyze", "security", "--offline=true", "--no-pager", file, check=False)
    verify = machine.run("systemd-analyze", "verify", "--man=no", file, check=False)
    return security.stdout, verify.stdout + verify.stderr
