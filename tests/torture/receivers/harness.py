"""Receivers that misbehave in every way of group N, through the real daemon and the real plugins.

The truth is the receivers' own record: what they took, and what they answered. It is compared with the
rows of the outbox: nothing lost, nothing falsely `sent`, no repeat without its reason and its mark.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from tests.torture.receivers import crowd, day, isolation, notices, table
from tests.torture.receivers.cases import Case, all_cases
from tests.torture.receivers.tally import Tally
from tests.torture.report import Result, Run

Part = Callable[[], Tally]
LOOSE_MS: Final = 5000.0
"""Where time does not matter: a send that waits for a sick one takes longer."""


def torture(run: Run) -> Result:
    tally = Tally()
    for name, play in _parts(run):
        run.say(name)
        tally += play()
    return Result(tally.counts, tally.violations)


def _parts(run: Run) -> Iterator[tuple[str, Part]]:
    cases, folder, quick = chosen(run), run.folder, run.quick
    yield f"{len(cases)} cases at once", lambda: table.play(folder / "table", cases)
    yield "N10: a crowd", lambda: crowd.play(folder / "crowd", 200 if quick else 1000, 2 if quick else 30)
    yield "N13 and N14: what cannot be read or told", lambda: notices.play(folder / "notices")
    yield "N9: a dead channel for a day", lambda: day.play(folder / "day", 3 if quick else 24)
    sizes = (15, LOOSE_MS) if quick else (300, isolation.BOUND_MS)
    yield "a healthy channel beside sick ones", lambda: isolation.play(folder / "isolation", *sizes)


def chosen(run: Run) -> list[Case]:
    """All of them in an order of the seed's; a quick run leaves out what takes long."""
    cases = [case for case in all_cases() if not (run.quick and case.is_slow)]
    Random(run.seed).shuffle(cases)
    return cases
