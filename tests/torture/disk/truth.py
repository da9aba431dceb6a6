"""What must have come of what was served, disk trouble or not: every edge told once, with its own date."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from tests.torture.scene import Log, Scene
from tests.torture.syscalls.judge import History, LifeSeen, violations
from tests.torture.syscalls.reading import seen

TROUBLE: Final = "DATABASE TROUBLE"
"""The title of what is told past the outbox, and is no edge."""
DATED_WITHIN_S: Final = 1.5
_WAITING: Final = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'retry')"
_EDGES: Final = "SELECT at FROM transition WHERE edge IN ('fired', 'resolved') ORDER BY id"


@dataclass(frozen=True, slots=True)
class Change:
    """So many nodes were served first at this time, in seconds since 1970."""

    count: int
    at: float


class Watch:
    """Gathers the edges that the upstream shows, life after life. Nothing was in stock before."""

    def __init__(self, scene: Scene) -> None:
        self.changes: list[Change] = []
        self._scene = scene

    def look(self) -> int:
        """How many edges it has shown by now."""
        served = [(0, 0.0), *self._scene.upstream.served_at]
        flips = [Change(*now) for before, now in pairwise(served) if bool(before[0]) != bool(now[0])]
        self.changes += flips[len(self.changes) :]
        return len(self.changes)


def is_settled(scene: Scene, edges: int) -> bool:
    """So many are stored, and no delivery waits. False, too, when the database cannot be read."""
    try:
        return len(scene.rows(_EDGES)) >= edges and scene.rows(_WAITING) == [(0,)]
    except sqlite3.Error:
        return False


def dates_of(scene: Scene) -> list[float]:
    """When the stored edges were seen, in seconds since 1970."""
    return [at / 1000 for (at,) in scene.rows(_EDGES)]


def seen_of_edges(scene: Scene, log: Log) -> LifeSeen:
    """As `seen`, without what was told of the database."""
    life = seen(scene, log)
    edges = tuple(one for one in life.accepted if not one.told.title.startswith(TROUBLE))
    return replace(life, accepted=edges)


def faults_of(history: History, changes: Sequence[Change], dates: Sequence[float]) -> list[str]:
    """Sentences. The daemon lived on, so it has seen whatever was served, and told nobody twice."""
    return [*violations(history, is_marked_freely=True), *_missed(history, changes, dates)]


def _missed(history: History, changes: Sequence[Change], dates: Sequence[float]) -> Iterator[str]:
    expected = ["fired" if change.count else "resolved" for change in changes]
    stored = [edge.kind for edge in history.edges]
    if stored != expected:
        yield f"the upstream showed {expected}, but stored are {stored}"
    if history.repeats:
        yield f"{history.repeats} messages were told twice, though nothing was killed"
    for change, date in zip(changes, dates, strict=False):
        if abs(date - change.at) > DATED_WITHIN_S:
            yield f"{change.count} nodes were served at {change.at:.3f}, but the edge is dated {date:.3f}"


def complaints(log: Log) -> Iterator[str]:
    """What a log must not say at all, and what must not be its last word."""
    text = log.text()
    if (place := text.find("Traceback")) >= 0:
        yield f"a traceback is in the log: {text[max(place - 300, 0) : place + 1500]}"
    if is_in_trouble(log):
        yield f"the log does not say that the database is ok again: {log.tail()}"


def is_in_trouble(log: Log) -> bool:
    """Of the two, trouble was said last."""
    said = [line["message"] for line in log.lines("database trouble", "database ok again")]
    return said[-1:] == ["database trouble"]
