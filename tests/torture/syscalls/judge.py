"""Was every edge told, and nothing twice without reason? A pure comparison of what all sides saw."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from tests.torture.scene import HOOKS, Accepted

REPEAT_MARK: Final = "(possible repeat)"


@dataclass(frozen=True, slots=True)
class Edge:
    """A transition as it is stored; `kind`: fired, resolved or repeated."""

    event: str
    kind: str
    opening: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one delivery of an edge, and the reason if there is one."""

    event: str
    channel: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class LifeSeen:
    """One daemon from its start to its end, as the outside saw it.

    `sent`: of how many messages of each channel its log says that the yes is recorded; `decided`: how many
    edges of each kind its log says are committed.
    """

    served: tuple[int, ...]
    accepted: tuple[Accepted, ...]
    sent: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    is_killed: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """All lives on one database, the last one untouched, and what the database holds at the end."""

    lives: Sequence[LifeSeen]
    exit_code: int
    edges: Sequence[Edge]
    endings: Sequence[Ending]
    stored: int | None
    problems: Sequence[str] = ()
    leftovers: Sequence[str] = ()

    @property
    def accepted(self) -> list[Accepted]:
        return [accepted for life in self.lives for accepted in life.accepted]

    @property
    def repeats(self) -> int:
        """Acceptances of what the same hook had accepted before."""
        told = Counter((accepted.channel, accepted.told.event) for accepted in self.accepted)
        return sum(told.values()) - len(told)


def violations(history: History, *, is_marked_freely: bool = False) -> list[str]:
    """Sentences; empty when all promises were kept.

    `is_marked_freely`: a claim of which nobody is sure is marked as a repeat, also when nothing was killed.
    """
    return [
        *_of_the_end(history),
        *_of_the_stock(history),
        *_lost(history),
        *_repeated(history, is_marked_freely=is_marked_freely),
        *_invented(history),
    ]


def _of_the_end(history: History) -> Iterator[str]:
    if history.exit_code != 0:
        yield f"the daemon that was started again ended with {history.exit_code}"
    for problem in history.problems:
        yield f"the database is not whole: {problem}"
    for name in history.leftovers:
        yield f"{name} was left behind"


def _of_the_stock(history: History) -> Iterator[str]:
    """The alert follows what was served last, and there are no more openings than were served."""
    served = [count for life in history.lives for count in life.served]
    if history.stored != served[-1]:
        yield f"{served[-1]} were served last, but {history.stored} are stored"
    fired = [edge.event for edge in history.edges if edge.kind == "fired"]
    resolved = {edge.opening for edge in history.edges if edge.kind == "resolved"}
    is_open = bool(fired) and fired[-1] not in resolved
    if is_open != (served[-1] > 0):
        yield f"{served[-1]} were served last, but the alert is {'firing' if is_open else 'not firing'}"
    openings = [is_in for is_in, _ in groupby(served, lambda count: count > 0)].count(True)
    if len(fired) > openings:
        yield f"{openings} openings were served, but {len(fired)} are stored"


def _lost(history: History) -> Iterator[str]:
    """Of each committed edge and channel: told, or merged into a message that was told."""
    told = {(accepted.channel, accepted.told.event) for accepted in history.accepted}
    opening_of = {edge.event: edge.opening for edge in history.edges}
    intended = {(ending.event, ending.channel) for ending in history.endings}
    for event in opening_of:
        for channel in HOOKS:
            if (event, channel) not in intended:
                yield f"edge {event} has no delivery for {channel}"
    for ending in history.endings:
        merged = ending.state == "muted" and ending.reason == "merged"
        event = opening_of[ending.event] if merged else ending.event
        if ending.state != "sent" and not merged:
            yield f"edge {ending.event} ended as {ending.state} for {ending.channel}: {ending.reason}"
        elif (ending.channel, event) not in told:
            yield f"edge {ending.event} is {ending.state}, but {ending.channel} was never told of {event}"


def _repeated(history: History, *, is_marked_freely: bool) -> Iterator[str]:
    """At most once for each kill, with a mark, and never what was recorded as sent."""
    times: Counter[tuple[str, str]] = Counter()
    settled: set[tuple[str, str]] = set()
    kills = 0
    for life in history.lives:
        for accepted in life.accepted:
            key = (accepted.channel, accepted.told.event)
            times[key] += 1
            yield from _fault_of_repeat(accepted, times[key], kills, key in settled)
            if REPEAT_MARK in accepted.told.title and not kills and not is_marked_freely:
                yield f"{_what(accepted)}, marked as a repeat though nothing was killed"
        settled |= set(_settled(life))
        kills += life.is_killed


def _fault_of_repeat(accepted: Accepted, times: int, kills: int, is_settled: bool) -> Iterator[str]:
    what = _what(accepted)
    if times > 1 and REPEAT_MARK not in accepted.told.title:
        yield f"{what} {times} times, the last one without a mark"
    if times > kills + 1:
        yield f"{what} {times} times after {kills} kills"
    if is_settled:
        yield f"{what} again, though the log says that its yes was recorded"


def _what(accepted: Accepted) -> str:
    return f"{accepted.channel} was told {accepted.told.title!r} (event {accepted.told.event})"


def _settled(life: LifeSeen) -> Iterator[tuple[str, str]]:
    """Those accepted first, as many as the log says were recorded."""
    for channel, count in life.sent.items():
        events = dict.fromkeys(one.told.event for one in life.accepted if one.channel == channel)
        yield from ((channel, event) for event in list(events)[:count])


def _invented(history: History) -> Iterator[str]:
    """What was told or said to be committed is in the database; and of one opening the end comes last."""
    events = {edge.event for edge in history.edges}
    for accepted in history.accepted:
        if accepted.told.event not in events:
            yield f"{accepted.channel} was told {accepted.told.title!r}, which is not in the database"
    for kind in ("fired", "resolved"):
        said = sum(life.decided.get(kind, 0) for life in history.lives)
        stored = sum(edge.kind == kind for edge in history.edges)
        if said > stored:
            yield f"the log says that {said} edges were {kind}, but {stored} are stored"
    yield from _out_of_order(history)


def _out_of_order(history: History) -> Iterator[str]:
    place = {edge.event: number for number, edge in enumerate(history.edges)}
    for channel in HOOKS:
        first = dict.fromkeys(one.told.event for one in history.accepted if one.channel == channel)
        places = [place[event] for event in first if event in place]
        if places != sorted(places):
            yield f"{channel} was told of edges in another order than they happened: {list(first)}"
