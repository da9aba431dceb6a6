"""Records acts under strace: every operation on the files of one folder, with the marks of the witness."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.torture.powercut.disk import KEPT, Disk
from tests.torture.powercut.operations import Acknowledged, Mark, Operation, Told
from tests.torture.powercut.trace import NOT_DATA, READ, REFUSED, Tape
from tests.torture.powercut.truth import Truth, read_truth

LIMIT_S: Final = 120
LONGEST_STRING: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Act:
    """`release`: the folder of the program that plays it, and that opens what a cut in it leaves behind."""

    name: str
    release: Path
    cycles: int


@dataclass(frozen=True, slots=True)
class Played:
    """`begin` and `end`: which of the operations are this act's."""

    release: Path
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Recording:
    operations: Sequence[Operation]
    truth: Truth
    acts: list[Played]

    def cuts(self, act: Played) -> list[int]:
        """After how many operations the power can be cut in an act. A mark and what comes before it are one
        moment of the disk: what has been said by then must be true at it."""
        last = len(self.operations)
        return [
            number
            for number in range(act.begin + 1, act.end + 1)
            if number == last or not isinstance(self.operations[number], Mark)
        ]


def record(folder: Path, acts: Sequence[Act], seed: int) -> Recording:
    """Plays the acts one after the other on one database."""
    place, truth = (folder / "state").resolve(), folder / "truth.jsonl"
    place.mkdir(parents=True)
    truth.touch()
    tape = Tape(place)
    operations: list[Operation] = []
    played: list[Played] = []
    for act in acts:
        begin = len(operations)
        trace = folder / f"{act.name}.strace"
        _play(act, trace, place, truth, seed, operations)
        with trace.open(encoding="ascii", errors="replace") as lines:
            operations.extend(tape.read(lines))
        trace.unlink()
        played.append(Played(act.release, begin, len(operations)))
    _prove_complete(operations, place)
    with truth.open(encoding="utf-8") as lines:
        return Recording(operations, read_truth(lines), played)


def marks(operations: Sequence[Operation]) -> tuple[int, int]:
    """The last acknowledgement, and the last that was told."""
    states = [operation.number for operation in operations if isinstance(operation, Acknowledged)]
    told = [operation.number for operation in operations if isinstance(operation, Told)]
    return max(states, default=0), max(told, default=0)


def _play(act: Act, trace: Path, place: Path, truth: Path, seed: int, so_far: Sequence[Operation]) -> None:
    driver = ["-m", "tests.torture.powercut.driver", place, truth, *marks(so_far), act.name, seed, act.cycles]
    strace = ["strace", "-f", "-qq", "-xx", "--seccomp-bpf", "-s", LONGEST_STRING, "-o", trace]
    calls = ["-e", f"trace={','.join((*READ, *REFUSED))}", "-e", "signal=none"]
    command = [str(part) for part in (*strace, *calls, sys.executable, *driver)]
    done = subprocess.run(
        command, cwd=act.release, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"act {act.name!r} failed: {done.stderr[-2000:]}")


def _prove_complete(operations: Sequence[Operation], place: Path) -> None:
    """Replayed with nothing lost, the operations give the very files that lie there."""
    disk = Disk()
    for operation in operations:
        disk.follow(operation)
    replayed = disk.image([KEPT] * len(disk.pending))
    there = {path.name: path.read_bytes() for path in _files(place)}
    differing = sorted(
        name for name in replayed.keys() | there.keys() if replayed.get(name) != there.get(name)
    )
    if differing:
        raise RuntimeError(f"the recording lacks something: replayed, {', '.join(differing)} would differ")


def _files(place: Path) -> Iterator[Path]:
    return (path for path in place.iterdir() if not path.name.endswith(NOT_DATA))
