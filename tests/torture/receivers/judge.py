"""Compares what the receivers have with what the outbox says of it. Pure: values in, violations out."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.torture.receivers.cases import Case, Fate
from tests.torture.receivers.visits import Visit

WINDOW: Final = "WAS IN STOCK"
_EVENTS: Final = re.compile(r"(?:event|事件) ([0-9a-z]{12}(?:, [0-9a-z]{12})*)")
EARLY_S: Final = 0.05
"""So much the clocks of the two sides may differ."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox. `code`: the product of a transition, the subject of a notice; `opening`: the
    event that a resolve belongs to; `waits_s`: from the last try to the next, if there is to be one."""

    channel: str
    state: str
    reason: str | None
    attempts: int
    event: str
    edge: str
    code: str
    opening: str = ""
    waits_s: float | None = None

    def __str__(self) -> str:
        return f"{self.channel}: {self.edge} {self.code} (event {self.event}, {self.state}, {self.reason})"


def events_in(words: str) -> list[str]:
    return [event for found in _EVENTS.findall(words) for event in found.split(", ")]


def audit(
    deliveries: Sequence[Delivery],
    visits: Sequence[Visit],
    noticed: Sequence[str],
    waiting: Collection[str] = (),
) -> Iterator[str]:
    """What must be true of any run that is over. `noticed`: each message of a healthy channel;
    `waiting`: channels that may still have something to tell."""
    doors = _by_door(visits)
    for delivery in deliveries:
        yield from _lost(delivery, waiting)
        yield from _unsaid(delivery, noticed)
        yield from _falsely_sent(delivery, doors[delivery.channel])
    yield from _made_up(deliveries, doors)
    yield from _wrongly_merged(deliveries, doors)
    yield from _repeats(visits)


def judge(case: Case, delivery: Delivery, visits: Sequence[Visit]) -> Iterator[str]:
    """What must be true of the restock under one case. `visits`: those of its door, before the next edge."""
    visits = [visit for visit in visits if not visit.words or delivery.event in events_in(visit.words)]
    taken = [visit for visit in visits if visit.taken]
    first = [visit for visit in taken if visit.to == taken[0].to]
    marks = [visit.is_marked for visit in first]
    match case.fate:
        case Fate.ONCE:
            fine = delivery.state == "sent" and marks == [False]
        case Fate.REPEATED:
            fine = delivery.state == "sent" and marks == [False, True]
        case Fate.MARKED:
            fine = delivery.state == "sent" and marks == [True]
        case Fate.REFUSED:
            fine = delivery.state == "failed" and delivery.attempts == 1 and len(visits) <= len(case.replies)
        case Fate.WAITS:
            fine = delivery.state == "retry" and not taken
    if not fine:
        yield f"{case.name}: should be {case.fate.name}, but {delivery}; taken {len(taken)}, marks {marks}"
    yield from _impatient(case, delivery, visits)


def _impatient(case: Case, delivery: Delivery, visits: Sequence[Visit]) -> Iterator[str]:
    gaps = [later.at_s - earlier.at_s for earlier, later in pairwise(visits)]
    if case.fate is Fate.WAITS and delivery.waits_s is not None:
        gaps.append(delivery.waits_s)
        if delivery.waits_s > 1125:
            yield f"{case.name}: waits for {delivery.waits_s:.0f} s, more than a quarter of an hour"
    if case.waits_s and min(gaps, default=0.0) < case.waits_s - EARLY_S:
        yield f"{case.name}: asked for {case.waits_s:g} s of patience, it waited {gaps}"


def _by_door(visits: Iterable[Visit]) -> defaultdict[str, list[Visit]]:
    doors: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        doors[visit.door].append(visit)
    return doors


def _lost(delivery: Delivery, waiting: Collection[str]) -> Iterator[str]:
    if delivery.state in {"pending", "retry"} and delivery.channel not in waiting:
        yield f"not told, and nothing ended: {delivery}"


def _unsaid(delivery: Delivery, noticed: Sequence[str]) -> Iterator[str]:
    is_over = delivery.state in {"failed", "expired"} and not (delivery.reason or "").endswith(" removed")
    named = re.compile(rf"(?<![\w-]){re.escape(delivery.channel)}(?![\w-])")
    if is_over and not any("DELIVERY FAILED" in words and named.search(words) for words in noticed):
        yield f"lost for good, and no other channel said so: {delivery}"


def _falsely_sent(delivery: Delivery, visits: Sequence[Visit]) -> Iterator[str]:
    if delivery.state != "sent":
        return
    if not any(visit.reply.says_yes and visit.taken and _tells(visit, delivery) for visit in visits):
        yield f"counts as sent, but the receiver does not have it: {delivery}"


def _tells(visit: Visit, delivery: Delivery) -> bool:
    """Beyond ten lines a message holds codes only."""
    if delivery.event in events_in(visit.words):
        return True
    return "also: " in visit.words and delivery.code in visit.words


def _made_up(deliveries: Iterable[Delivery], doors: Mapping[str, Sequence[Visit]]) -> Iterator[str]:
    known: defaultdict[str, set[str]] = defaultdict(set)
    for delivery in deliveries:
        known[delivery.channel].add(delivery.event)
    for door, visits in doors.items():
        told = {event for visit in visits for event in events_in(visit.words)}
        for event in sorted(told - known[door]):
            yield f"{door}: was told of event {event}, of which the database knows nothing"


def _wrongly_merged(deliveries: Iterable[Delivery], doors: Mapping[str, Sequence[Visit]]) -> Iterator[str]:
    """A resolve is merged only into a message that tells of the whole window, or that is yet to come."""
    states = {(d.channel, d.event): d for d in deliveries}
    for delivery in states.values():
        if delivery.state != "muted":
            continue
        fired = states.get((delivery.channel, delivery.opening))
        if delivery.reason != "merged" or fired is None:
            yield f"muted without a reason in this run: {delivery}"
        elif fired.state == "sent" and not any(
            WINDOW in visit.words and visit.taken and _tells(visit, fired)
            for visit in doors.get(delivery.channel, ())
        ):
            yield f"the end was left out of a message that did not tell of the window: {delivery}"


def _repeats(visits: Iterable[Visit]) -> Iterator[str]:
    """None without its reason: the receiver had it, and its yes did not arrive. None without its mark."""
    taken: defaultdict[tuple[str, str, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        for event in set(events_in(visit.words)) if visit.taken else ():
            taken[visit.door, visit.to, event].append(visit)
    for (door, to, event), times in taken.items():
        where = f"{door} {to}".strip()
        if sum(not visit.reply.says_yes for visit in times[:-1]) < len(times) - 1:
            yield f"{where}: got event {event} {len(times)} times, after it had said yes"
        if not all(visit.is_marked for visit in times[1:]):
            yield f"{where}: got event {event} {len(times)} times, and no mark on each repeat"
