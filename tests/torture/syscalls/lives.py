"""Plays one life of a daemon, kills it at its Nth system call, and lets another one make up for it."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.fakes.internet import Answer
from tests.torture.gate import Call, Gate, Kill, Pass, Verdict
from tests.torture.scene import HOOKS, Log, Scene, wait_for
from tests.torture.syscalls.judge import History, LifeSeen
from tests.torture.syscalls.reading import read, seen


@dataclass(frozen=True, slots=True)
class Life:
    """What the upstream serves, one count after the other; each change is told by three hooks.

    `first_is_told`: the first count, too. `begins_with`: the name of a past.
    """

    name: str
    counts: tuple[int, ...]
    first_is_told: bool
    begins_with: str


LIVES: Final = (
    Life("a new database", (3,), True, "nothing"),
    Life("restock and sold out", (0, 3, 0), False, "a stop"),
    Life("after a kill in mid-send", (3,), True, "a kill"),
)


@dataclass(frozen=True, slots=True)
class Past:
    """A database as earlier lives left it."""

    files: tuple[Path, ...] = ()
    lives: tuple[LifeSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """`at`: the call at which it was killed; None when it ended before. `calls`: those it made."""

    history: History
    at: Call | None
    calls: int


class KillAt:
    """A guard that ends the daemon at the call of which `is_it` is true."""

    def __init__(self, is_it: Callable[[Call], bool]) -> None:
        self.at: Call | None = None
        self._is_it = is_it

    @classmethod
    def number(cls, number: int) -> Self:
        """The call of this number."""
        return cls(lambda call: call.number == number)

    def __call__(self, call: Call) -> Verdict:
        if not self._is_it(call):
            return Pass()
        self.at = call
        return Kill()


def pasts(scene: Scene, folder: Path) -> dict[str, Past]:
    """The databases that lives begin with, each by its name."""
    return {
        "nothing": Past(),
        "a stop": _past_with_a_stop(scene, folder / "stop"),
        "a kill": _past_with_a_kill(scene, folder / "kill"),
    }


def play(
    scene: Scene,
    life: Life,
    guard: KillAt,
    past: Past,
    folder: Path,
    meanwhile: Callable[[], object] = lambda: None,
) -> Played:
    """Raises AssertionError or TimeoutError when a daemon does not get on.

    `meanwhile` happens after the end of the first one.
    """
    scene.set_up(folder)
    lay_out(past, folder)
    with Gate(guard) as gate, forked(scene, gate.address) as (pid, log):
        code = _lead(scene, life, pid, log, gate)
    meanwhile()
    lives = [*past.lives, seen(scene, log, is_killed=gate.killed.is_set())]
    code, after = (code, None) if code > 0 else make_up(scene)
    return Played(read(scene, [*lives, *([after] if after else [])], code), guard.at, gate.calls)


def _lead(scene: Scene, life: Life, pid: int, log: Log, gate: Gate) -> int:
    """Through the script to the stop, unless it is killed on the way. How it ended."""
    messages = 0
    for place, count in enumerate(life.counts):
        scene.upstream.shelf.stock(count)
        if place or life.first_is_told:
            messages += len(HOOKS)
        _get_on(scene, messages, pid, log, gate)
    with suppress(ProcessLookupError):  # it may be killed at this very moment
        if not gate.killed.is_set():
            os.kill(pid, signal.SIGTERM)
    return scene.nursery.ended(pid)


def _get_on(scene: Scene, messages: int, pid: int, log: Log, gate: Gate) -> None:
    """Until so many yeses are recorded, or (with nothing to tell) the list was asked for, or its end."""

    def is_so_far() -> bool:
        if gate.killed.is_set() or not scene.is_alive(pid):
            return True
        return len(log.lines("sent")) >= messages if messages else bool(scene.upstream.served)

    wait_for(is_so_far, log, f"{messages} messages to be sent")


def lay_out(past: Past, folder: Path) -> None:
    """Give it the database that earlier lives left."""
    for file in past.files:
        shutil.copy(file, folder)


def make_up(scene: Scene) -> tuple[int, LifeSeen]:
    """Another daemon on the same database, which nobody disturbs."""
    scene.begin()
    with forked(scene, None, "DEBUG") as (pid, log):
        scene.drain(pid, log)
        code = scene.stop(pid)
    return code, seen(scene, log)


@contextmanager
def forked(scene: Scene, gate: str | None = None, level: str = "INFO") -> Iterator[tuple[int, Log]]:
    pid, log = scene.fork(gate, level)
    try:
        yield pid, log
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise


def _past_with_a_stop(scene: Scene, folder: Path) -> Past:
    """Nothing in stock, and a proper end."""
    scene.set_up(folder)
    scene.upstream.shelf.stock(0)
    code, life = make_up(scene)
    assert code == 0, f"it ended with {code}"
    return _past(scene, life)


def _past_with_a_kill(scene: Scene, folder: Path) -> Past:
    """Killed while all three hooks had the message and had not said yes: claimed, and in SQLite's log."""
    scene.set_up(folder)
    scene.upstream.shelf.stock(3)
    scene.internet.answers["127.0.0.1"] = Answer(fault="hang")
    with forked(scene) as (pid, log):
        wait_for(lambda: len(scene.accepted) == len(HOOKS), log, "the three messages")
        os.kill(pid, signal.SIGKILL)
        scene.nursery.ended(pid)
    return _past(scene, seen(scene, log, is_killed=True))


def _past(scene: Scene, life: LifeSeen) -> Past:
    return Past(tuple(scene.folder.glob(f"{scene.database.name}*")), (life,))
