"""A daemon that lived through a fault may not miss, invent, repeat or misdate an edge: else it is found."""

from dataclasses import replace
from typing import Final

import pytest

from tests.acceptance.daemon import Told
from tests.torture.disk.truth import Change, faults_of
from tests.torture.scene import HOOKS, Accepted
from tests.torture.syscalls.judge import Edge, Ending, History, LifeSeen

EVENT: Final = "f" * 12
SHOWN: Final = [Change(3, 100.0)]
TOLD: Final = tuple(Accepted(channel, Told("IN STOCK", f"event {EVENT}")) for channel in HOOKS)
MARKED: Final = Accepted("a", Told("IN STOCK (possible repeat)", f"event {EVENT}"))
TRUE: Final = History(
    lives=[LifeSeen((0, 3), TOLD)],
    exit_code=0,
    edges=[Edge(EVENT, "fired", EVENT)],
    endings=[Ending(EVENT, channel, "sent", None) for channel in HOOKS],
    stored=3,
)


def with_told(*accepted: Accepted) -> History:
    return replace(TRUE, lives=[replace(TRUE.lives[0], accepted=accepted)])


@pytest.mark.parametrize("history", [TRUE, with_told(MARKED, *TOLD[1:])], ids=["told", "marked, but once"])
def test_an_edge_that_was_told_once_is_well(history: History) -> None:
    assert faults_of(history, SHOWN, [100.4]) == []


@pytest.mark.parametrize(
    ("history", "changes", "dates", "sentence"),
    [
        (TRUE, [*SHOWN, Change(0, 101.0), Change(3, 102.0)], [100.0], "the upstream showed"),
        (TRUE, [], [100.0], "the upstream showed []"),
        (TRUE, SHOWN, [103.0], "but the edge is dated 103.000"),
        (with_told(*TOLD, MARKED), SHOWN, [100.0], "1 messages were told twice"),
        (with_told(*TOLD[:2]), SHOWN, [100.0], "c was never told"),
        (replace(TRUE, exit_code=1), SHOWN, [100.0], "ended with 1"),
    ],
    ids=["missed", "invented", "misdated", "repeated", "lost", "crashed"],
)
def test_what_is_not_so_is_found(
    history: History, changes: list[Change], dates: list[float], sentence: str
) -> None:
    found = faults_of(history, changes, dates)
    assert [one for one in found if sentence in one], found
