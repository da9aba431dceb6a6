"""Gives a daemon every trouble of a disk, and measures how soon after its end all is told and well again."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from tests.torture.disk.running import Outcome
from tests.torture.disk.tasks import AROUND, tasks
from tests.torture.points import Task, given_up, play_all
from tests.torture.report import Count, Result, Run
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import pasts

FEW, LANES = 2, 4
"""More than cores: most of the time everybody waits for the next poll."""
RECOVERED_WITHIN_S: Final = 3.0
"""One interval of a second, and two for a busy machine. What it took is measured, and reported."""
SAY_EVERY: Final = 25


@dataclass
class Tally:
    say: Callable[[str], None]
    struck: Counter[str] = field(default_factory=Counter)
    untouched: int = 0
    recovered_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    violations: list[str] = field(default_factory=list)
    _done: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note(self, name: str, number: int, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            self.struck[name] += outcome.is_reached
            self.untouched += not outcome.is_reached
            if outcome.recovered_s is not None:
                self.recovered_s[_kind(name)].append(outcome.recovered_s)
            self.violations += [f"{name}, number {number}: {found}" for found in _found(outcome)]
            if self._done % SAY_EVERY == 0:
                self.say(f"{self._done} runs, now {name}, {number}; {len(self.violations)} violations so far")


def torture(run: Run) -> Result:
    tally = Tally(run.say)
    with ExitStack() as stack:
        lanes = [
            stack.enter_context(Scene.built(run.folder / f"lane-{n}"))
            for n in range(FEW if run.quick else LANES)
        ]
        tried = list(tasks(run, pasts(lanes[0], run.folder / "pasts")))
        play_all(tried, lanes, run.folder, tally.note)
    return Result(counts(tally), [*tally.violations, *missing(tally, tried)])


def missing(tally: Tally, tried: Sequence[Task[Outcome]]) -> Iterator[str]:
    """What the run owes as a proof."""
    yield from (f"{task.name}: no fault struck" for task in tried if not tally.struck[task.name])
    yield from given_up(tried)


def counts(tally: Tally) -> dict[str, Count]:
    injected = {name: count for name, count in tally.struck.items() if name not in AROUND}
    figures: dict[str, Count] = {
        "faults": sum(tally.struck.values()),
        "injected": sum(injected.values()),
        **{name: count for name, count in sorted(injected.items()) if count},
        "around the file": sum(tally.struck.values()) - sum(injected.values()),
        "runs that ended before": tally.untouched,
    }
    for kind, times in sorted(tally.recovered_s.items()):
        figures[f"s to recover {kind}, median"] = sorted(times)[len(times) // 2]
        figures[f"s to recover {kind}, longest"] = max(times)
    return figures


def _found(outcome: Outcome) -> Iterator[str]:
    yield from outcome.violations
    if outcome.recovered_s is not None and outcome.recovered_s > RECOVERED_WITHIN_S:
        yield f"it took {outcome.recovered_s:.2f} s after the fault's end until all was told"


def _kind(name: str) -> str:
    """An error that lasts ends when the harness says so; one that strikes once is over at once."""
    if name in AROUND:
        return "from what others did"
    return "from an error for ever" if name.endswith("for ever") else "from an error once"
