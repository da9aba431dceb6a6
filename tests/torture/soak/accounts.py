"""Was every edge decided, and did every delivery end as it was told? Pure: the truth against the database."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

_EVENTS: Final = re.compile(r"(?:event|事件) ([0-9a-z]{12}(?:, [0-9a-z]{12})*)")
REPEAT_MARKS: Final = ("(possible repeat)", "（可能重复）")
LATE_MS: Final = 2000
"""An edge is dated by the poll that saw it."""

Stock = Sequence[tuple[str, int, bool]]
"""(product, remaining, is it blocked?) of one answer."""
Edge = tuple[str, str]
"""(product, fired or resolved)."""


@dataclass(frozen=True, slots=True)
class Served:
    """An answer that differed from the one before, or the first repetition of it."""

    at_ms: int
    stock: Stock


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message as a receiver took it. `is_answered`: with a yes, while the monitor listened."""

    channel: str
    at_ms: int
    title: str
    body: str
    is_answered: bool = True

    @property
    def is_marked(self) -> bool:
        return any(mark in self.title + self.body for mark in REPEAT_MARKS)


@dataclass(frozen=True, slots=True)
class Transition:
    event: str
    rule: str
    product: str
    at_ms: int
    edge: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """`told`: the product of the transition, or the subject of the notice that it tells."""

    transition: int | None
    event: str
    told: str
    channel: str
    state: str
    reason: str | None = None
    ended_ms: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    delivery: int
    message: str


@dataclass(slots=True)
class Books:
    """What the database said, of several days if it forgot some; newer pages go over older ones."""

    transitions: dict[int, Transition] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    attempts: dict[int, Attempt] = field(default_factory=dict)

    def add(self, newer: "Books") -> None:
        self.transitions |= newer.transitions
        self.deliveries |= newer.deliveries
        self.attempts |= newer.attempts


def edges_of(served: Iterable[Served]) -> list[tuple[int, Edge]]:
    """What a rule that wants nothing but stock has to decide, by these answers."""
    available: dict[str, bool] = {}
    missing: set[str] = set()
    edges: list[tuple[int, Edge]] = []
    for answer in served:
        listed = {product: remaining > 0 and not blocked for product, remaining, blocked in answer.stock}
        for product in available.keys() - listed.keys():
            if product in missing:  # the second answer without it: it is gone
                listed[product] = False
        missing = available.keys() - {product for product, _, _ in answer.stock}
        for product, is_available in listed.items():
            if is_available != available.get(product, False):
                edges.append((answer.at_ms, (product, "fired" if is_available else "resolved")))
            available[product] = is_available
    return edges


def compared(decided: Sequence[Transition], served: Sequence[Served], watched: frozenset[str]) -> list[str]:
    """Product by product: the edges that the answers had, and those that were decided."""
    expected: dict[str, list[tuple[int, str]]] = {product: [] for product in watched}
    found: dict[str, list[tuple[int, str]]] = {product: [] for product in watched}
    for at_ms, (product, edge) in edges_of(served):
        if product in watched:
            expected[product].append((at_ms, edge))
    for transition in decided:
        found[transition.product].append((transition.at_ms, transition.edge))
    return [
        f"{product}: the answers had {wanted}, decided was {had} (milliseconds since the start)"
        for product in sorted(watched)
        for wanted, had in [_first_difference(expected[product], sorted(found[product]))]
        if wanted != had
    ]


def balanced(books: Books, accepted: Sequence[Accepted], channels: Mapping[str, Sequence[str]]) -> list[str]:
    """`channels`: those of each rule."""
    heard = _heard(accepted)
    return [
        *_undelivered(books, channels),
        *_not_heard(books, heard),
        *_unknown(books, heard),
        *_repeated(heard),
    ]


def _first_difference(
    expected: Sequence[tuple[int, str]], found: Sequence[tuple[int, str]]
) -> tuple[tuple[int, str] | None, tuple[int, str] | None]:
    for wanted, had in zip_longest(expected, found):
        if wanted is None or had is None or wanted[1] != had[1] or abs(wanted[0] - had[0]) > LATE_MS:
            return wanted, had
    return None, None


def _undelivered(books: Books, channels: Mapping[str, Sequence[str]]) -> Iterator[str]:
    told: dict[int, list[str]] = {number: [] for number in books.transitions}
    for delivery in books.deliveries.values():
        if delivery.transition is not None:
            told[delivery.transition].append(delivery.channel)
    for number, transition in books.transitions.items():
        if sorted(told[number]) != sorted(channels[transition.rule]):
            yield f"event {transition.event} of rule {transition.rule} has deliveries for {told[number]} only"


Heard = Mapping[tuple[str, str], Sequence[Accepted]]
"""(channel, event) -> the messages that name the event."""


def _heard(accepted: Iterable[Accepted]) -> dict[tuple[str, str], list[Accepted]]:
    heard: dict[tuple[str, str], list[Accepted]] = {}
    for message in accepted:
        for event in events_in(message.body):
            heard.setdefault((message.channel, event), []).append(message)
    return heard


def events_in(body: str) -> Iterator[str]:
    """`event ab12, cd34`, in English and Chinese, anywhere in a line."""
    for ids in _EVENTS.findall(body):
        yield from ids.split(", ")


def _not_heard(books: Books, heard: Heard) -> Iterator[str]:
    """Sent, but no receiver has it. A long message names some only by product: then by its neighbours."""
    neighbours: dict[str, list[int]] = {}
    for attempt in books.attempts.values():
        neighbours.setdefault(attempt.message, []).append(attempt.delivery)
    messages: dict[int, list[str]] = {}
    for attempt in books.attempts.values():
        messages.setdefault(attempt.delivery, []).append(attempt.message)
    for number, delivery in books.deliveries.items():
        if delivery.state != "sent" or (delivery.channel, delivery.event) in heard:
            continue
        beside = [
            books.deliveries[id_]
            for m in messages.get(number, ())
            for id_ in neighbours[m]
            if id_ in books.deliveries
        ]
        texts = [m.title + m.body for d in beside for m in heard.get((d.channel, d.event), ())]
        if not any(delivery.told in text for text in texts):
            yield f"event {delivery.event} was sent through {delivery.channel}, which never got it"


def _unknown(books: Books, heard: Heard) -> Iterator[str]:
    """Heard, but not on the books. What is said straight while the database refuses cannot be there."""
    known = {(delivery.channel, delivery.event) for delivery in books.deliveries.values()}
    for (channel, event), messages in heard.items():
        direct = any("DATABASE TROUBLE" in m.title or "数据库故障" in m.title for m in messages)
        if (channel, event) not in known and not direct:
            yield f"{channel} got event {event}, which is not on the books"


def _repeated(heard: Heard) -> Iterator[str]:
    """Again only after an answer that the receiver swallowed, and then with a mark."""
    for (channel, event), messages in heard.items():
        unmarked = sum(not message.is_marked for message in messages)
        if unmarked > 1:
            yield f"{channel} got event {event} {unmarked} times without a mark"
        answered = sum(message.is_answered for message in sorted(messages, key=_time)[:-1])
        if answered:
            yield f"{channel} got event {event} {len(messages)} times, {answered} times after it had said yes"


def _time(message: Accepted) -> int:
    return message.at_ms
