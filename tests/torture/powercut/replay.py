"""Opens the images of every cut of a recording, in as many processes as there are cores."""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.torture.powercut.recording import Recording
from tests.torture.powercut.share import Job, Share, shared_out

IN_MEMORY: Final = Path("/dev/shm")
LIMIT_S: Final = 3 * 3600


@dataclass(frozen=True, slots=True)
class Plan:
    """Every `every`-th cut, and `drawn` images of each beside the plain cases."""

    seed: int
    drawn: int
    every: int = 1
    workers: int = os.cpu_count() or 1


def replay(recording: Recording, plan: Plan, folder: Path) -> Share:
    """All that the processes found, put together."""
    whole = Share()
    with scratch(folder) as place:
        for release in dict.fromkeys(act.release for act in recording.acts):
            for share in _replay_of(release, recording, plan, folder, place):
                whole.add(share)
    return whole


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A place for images: in memory if there is one, since these files need no disk of their own."""
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else folder
    with tempfile.TemporaryDirectory(prefix="powercut-", dir=parent) as place:
        yield Path(place)


def _replay_of(release: Path, recording: Recording, plan: Plan, folder: Path, place: Path) -> Iterable[Share]:
    """The cuts in the acts that this release has played: it is what is started after each."""
    played = [act for act in recording.acts if act.release == release]
    cuts = [cut for act in played for cut in recording.cuts(act)[:: plan.every]]
    jobs = [
        Job(recording, some, plan.drawn, plan.seed, place / str(number), folder / f"share-{number}.pickle")
        for number, some in enumerate(shared_out(cuts, plan.workers))
    ]
    processes = [_start(job, release) for job in jobs]
    try:
        for process in processes:
            _, said = process.communicate(timeout=LIMIT_S)
            if process.returncode:
                raise RuntimeError(f"a worker failed: {said[-2000:]}")
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [pickle.loads(job.result.read_bytes()) for job in jobs]


def _start(job: Job, release: Path) -> "subprocess.Popen[str]":
    file = job.result.with_suffix(".job")
    file.write_bytes(pickle.dumps(job))
    command: Sequence[str] = [sys.executable, "-m", "tests.torture.powercut.worker", str(file)]
    return subprocess.Popen(
        command, cwd=release, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
