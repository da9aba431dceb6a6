"""Receivers that misbehave in every way of group N, through the real daemon and the real plugins.

The truth is the receivers' own record: what they took, and what they answered. It is compared with the
rows of the outbox: nothing lost, nothing falsely `sent`, no repeat without its reason and its mark.
"""

from collections.abc import Callable, Iterator
from random import Random

from tests.torture.receivers import table
from tests.torture.receivers.cases import Case, all_cases
from tests.torture.receivers.tally import Tally
from tests.torture.report import Result, Run

Part = Callable[[], Tally]


def torture(run: Run) -> Result:
    tally = Tally()
    for name, play in _parts(run):
        run.say(name)
        tally += play()
    return Result(tally.counts, tally.violations)


def _parts(run: Run) -> Iterator[tuple[str, Part]]:
    cases = chosen(run)
    yield f"{len(cases)} cases at once", lambda: table.play(run.folder / "table", cases)


def chosen(run: Run) -> list[Case]:
    """All of them in an order of the seed's; a quick run leaves out what takes long."""
    cases = [case for case in all_cases() if not (run.quick and case.is_slow)]
    Random(run.seed).shuffle(cases)
    return cases
