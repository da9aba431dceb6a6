"""The judge of lives: each broken promise is found, and a true history is not blamed."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.acceptance.daemon import Told
from tests.torture.scene import HOOKS, Accepted
from tests.torture.syscalls.judge import Edge, Ending, History, LifeSeen, violations

FIRED: Final = "f" * 12
RESOLVED: Final = "r" * 12
MARK: Final = " (possible repeat)"


def told(channel: str, event: str, mark: str = "") -> Accepted:
    return Accepted(channel, Told(f"IN STOCK{mark}", f"event {event}"))


KILLED: Final = LifeSeen((0, 3), (told("a", FIRED),), {"a": 1}, {"fired": 1}, is_killed=True)
AFTER: Final = LifeSeen((3,), (told("b", FIRED), told("c", FIRED)), {"b": 1, "c": 1})
TRUE: Final = History(
    lives=[KILLED, AFTER],
    exit_code=0,
    edges=[Edge(FIRED, "fired", FIRED)],
    endings=[Ending(FIRED, channel, "sent", None) for channel in HOOKS],
    stored=3,
)
WINDOW: Final = History(
    lives=[
        replace(KILLED, accepted=(), sent={}, served=(0, 3)),
        replace(AFTER, served=(0,), accepted=tuple(told(channel, FIRED) for channel in HOOKS)),
    ],
    exit_code=0,
    edges=[Edge(FIRED, "fired", FIRED), Edge(RESOLVED, "resolved", FIRED)],
    endings=[
        *(Ending(FIRED, channel, "sent", None) for channel in HOOKS),
        *(Ending(RESOLVED, channel, "muted", "merged") for channel in HOOKS),
    ],
    stored=0,
)


def with_life(history: History, place: int, **changes: Any) -> History:
    lives = list(history.lives)
    lives[place] = replace(lives[place], **changes)
    return replace(history, lives=lives)


def more(place: int, *accepted: Accepted, **changes: Any) -> History:
    """The true history, with these messages accepted as well."""
    return with_life(TRUE, place, accepted=(*TRUE.lives[place].accepted, *accepted), **changes)


@pytest.mark.parametrize(
    "history",
    [
        TRUE,
        WINDOW,
        with_life(more(1, told("a", FIRED, MARK)), 0, sent={}),
        with_life(TRUE, 1, accepted=(told("b", FIRED, MARK), told("c", FIRED))),
    ],
    ids=["all told", "a window", "a marked repeat", "marked though nothing had arrived"],
)
def test_a_true_history_is_not_blamed(history: History) -> None:
    assert violations(history) == []


LIES: Final = {
    "a hook that was never told": (
        with_life(TRUE, 1, accepted=(told("b", FIRED),)),
        "is sent, but c was never told",
    ),
    "a delivery that was never made": (replace(TRUE, endings=TRUE.endings[:2]), "has no delivery for c"),
    "a delivery that failed": (
        replace(TRUE, endings=[*TRUE.endings[:2], Ending(FIRED, "c", "failed", "gone")]),
        "ended as failed for c: gone",
    ),
    "a delivery that waits": (
        replace(TRUE, endings=[*TRUE.endings[:2], Ending(FIRED, "c", "retry", None)]),
        "ended as retry for c",
    ),
    "a window that was not told": (with_life(WINDOW, 1, accepted=()), "is muted, but a was never told"),
    "a repeat without a mark": (
        with_life(more(1, told("a", FIRED)), 0, sent={}),
        "2 times, the last one without a mark",
    ),
    "a repeat of what was recorded": (more(1, told("a", FIRED, MARK)), "its yes was recorded"),
    "two repeats after one kill": (
        with_life(more(1, told("a", FIRED, MARK), told("a", FIRED, MARK)), 0, sent={}),
        "3 times after 1 kills",
    ),
    "a mark without a kill": (more(0, told("b", FIRED, MARK)), "though nothing was killed"),
    "an edge that the log knows and the database lost": (
        replace(TRUE, edges=(), endings=()),
        "the log says that 1 edges were fired, but 0 are stored",
    ),
    "a message of what is not stored": (
        more(1, told("a", RESOLVED)),
        "which is not in the database",
    ),
    "an old count": (replace(TRUE, stored=0), "3 were served last, but 0 are stored"),
    "an alert that was not resolved": (
        with_life(replace(TRUE, stored=0), 1, served=(0,)),
        "0 were served last, but the alert is firing",
    ),
    "an alert that did not fire": (
        replace(TRUE, edges=[*TRUE.edges, Edge(RESOLVED, "resolved", FIRED)]),
        "3 were served last, but the alert is not firing",
    ),
    "an opening too many": (
        replace(TRUE, edges=[*TRUE.edges, Edge(RESOLVED, "fired", RESOLVED)]),
        "1 openings were served, but 2 are stored",
    ),
    "the end before the beginning": (
        with_life(WINDOW, 1, accepted=(told("a", RESOLVED), *WINDOW.lives[1].accepted)),
        "a was told of edges in another order",
    ),
    "a start that failed": (replace(TRUE, exit_code=6), "ended with 6"),
    "a broken database": (replace(TRUE, problems=["row 7 missing"]), "not whole: row 7 missing"),
    "a half backup": (replace(TRUE, leftovers=["x.part"]), "x.part was left behind"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_broken_promise_is_found(lie: str) -> None:
    history, sentence = LIES[lie]
    assert [found for found in violations(history) if sentence in found], violations(history)


def test_repeats_are_counted() -> None:
    assert TRUE.repeats == 0
    assert more(1, told("a", FIRED, MARK)).repeats == 1
