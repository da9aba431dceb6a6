"""The judge of deliveries: what was to be told, what arrived, what was said in it, and how each ended."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.config.settings import DEFAULT_KEEP
from monitor.core.backoff import Accepted, FailureClass, Outcome
from monitor.core.decision import Decision, Notice, Transition
from monitor.store.outbox import Claim
from tests.torture.clocks.alert_model import Edge
from tests.torture.clocks.letters import Line, also_in, lines_of
from tests.torture.clocks.receivers import Message
from tests.torture.clocks.settings import GIVE_UP_AFTER
from tests.torture.clocks.times import BOOT

Letter = tuple[str, str]
"""One event for one channel."""
RESOLUTION: Final = timedelta(milliseconds=1)
"""Of what is stored: a delivery may expire so much sooner than its unrounded date says."""


@dataclass(frozen=True, slots=True)
class End:
    """A row of the outbox when all is over."""

    number: int
    event: str
    channel: str
    state: str
    reason: str | None


class Post:
    """`now` is the monitor's own sense of time; seconds are those of the machine's uptime."""

    def __init__(self, object_to: Callable[[str], None]) -> None:
        self.object_to = object_to
        self.accepted: list[Message] = []
        self.told: Counter[Letter] = Counter()
        self.repeats = 0
        self.false_announcements = 0
        self._edges: dict[str, Edge] = {}
        self._intended: dict[Letter, str | None] = {}
        self._decided_at: dict[str, datetime] = {}
        self._dated: dict[str, datetime] = {}
        self._earliest = BOOT
        self._also: set[tuple[str, str]] = set()
        self._letters: dict[int, Letter] = {}
        self._in_flight: set[int] = set()
        self._claims: dict[Letter, list[tuple[float, bool]]] = {}
        self._recorded_s: dict[Letter, float] = {}
        self._excuses: Counter[Letter] = Counter()
        self._forbidden: set[Letter] = set()
        self._expired_at: dict[int, datetime] = {}
        self._arrivals: dict[Letter, list[tuple[float, bool]]] = {}

    def committed(self, decision: Decision, now: datetime) -> None:
        told: Sequence[Transition | Notice] = [*decision.transitions, *decision.notices]
        for one in told:
            self._decided_at[one.event_id], self._dated[one.event_id] = now, one.at
            self._earliest = min(self._earliest, one.at)
            for intent in one.deliveries:
                muted = intent.muted.value if intent.muted else None
                self._intended[one.event_id, intent.channel] = muted

    def expect(self, edge: Edge, event: str) -> None:
        """What the model makes of this event."""
        self._edges[event] = edge

    def claimed(
        self, channel: str, claim: Claim, now: datetime, now_s: float, is_there: Callable[[str, str], bool]
    ) -> None:
        self._expired_at |= dict.fromkeys(claim.expired, now)
        for item in claim.items:
            letter = (item.told.event_id, channel)
            self._letters[item.delivery_id] = letter
            self._in_flight.add(item.delivery_id)
            edge = self._edges.get(letter[0])
            if edge is None or edge.kind == "resolved":
                continue
            self._claims.setdefault(letter, []).append((now_s, item.resolve is not None))
            if item.resolve is None and not is_there(edge.rule, edge.code):
                self.false_announcements += 1
                self.object_to(f"FALSE: event {letter} is claimed as if it were there now, but it is gone")

    def recorded(self, numbers: Sequence[int], outcome: Outcome, now_s: float) -> None:
        self._in_flight -= set(numbers)
        for letter in map(self._letters.__getitem__, numbers):
            if isinstance(outcome, Accepted):
                self._recorded_s[letter] = now_s
            elif outcome.kind is FailureClass.PERMANENT:
                self._forbidden.add(letter)

    def released(self, numbers: Sequence[int]) -> None:
        self._in_flight -= set(numbers)

    def died(self) -> None:
        """Whatever was in flight may be sent once more."""
        self._excuses.update(self._letters[number] for number in self._in_flight)
        self._in_flight.clear()

    def received(self, message: Message) -> None:
        self.accepted.append(message)
        self._also |= {(message.channel, name) for name in also_in(message)}
        for line in lines_of(message):
            for event in line.events:
                self._received_one((event, message.channel), line, message)

    def audit(
        self,
        ends: Iterable[End],
        channels: Collection[str],
        before: datetime,
        is_clearing: Callable[[str, str], bool],
    ) -> None:
        """What waits on these channels was decided after `before`, or cannot be told truthfully yet."""
        for end in ends:
            if end.state not in {"pending", "retry"} or end.channel not in channels:
                continue
            edge = self._edges.get(end.event)
            is_held = edge is not None and edge.kind != "resolved" and is_clearing(edge.rule, edge.code)
            decided_at = self._decided_at.get(end.event)
            if decided_at is not None and decided_at < before and not is_held:
                self.object_to(f"{end} has been waiting since {decided_at} with nothing in its way")

    def finish(self, ends: Iterable[End], today: datetime) -> None:
        """All is over: every delivery has ended, and each in a way that is true.

        What was told, or came to an end, while the clock stood years behind is forgotten as what is that old.
        """
        found: Counter[Letter] = Counter()
        for end in ends:
            found[end.event, end.channel] += 1
            self._judge_end(end)
        for letter, arrivals in self._arrivals.items():
            self._judge_repeats(letter, sorted(arrivals))
        self._judge_order()
        for letter in self._intended:
            is_edge = letter[0] in self._edges
            is_old = today - (self._dated[letter[0]] if is_edge else self._earliest) > DEFAULT_KEEP
            if found[letter] != 1 and not (is_old and not found[letter]):
                self.object_to(f"{letter} has {found[letter]} deliveries in the outbox, not one")

    def _judge_repeats(self, letter: Letter, arrivals: Sequence[tuple[float, bool]]) -> None:
        """In the order in which they were sent: one that was given up on may arrive later than the next."""
        again = arrivals[1:]
        self.repeats += len(again)
        if len(again) > self._excuses[letter]:
            self.object_to(f"{letter} arrived {len(arrivals)} times, {self._excuses[letter]} of them excused")
        if not all(is_marked for _, is_marked in again):
            self.object_to(f"{letter} arrived {len(arrivals)} times without being marked as a repeat")

    def _received_one(self, letter: Letter, line: Line, message: Message) -> None:
        edge = self._edges.get(letter[0])
        if edge is not None:
            self._judge_words(letter, edge, line, message.started_s)
        if self._recorded_s.get(letter, message.started_s) < message.started_s:
            self.object_to(f"{letter} is sent again though it was known to have arrived")
        self.told[letter] += 1
        self._arrivals.setdefault(letter, []).append((message.started_s, line.is_marked or edge is None))
        self._excuses[letter] += not message.is_answered

    def _judge_words(self, letter: Letter, edge: Edge, line: Line, started_s: float) -> None:
        """What was known when it was claimed: it may arrive long after that."""
        known = [is_past for claimed_s, is_past in self._claims.get(letter, ()) if claimed_s <= started_s]
        wanted = "WAS IN STOCK" if known and known[-1] else _WORDS[edge.kind, edge.cause]
        if not line.says(wanted, edge.code):
            self.false_announcements += 1
            self.object_to(f"FALSE: {letter} reads {line.text!r}, not {wanted} of {edge.code}")
        if self._intended.get(letter, "nothing") is not None:
            self.object_to(f"{letter} was told though it was muted: {self._intended.get(letter)}")

    def _judge_order(self) -> None:
        """Of one alert, on one channel, nothing is told before what came earlier."""
        streams: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
        numbers = {event: number for number, event in enumerate(self._decided_at)}
        for (event, channel), arrivals in self._arrivals.items():
            if edge := self._edges.get(event):
                told = (numbers[event], min(arrivals)[0])
                streams.setdefault((edge.rule, edge.code, channel), []).append(told)
        for stream, events in streams.items():
            starts = [started_s for _, started_s in sorted(events)]
            if starts != sorted(starts):
                self.object_to(f"of {stream} a later event was told before an earlier one")

    def _judge_end(self, end: End) -> None:
        letter = (end.event, end.channel)
        muted = self._intended.get(letter)
        is_true = {
            "muted": muted == end.reason if muted is not None else self._is_merged(letter, end),
            "sent": self.told[letter] > 0 or self._is_also_told(letter),
            "failed": letter in self._forbidden,
            "expired": end.reason == "rule removed" or self._was_late(end),
        }
        if muted is not None and end.state != "muted":
            self.object_to(f"{letter} was muted ({muted}) and is {end.state}")
        elif not is_true.get(end.state, False):
            when = f"decided {self._decided_at.get(end.event)}, expired {self._expired_at.get(end.number)}"
            self.object_to(f"{letter} ended as {end.state} ({end.reason}), which is not true: {when}")

    def _is_also_told(self, letter: Letter) -> bool:
        """Beyond ten lines a message tells of a product, or of whom a notice is about, by its name alone."""
        edge = self._edges.get(letter[0])
        names = {name for channel, name in self._also if channel == letter[1]}
        return edge.code in names if edge else bool(names)

    def _is_merged(self, letter: Letter, end: End) -> bool:
        """A resolve goes with its opening's message, what adds to an opening gives way to what is newer."""
        edge = self._edges.get(letter[0])
        is_of_that_kind = edge is not None and (edge.kind == "resolved" or edge.cause in {"reminder", "more"})
        return end.reason == "merged" and is_of_that_kind

    def _was_late(self, end: End) -> bool:
        expired_at, decided_at = self._expired_at.get(end.number), self._decided_at.get(end.event)
        if expired_at is None:
            return False
        return decided_at is None or expired_at - decided_at > GIVE_UP_AFTER[end.channel] - RESOLUTION


_WORDS: Final = {
    ("fired", "stock"): "BACK IN STOCK",
    ("fired", "listing"): "BACK IN STOCK",
    ("fired", "first sight"): "IN STOCK",
    ("fired", "existing"): "IN STOCK",
    ("fired", "count"): "ENOUGH NOW",
    ("fired", "price"): "PRICE NOW FITS",
    ("fired", "stock error"): "UNBLOCKED",
    ("fired", "other"): "NOW MATCHES",
    ("resolved", "stock"): "SOLD OUT",
    ("resolved", "count"): "BELOW YOUR NEED",
    ("resolved", "price"): "PRICE TOO HIGH",
    ("resolved", "stock error"): "BLOCKED",
    ("resolved", "listing"): "NO LONGER LISTED",
    ("repeated", "reminder"): "STILL IN STOCK",
    ("repeated", "silence ended"): "STILL IN STOCK",
    ("repeated", "opened again"): "OPENED AGAIN",
    ("repeated", "more"): "MORE IN STOCK",
}
