"""Plays many months, two at a time, and keeps what was found of each: an interrupted run goes on there."""

import json
import multiprocessing
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from tests.torture.clocks.on_file import OnFile
from tests.torture.clocks.places import InMemory
from tests.torture.clocks.simulate import simulate

DAYS: Final = 30.0
ON_FILE_EVERY: Final = 20
DENSE_EVERY: Final = 4
DENSITY: Final = 8.0
WORKERS: Final = 2
LONGEST_S: Final = 900
MEMORY_DISK: Final = Path("/dev/shm")
"""How fast a disk is, is not the matter here."""


@dataclass(frozen=True, slots=True)
class Played:
    """What is kept of one month. `cpu_s`: what it cost. `left_out`: objections beside those that are told."""

    seed: int
    is_on_file: bool
    cpu_s: float
    counts: dict[str, int]
    objections: list[str]
    left_out: int = 0


def play_all(seeds: Sequence[int], kept: Path) -> Iterator[Played]:
    """Those that `kept` knows already first, the others as they are done."""
    known = {month.seed: month for month in _read(kept)}
    yield from (known[seed] for seed in seeds if seed in known)
    rest = [seed for seed in seeds if seed not in known]
    with multiprocessing.Pool(WORKERS, maxtasksperchild=20) as pool:
        for month in pool.imap_unordered(play, rest):
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(month), ensure_ascii=False) + "\n")
            yield month


def play(seed: int, days: float = DAYS) -> Played:
    """One month in twenty is kept on a file, one in four has eight times as many accidents.

    Never raises: what breaks is an objection.
    """
    is_on_file, began_s = seed % ON_FILE_EVERY == 0, time.process_time()
    density = DENSITY if seed % DENSE_EVERY == 1 else 1.0
    disk = MEMORY_DISK if MEMORY_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="month-", dir=disk) as name:
        folder = Path(name)
        try:
            with _bounded(LONGEST_S):
                place = OnFile(folder) if is_on_file else InMemory()
                month = simulate(seed, place, folder, days, density=density)
        except Exception:
            crash = f"seed {seed}: the simulation broke: {traceback.format_exc(limit=-6)}"
            return Played(seed, is_on_file, time.process_time() - began_s, {}, [crash])
    found = (dict(month.counts), month.objections, month.left_out)
    return Played(seed, is_on_file, time.process_time() - began_s, *found)


@contextmanager
def _bounded(seconds: int) -> Iterator[None]:
    """A loop that goes round without end in a moment that does not pass would never end."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"it did not end within {seconds} s of real time")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _read(kept: Path) -> list[Played]:
    """The last line may be torn by the interruption."""
    lines = kept.read_text("utf-8").split("\n") if kept.exists() else []
    return [Played(**json.loads(line)) for line in lines if line.endswith("}")]
