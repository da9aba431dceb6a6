"""Some hundred lives on one database, and a last one in which all is quiet until everything is told.

What is needed to go on lies in the journal: an era that was cut off is taken up with its next cycle.
"""

import os
import signal
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Final, Self

from tests.torture.kill.catalogue import CHANNELS, FEEDS, config, environ
from tests.torture.kill.journal import Journal, Line, lines_of
from tests.torture.kill.locks import wait_for_lock
from tests.torture.kill.mortem import Mortem, beside, examine, is_at_rest
from tests.torture.kill.outside import Outside
from tests.torture.kill.phases import Asked, Heard, Killed, phases_of
from tests.torture.kill.plan import Plan, plan_of
from tests.torture.kill.shelf import Shelf, stock_of
from tests.torture.kill.tellings import UnreadableError, tellings_of
from tests.torture.nursery import Nursery

JOURNAL: Final = "journal.jsonl"
LOG: Final = "output"
MOST_LINES: Final = 10
"""A message names the events of so many products; what comes after them is told by its code alone."""

STUCK: Final = 255
"""The exit code of one that did not end when it was told to."""

ENDS_WITHIN_S: Final = 20.0
RESTS_WITHIN_S: Final = 150.0
LOOKS_EVERY_S: Final = 0.05


class OrphanedError(RuntimeError):
    """Who started this process is gone."""


class Era:
    """`first` is the number of its first cycle in the lane."""

    def __init__(self, nursery: Nursery, folder: Path, seed: int, lane: int, first: int, cycles: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._nursery = nursery
        self._seed, self._lane = seed, lane
        self._parent = os.getppid()
        self._last = first + cycles
        lines = list(lines_of(folder / JOURNAL))
        born = [line for line in lines if line["what"] == "born"]
        ended = [line for line in lines if line["what"] == "ended"]
        self._lives = len(born)
        self._next = first + sum(line["cycle"] is not None for line in born)
        self._is_cut_off = len(born) > len(ended)
        self._before = Mortem(ok_polls=ended[-1]["ok_polls"] if ended else 0)
        self._stack = ExitStack()
        self._journal = self._stack.enter_context(Journal(folder / JOURNAL))
        self._born_at = 0
        shelf = Shelf(self._journal, stock_of(lines))
        self._outside = Outside(self._journal, shelf, _counted(lines))

    def run(self) -> None:
        wait_for_lock(self.folder / "monitor.db.lock").close()
        if self._is_cut_off:
            self._close(self._lives - 1, None)
        self._before = examine(self.folder)
        while self._next < self._last:
            if os.getppid() != self._parent:
                raise OrphanedError("the run was cut off: who resumes it must find nobody at work")
            self._live(self._next)
            self._next += 1
        self._rest()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._outside)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _live(self, cycle: int) -> None:
        plan = plan_of(self._seed, self._lane, cycle)
        self._outside.shelf.changes_left = _changes_left(self._before, self._outside.shelf.stock)
        pid = self._bear(plan, cycle)
        self._outside.arm(pid)
        self._end(pid)

    def _rest(self) -> None:
        """Nothing changes, nothing goes wrong: in the end everything that was seen is told."""
        pid = self._bear(None, None)
        deadline, pause = monotonic() + RESTS_WITHIN_S, Event()
        while not self._is_at_rest() and monotonic() < deadline:
            pause.wait(LOOKS_EVERY_S)
        self._journal.write("signal", life=self._lives - 1, name="SIGTERM")
        os.kill(pid, signal.SIGTERM)
        self._end(pid)

    def _is_at_rest(self) -> bool:
        try:
            with beside(self.folder) as connection:
                return is_at_rest(connection, self._before.polls, len(FEEDS))
        except sqlite3.OperationalError:
            return False  # it is being made

    def _bear(self, plan: Plan | None, cycle: int | None) -> int:
        life, self._born_at = self._lives, self._journal.size
        self._lives += 1
        self._outside.begin(life, plan, self._seed, self._lane, cycle)
        file = self.folder / "monitor.toml"
        file.touch(0o600)
        feeds = plan.feeds if plan else FEEDS
        file.write_text(config(self._outside.ports["provider"], feeds), "utf-8")
        self._journal.write("born", life=life, cycle=cycle)
        return self._nursery.fork(file, environ(life, self._outside.ports), self.folder / LOG)

    def _end(self, pid: int) -> None:
        try:
            code = self._nursery.ended(pid, ENDS_WITHIN_S)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._nursery.ended(pid)
            code = STUCK
        self._outside.settle()
        self._close(self._lives - 1, code)

    def _close(self, life: int, code: int | None) -> None:
        """Of a life that ended with the harness itself there is no exit code."""
        mortem = examine(self.folder)
        lines = [line for line in lines_of(self.folder / JOURNAL, self._born_at) if line.get("life") == life]
        killed = killed_of(lines, mortem, mortem.ok_polls - self._before.ok_polls)
        self._journal.write(
            "ended",
            life=life,
            code=code,
            claimed=[asdict(claimed) for claimed in mortem.claimed],
            asked=len(killed.asked),
            phases=sorted(phases_of(killed)) if code != 0 else [],
            ok_polls=mortem.ok_polls,
        )
        self._before = mortem


def killed_of(lines: Sequence[Line], mortem: Mortem, committed: int) -> Killed:
    """From the lines of one life. What was served or answered after the kill reached nobody, and what was
    claimed before its birth is an earlier kill's."""
    born = min((line["at"] for line in lines if line["what"] == "born"), default=0)
    names = [line.get("name") for line in lines]
    kill = names.index("SIGKILL") if "SIGKILL" in names else len(lines)
    served = {line["number"] for line in lines[:kill] if line["what"] == "served"}
    answered = {(line["channel"], line["number"]) for line in lines[:kill] if line["what"] == "answered"}
    return Killed(
        asked=[
            Asked(line["at"], line["feed"], line["cut"], line["number"] in served)
            for line in lines
            if line["what"] == "asked"
        ],
        committed=committed,
        heard=[
            Heard(line["at"], line["channel"], _events(line), (line["channel"], line["number"]) in answered)
            for line in lines
            if line["what"] == "heard" and line["accepted"]
        ],
        claimed=[claimed for claimed in mortem.claimed if claimed.at >= born],
        unclaimed=mortem.unclaimed,
        was_stopping="SIGTERM" in names,
    )


def _events(line: Line) -> tuple[str, ...]:
    try:
        return tuple(telling.event for telling in tellings_of(line["title"], line["message"]))
    except UnreadableError:
        return ()  # the judge will say so


def _counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many requests each had: they are numbered."""
    counted = dict.fromkeys(("provider", *CHANNELS), 0)
    for line in lines:
        if line["what"] in {"asked", "heard"}:
            counted[line.get("channel", "provider")] = line["number"]
    return counted


def _changes_left(mortem: Mortem, stock: Mapping[str, int]) -> int:
    """So few that no message must leave out an event: one change can be told under two rules."""
    unseen = sum(mortem.stock.get(code, 0) != remaining for code, remaining in stock.items())
    return (MOST_LINES - max(mortem.waiting.values(), default=0)) // 2 - unseen
