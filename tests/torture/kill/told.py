"""Was every edge told to every channel, once, in order, and each repeat for a reason and marked? Pure.

Told counts as what the receivers accepted. A message of a whole window tells both of its edges.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.torture.kill.catalogue import RULES
from tests.torture.kill.history import Delivery, Edge, History, Life, Message
from tests.torture.kill.polls import by_opening
from tests.torture.kill.tellings import Form, Telling

RECORDED_WITHIN_MS: Final = 2_000
"""A yes is recorded at once; all of this is for a busy machine. A kill meanwhile brings a repeat."""

KNOWN_WITHIN_MS: Final = 2_000
"""So soon after a poll its edges are committed, and what was chosen before is with the receiver."""

CHANNELS_OF = {rule.name: rule.channels for rule in RULES}
Reception = tuple[Message, Telling]
Receptions = Mapping[tuple[str, str], Sequence[Reception]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Of one event on one channel: those for each reason, and the complaints.

    `gaps_ms`: how old a whole yes was when the kill came, which left it unrecorded.
    """

    by_gap: int = 0
    by_cut: int = 0
    violations: tuple[str, ...] = ()
    gaps_ms: tuple[int, ...] = ()


def receptions_of(history: History) -> tuple[Receptions, list[str]]:
    """By event and channel, in order. A telling must agree with the edge that it names."""
    edges = {edge.event: edge for edge in history.edges}
    found: defaultdict[tuple[str, str], list[Reception]] = defaultdict(list)
    violations = []
    for message in history.messages:
        if message.unreadable is not None:
            violations.append(f"a message that names no event: {message.unreadable}")
        for telling in message.tellings if message.accepted else ():
            found[telling.event, message.channel].append((message, telling))
            if not _agrees(telling, edges.get(telling.event)):
                violations.append(f"false: {telling} on {message.channel}, of {edges.get(telling.event)}")
    return found, violations


def lost(history: History, receptions: Receptions) -> list[str]:
    return [
        f"lost: {edge.kind} of {edge.code} for rule {edge.rule} (event {edge.event}) never came to {channel}"
        for edge in history.edges
        for channel in CHANNELS_OF[edge.rule]
        if not first_told(edge, channel, receptions)
    ]


def first_told(edge: Edge, channel: str, receptions: Receptions) -> Sequence[int]:
    """The orders of the messages that told it, as themselves or as the end of a window."""
    own = [message.order for message, _ in receptions.get((edge.event, channel), ())]
    if edge.kind == "resolved":
        opening = receptions.get((edge.opening, channel), ())
        own += [message.order for message, telling in opening if telling.form is Form.WINDOW]
    return sorted(own)


def out_of_order(history: History, receptions: Receptions) -> list[str]:
    """Of one alert nothing is told for the first time before what came before it."""
    alerts: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in history.edges:
        alerts[edge.rule, edge.code].append(edge)
    return [
        f"out of order on {channel}: {later.kind} of {code} for rule {rule} (event {later.event}) came first"
        for (rule, code), edges in alerts.items()
        for channel in CHANNELS_OF[rule]
        for earlier, later in pairwise(edges)
        for first, then in [
            (first_told(earlier, channel, receptions), first_told(later, channel, receptions))
        ]
        if first and then and then[0] < first[0]
    ]


def repeats(history: History, receptions: Receptions) -> list[Repeats]:
    lives = {life.number: life for life in history.lives}
    return [_repeats(key, came, lives) for key, came in receptions.items() if len(came) > 1]


def marks(history: History, receptions: Receptions) -> tuple[int, list[str]]:
    """How many marks there were, and those without a reason: nothing had been in flight before."""
    unsure = {(one.event, one.channel): one.unsure for one in history.deliveries}
    marked = [
        (key, message) for key, came in receptions.items() for message, telling in came if telling.marked
    ]
    return len(marked), [
        f"a mark without a reason: event {event} on {channel} in life {message.life}"
        for (event, channel), message in marked
        if not any(at <= message.at for at in unsure.get((event, channel), ()))
        if not any(life.number < message.life and (event, channel) in life.claimed for life in history.lives)
    ]


def said_now_of_what_was_gone(
    history: History, receptions: Receptions, lives: Mapping[int, int]
) -> list[str]:
    """An earlier life had committed the end, or this one long ago, or the same message tells it.

    `lives` has that of each poll.
    """
    ends = by_opening(history.edges)
    known_at = {poll.id: poll.at + poll.duration_ms + KNOWN_WITHIN_MS for poll in history.polls}
    return [
        f"'now' of stock known to be gone: event {event} on {channel} in life {message.life}"
        for (event, channel), came in receptions.items()
        for message, telling in came
        if telling.form is Form.NOW and event in ends
        if lives.get(ends[event].poll, message.life) < message.life
        or known_at.get(ends[event].poll, message.at) < message.at
        or ends[event].event in {beside.event for beside in message.tellings}
    ]


def deliveries_not_in_order(history: History) -> list[str]:
    """One row for each edge and channel of its rule, ended as sent, or as told within a window."""
    rows: defaultdict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in history.deliveries:
        rows[delivery.event, delivery.channel].append(delivery)
    wanted = {(edge.event, channel): edge for edge in history.edges for channel in CHANNELS_OF[edge.rule]}
    return [
        f"event {event} on {channel}: {len(of_key)} deliveries, {[(d.state, d.reason) for d in of_key]}"
        for event, channel in sorted(wanted.keys() | rows.keys())
        for of_key in [rows[event, channel]]
        if len(of_key) != 1 or not _is_ended(of_key[0], wanted.get((event, channel)))
    ]


def doubts_without_a_cut(history: History) -> list[str]:
    """The daemon may be unsure of no more messages than were broken off on their way."""
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    for at, channel in history.unsure:
        life = max((one.number for one in history.lives if one.born_at <= at), default=0)
        found[life, channel] += 1
    for message in history.messages:
        found[message.life, message.channel] -= not message.answered
    cut_off = {life.number for life in history.lives if life.code is None}
    return [
        f"life {life} was unsure of {count} messages on {channel} that were answered whole"
        for (life, channel), count in found.items()
        if count > 0 and life not in cut_off
    ]


def _agrees(telling: Telling, edge: Edge | None) -> bool:
    if edge is None or (telling.rule, telling.code) != (edge.rule, edge.code):
        return False
    return (telling.form is Form.GONE) == (edge.kind == "resolved")


def _repeats(key: tuple[str, str], came: Iterable[Reception], lives: Mapping[int, Life]) -> Repeats:
    event, channel = key
    by_gap = by_cut = 0
    gaps_ms = []
    violations = []
    for (before, _), (after, telling) in pairwise(came):
        life = lives.get(before.life)
        if life is not None and life.claimed.get(key, before.at + 1) <= before.at:
            by_gap += 1
            gaps_ms += _gap_ms(before, life)
        elif not before.answered:
            by_cut += 1
        else:
            violations.append(f"unexplained duplicate: event {event} on {channel} in life {after.life}")
        if not telling.marked:
            violations.append(f"unmarked duplicate: event {event} on {channel} in life {after.life}")
    violations += [
        f"recorded late: the yes to event {event} on {channel} was {gap_ms} ms old when the kill came"
        for gap_ms in gaps_ms
        if gap_ms > RECORDED_WITHIN_MS
    ]
    return Repeats(by_gap, by_cut, tuple(violations), tuple(gaps_ms))


def _gap_ms(message: Message, life: Life) -> list[int]:
    """None when it was not answered whole before the kill."""
    if message.answered_at is None or life.struck_at is None:
        return []
    return [max(life.struck_at - message.answered_at, 0)]


def _is_ended(delivery: Delivery, edge: Edge | None) -> bool:
    if edge is None:
        return False
    merged = (delivery.state, delivery.reason) == ("muted", "merged") and edge.kind == "resolved"
    return delivery.state == "sent" or merged
