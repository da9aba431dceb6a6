"""A daemon that runs, what it was shown, and how one waits for it: what all troubles around it share."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.torture.disk.faults import READ_ONLY, Fault, FaultyDisk
from tests.torture.disk.truth import (
    TROUBLE,
    Watch,
    complaints,
    dates_of,
    faults_of,
    is_in_trouble,
    is_settled,
    seen_of_edges,
)
from tests.torture.gate import Gate
from tests.torture.scene import HOOKS, Log, Scene
from tests.torture.syscalls.judge import LifeSeen
from tests.torture.syscalls.lives import Past, forked, lay_out
from tests.torture.syscalls.reading import read


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is_reached`: the fault did strike. `recovered_s`: from its end to all told.

    One that strikes once ends as it strikes, or as something is shown after it.
    """

    is_reached: bool
    violations: tuple[str, ...]
    recovered_s: float | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Waits raise AssertionError when it ends, or does not get on."""

    scene: Scene
    pid: int
    log: Log
    watch: Watch
    past: Past
    disk: FaultyDisk

    def show(self, count: int, unless: Callable[[], bool] = lambda: False) -> None:
        """Until the upstream has served so many nodes, and that is an edge."""
        edges = self.watch.look() + 1
        self.scene.upstream.shelf.stock(count)
        self.wait(lambda: unless() or self.watch.look() >= edges, f"{count} nodes to be served")

    def settle(self, unless: Callable[[], bool] = lambda: False) -> None:
        """Until all that was shown is told, and recorded."""
        edges = self.watch.look()
        self.wait(lambda: unless() or is_settled(self.scene, edges), f"{edges} edges to be told")

    def recover(self) -> float:
        """The same, after the end of a fault: how long it took. Then the log says that all is well again."""
        ended_at = monotonic()
        self.settle()
        recovered_s = monotonic() - ended_at
        self.wait(lambda: not self.is_in_trouble, "the log to say that the database is ok again")
        return recovered_s

    def wait(self, condition: Callable[[], object], what: str) -> None:
        self.scene.wait(self.pid, self.log, condition, what)

    @property
    def is_in_trouble(self) -> bool:
        return is_in_trouble(self.log)

    @property
    def has_told_of_trouble(self) -> bool:
        """Past the outbox."""
        return any(one.told.title.startswith(TROUBLE) for one in self.scene.accepted)

    def told(self) -> dict[str, list[str]]:
        """What each hook was told of the stock: the words before the number."""
        edges = [one for one in self.scene.accepted if not one.told.title.startswith(TROUBLE)]
        return {name: [_words(one.told.title) for one in edges if one.channel == name] for name in HOOKS}

    def stop(self) -> int:
        os.kill(self.pid, signal.SIGTERM)
        return self.scene.nursery.ended(self.pid)

    def seen(self) -> LifeSeen:
        return seen_of_edges(self.scene, self.log)

    def judged(self, code: int, *lives: LifeSeen) -> tuple[str, ...]:
        """After its end: what is wrong with the database, the log and what was told in these lives."""
        history = read(self.scene, [*self.past.lives, *lives], code)
        found = faults_of(history, self.watch.changes, dates_of(self.scene))
        return (*found, *complaints(self.log))


@contextmanager
def running(scene: Scene, past: Past, folder: Path, fault: Fault = READ_ONLY) -> Iterator[Running]:
    """With nothing in stock, after its first poll. The disk is yet to be armed with the fault."""
    scene.upstream.shelf.stock(0)
    with starting(scene, past, folder, fault) as run:
        run.wait(lambda: run.log.lines("poll ok"), "the first poll")
        yield run


@contextmanager
def starting(
    scene: Scene, past: Past, folder: Path, fault: Fault, *, is_armed: bool = False
) -> Iterator[Running]:
    """From its first moment on."""
    scene.set_up(folder)
    lay_out(past, folder)
    disk = FaultyDisk(fault, scene.database)
    if is_armed:
        disk.arm()
    with Gate(disk) as gate, forked(scene, gate.address, "DEBUG") as (pid, log):
        yield Running(scene, pid, log, Watch(scene), past, disk)


def _words(title: str) -> str:
    """`BACK IN STOCK` of `BACK IN STOCK 3 nodes × 8 H800A`."""
    found = re.match("[A-Z ]*[A-Z]", title)
    return found[0] if found else title
