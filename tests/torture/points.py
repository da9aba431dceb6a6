"""At which calls accidents are to happen: one after the other until none is left, or a seeded few."""

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar

from tests.torture.scene import Scene

UNREACHED: Final = 3
"""Threads make a call more or less from one life to the next: so many in a row tell that it is over."""

WRONG_IN_A_ROW: Final = 8
"""A daemon that never gets on reaches every number: after so many the rest would show the same."""


class Tried(Protocol):
    """An accident that was to happen: whether it did, and what is wrong after it."""

    @property
    def is_reached(self) -> bool: ...
    @property
    def violations(self) -> Sequence[str]: ...


T = TypeVar("T", bound=Tried)


class Points:
    """Numbers from 1, for several lanes at once. `few`: only these.

    `has_given_up`: the last runs all went wrong, and the rest is not tried.
    """

    def __init__(self, few: Sequence[int] | None = None) -> None:
        self._few = None if few is None else deque(few)
        self._lock = Lock()
        self._given = 0
        self._farthest = 0
        self._unreached: set[int] = set()
        self._wrong_in_a_row = 0

    @property
    def has_given_up(self) -> bool:
        return self._wrong_in_a_row >= WRONG_IN_A_ROW

    def take(self) -> int | None:
        """The next one; None when there is none."""
        with self._lock:
            if self.has_given_up:
                return None
            if self._few is not None:
                return self._few.popleft() if self._few else None
            if sum(number > self._farthest for number in self._unreached) >= UNREACHED:
                return None
            self._given += 1
            return self._given

    def note(self, number: int, *, reached: bool, went_wrong: bool = False) -> None:
        """What became of it: the daemon was killed there, or ended before."""
        with self._lock:
            self._wrong_in_a_row = self._wrong_in_a_row + 1 if went_wrong else 0
            if reached:
                self._farthest = max(self._farthest, number)
            else:
                self._unreached.add(number)


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """All points of one kind. `try_at`: in this lane's scene, at this number, in this folder."""

    name: str
    points: Points
    try_at: Callable[[Scene, int, Path], T]


def given_up(tasks: Iterable[Task[T]]) -> Iterator[str]:
    """What was not tried to its end is a proof that is owed."""
    yield from (
        f"{task.name}: given up, as every run goes wrong" for task in tasks if task.points.has_given_up
    )


def play_all(
    tasks: Sequence[Task[T]], lanes: Sequence[Scene], folder: Path, note: Callable[[str, int, T], None]
) -> None:
    """Each lane takes the next point that no other has. Only what went wrong stays in `folder`."""

    def work(scene: Scene) -> None:
        for task in tasks:
            while (number := task.points.take()) is not None:
                place = folder / task.name.replace(" ", "-") / str(number)
                tried = task.try_at(scene, number, place)
                task.points.note(number, reached=tried.is_reached, went_wrong=bool(tried.violations))
                note(task.name, number, tried)
                if not tried.violations:
                    shutil.rmtree(place, ignore_errors=True)

    with ThreadPoolExecutor(len(lanes), "lane") as pool:
        for done in [pool.submit(work, scene) for scene in lanes]:
            done.result()
