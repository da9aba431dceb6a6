"""All troubles of a disk that are tried, each with its points."""

import errno
import random
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

from tests.torture.disk import injected, mounted, started
from tests.torture.disk.faults import SYNCS, WRITES, Fault
from tests.torture.disk.replaced import REPLACEMENTS
from tests.torture.disk.running import Outcome
from tests.torture.disk.surroundings import SIEGES
from tests.torture.points import Points, Task
from tests.torture.report import Run
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past

Play = Callable[[Scene, Past, Path], Outcome]
PlayFault = Callable[[Scene, Fault, Past, Path], Outcome]
ERRORS: Final = (errno.ENOSPC, errno.EIO)
CALLS: Final = {"a write": WRITES, "a sync": SYNCS}
REACHED: Final = {"a write": 40, "a sync": 5}
"""A quick run draws its number from those that every run reaches."""
AROUND: Final[Mapping[str, Play]] = {
    **{name: siege.play for name, siege in SIEGES.items()},
    mounted.NAME: mounted.play,
    **REPLACEMENTS,
}
QUICK: Final = ("read-only for 3 s", "the file deleted", "damaged at the start")


def tasks(run: Run, known: Mapping[str, Past]) -> Iterator[Task[Outcome]]:
    """Those that take longest come first, so that no lane is left with one of them."""
    chance = random.Random(run.seed)
    for name, play in AROUND.items():
        if not run.quick or name in QUICK:
            yield Task(name, Points([1]), partial(_around, play, known["a stop"]))
    for name, play_fault, past, is_lasting in _with_faults(known):
        every = list(product(ERRORS, CALLS))
        for error, call in chance.sample(every, 1) if run.quick else every:
            often = "for ever" if is_lasting else "once"
            yield Task(
                f"{errno.errorcode[error]} at {call} {name}, {often}",
                Points([chance.randint(1, REACHED[call])] if run.quick else None),
                partial(_at, play_fault, past, CALLS[call], error, is_lasting),
            )


def _with_faults(known: Mapping[str, Past]) -> Iterator[tuple[str, PlayFault, Past, bool]]:
    """A new database is made in one go: there for ever is like once."""
    for is_lasting in (True, False):
        yield "while it runs", injected.play, known["a stop"], is_lasting
        yield "of a start", started.play, known["a stop"], is_lasting
    yield "of a first start", started.play, known["nothing"], False


def _around(play: Play, past: Past, scene: Scene, _: int, folder: Path) -> Outcome:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _tried(partial(play, scene, past, folder))


def _at(
    play: PlayFault,
    past: Past,
    calls: frozenset[str],
    error: int,
    is_lasting: bool,
    scene: Scene,
    number: int,
    folder: Path,
) -> Outcome:
    return _tried(partial(play, scene, Fault(calls, number, error, is_lasting), past, folder))


def _tried(play: Callable[[], Outcome]) -> Outcome:
    try:
        return play()
    except Exception:
        return Outcome(True, (f"it did not get on: {traceback.format_exc(limit=-3)}",))
