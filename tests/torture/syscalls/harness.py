"""Kills a daemon at every system call that changes a file or talks; the next one has to make up for it."""

import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from tests.torture.gate import Call
from tests.torture.points import Points, Task, given_up, play_all
from tests.torture.report import Count, Result, Run
from tests.torture.scene import Scene
from tests.torture.syscalls import upgrade
from tests.torture.syscalls.judge import violations
from tests.torture.syscalls.lives import LIVES, KillAt, Life, Past, pasts, play
from tests.torture.syscalls.upgrade import Upgrades

LANES: Final = 2
FEW: Final = 3
FEW_UP_TO: Final = 130
"""A quick run draws its numbers from those that every life reaches."""
SAY_EVERY: Final = 50
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("openat",),
    "write": ("write", "writev", "pwrite64", "pwritev", "pwritev2"),
    "sync": ("fsync", "fdatasync"),
    "send": ("sendto", "sendmsg", "sendmmsg"),
    "connect": ("connect",),
    "rename": ("rename", "renameat", "renameat2"),
    "truncate": ("truncate", "ftruncate"),
    "unlink": ("unlink", "unlinkat"),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One life, or one upgrade, with a kill in it if it was reached."""

    at: Call | None
    violations: list[str]
    repeats: int = 0

    @property
    def is_reached(self) -> bool:
        return self.at is not None


@dataclass
class Tally:
    say: Callable[[str], None]
    kills: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    untouched: int = 0
    repeats: int = 0
    violations: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def note(self, name: str, number: int, tried: Tried) -> None:
        where = f"{tried.at.name} of {tried.at.file or 'nothing'}" if tried.at else "not reached"
        with self._lock:
            if tried.at is None:
                self.untouched += 1
            else:
                self.kills[name] += 1
                self.calls[tried.at.name] += 1
            self.repeats += tried.repeats
            self.violations += [f"{name}, call {number} ({where}): {found}" for found in tried.violations]
            if number % SAY_EVERY == 0:
                self.say(f"{name}: call {number}, {len(self.violations)} violations so far")


def torture(run: Run) -> Result:
    tally = Tally(run.say)
    with ExitStack() as stack:
        lanes = [stack.enter_context(Scene.built(run.folder / f"lane-{n}")) for n in range(LANES)]
        tasks = list(_tasks(run, lanes[0]))
        play_all(tasks, lanes, run.folder, tally.note)
    return Result(_counts(tally, tasks), [*tally.violations, *missing(tally, tasks, quick=run.quick)])


def missing(tally: Tally, tasks: Sequence[Task[Tried]], *, quick: bool) -> Iterator[str]:
    """What the run owes as a proof."""
    for task in tasks:
        if not tally.kills[task.name]:
            yield f"{task.name}: no kill landed"
    yield from given_up(tasks)
    if quick:
        return
    for kind, names in KINDS.items():
        if not sum(tally.calls[name] for name in names):
            yield f"no kill landed at any {kind}"
    if not tally.repeats:
        yield "no kill landed between a hook's yes and its recording"


def _tasks(run: Run, scene: Scene) -> Iterator[Task[Tried]]:
    chance = random.Random(run.seed)
    known = pasts(scene, run.folder / "pasts")
    for life in LIVES:
        yield Task(life.name, _points(run, chance), partial(_live, life, known[life.begins_with]))
    upgrades = Upgrades(run.folder / "upgrades")
    yield Task(upgrade.NAME, _points(run, chance), partial(_upgrade, upgrades))


def _points(run: Run, chance: random.Random) -> Points:
    return Points(chance.sample(range(1, FEW_UP_TO + 1), FEW) if run.quick else None)


def _live(life: Life, past: Past, scene: Scene, number: int, folder: Path) -> Tried:
    try:
        played = play(scene, life, KillAt.number(number), past, folder)
    except Exception:
        return Tried(None, [f"it did not get on: {traceback.format_exc(limit=-3)}"])
    return Tried(played.at, violations(played.history), played.history.repeats)


def _upgrade(upgrades: Upgrades, _: Scene, number: int, folder: Path) -> Tried:
    upgraded = upgrades.play(number, folder)
    return Tried(upgraded.at, list(upgraded.violations))


def _counts(tally: Tally, tasks: Sequence[Task[Tried]]) -> dict[str, Count]:
    kinds = {f"at {kind}": sum(tally.calls[name] for name in names) for kind, names in KINDS.items()}
    return {
        "kills": sum(tally.kills.values()),
        **{f"kills in {task.name}": tally.kills[task.name] for task in tasks},
        **kinds,
        "lives that ended before": tally.untouched,
        "marked repeats": tally.repeats,
    }
