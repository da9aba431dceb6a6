"""Receivers in virtual time: they accept, refuse, pause and keep silent as drawn, and keep what they got."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from random import Random
from typing import Final

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.sending import DEADLINE
from tests.torture.clocks.fuse import Fuse
from tests.torture.clocks.times import SimulatedClock

SILENT_S: Final = (15.5, 40.0)


class Mood(Enum):
    """How a receiver is for some hours."""

    FINE = auto()
    FLAKY = auto()
    DOWN = auto()
    BUSY = auto()
    CLOSED = auto()


_WEIGHTS: Final[dict[Mood, dict[str, int]]] = {
    Mood.FINE: {"accept": 97, "refuse": 1, "lose": 1, "swallow": 1},
    Mood.FLAKY: {"accept": 50, "refuse": 25, "lose": 10, "swallow": 10, "pause": 5},
    Mood.DOWN: {"refuse": 90, "swallow": 10},
    Mood.BUSY: {"pause": 70, "accept": 30},
    Mood.CLOSED: {"forbid": 80, "accept": 20},
}


@dataclass(frozen=True, slots=True)
class Message:
    """One that was accepted. `is_answered`: in time, and the answer was not lost."""

    channel: str
    started_s: float
    title: str
    body: str
    is_answered: bool


class Receiver:
    """One channel's other side, for one life of the monitor: a Sendable that answers at once.

    How long an answer takes is up to `Doors`, which lets messages through one by one.
    """

    def __init__(self, name: str, doors: "Doors", fuse: Fuse) -> None:
        self._name = name
        self._doors = doors
        self._fuse = fuse

    def send(self, title: str, body: str) -> Outcome:
        """Nothing arrives from a process that is dead."""
        if self._fuse.is_dead:
            return Refused(FailureClass.AMBIGUOUS, "dead")
        outcome = self._doors.receive(self._name, title, body)
        self._fuse.pass_by("accepted")
        return outcome


class Doors:
    """All receivers of a seed, through all lives of the monitor.

    Each has a chance of its own: in which order lanes go at the same moment is not drawn.
    """

    def __init__(
        self,
        chances: Mapping[str, Random],
        clock: SimulatedClock,
        mood: Callable[[str, float], Mood],
        received: Callable[[Message], None],
    ) -> None:
        self._chances = chances
        self._clock = clock
        self._mood = mood
        self._received = received
        self._started_s = 0.0

    def start(self, name: str, work: Callable[[], None]) -> None:
        """In place of a thread: the message arrives after a while, some only when nobody waits any more."""
        loop = asyncio.get_running_loop()
        channel = name.removeprefix("send-")
        mood, chance = self._mood(channel, self._clock.uptime_s), self._chances[channel]
        is_silent = chance.random() < (0.01 if mood is Mood.FINE else 0.05)
        seconds = chance.uniform(*SILENT_S) if is_silent else chance.expovariate(2)
        loop.call_later(min(seconds, SILENT_S[1]), self._arrive, self._clock.uptime_s, work)

    def receive(self, name: str, title: str, body: str) -> Outcome:
        weights = _WEIGHTS[self._mood(name, self._clock.uptime_s)]
        chance = self._chances[name]
        [drawn] = chance.choices(list(weights), list(weights.values()))
        if drawn in {"accept", "lose"}:
            is_late = self._clock.uptime_s - self._started_s > DEADLINE.total_seconds()
            is_answered = drawn == "accept" and not is_late
            self._received(Message(name, self._started_s, title, body, is_answered))
        match drawn:
            case "accept":
                return Accepted()
            case "lose" | "swallow":
                return Refused(FailureClass.AMBIGUOUS, "the connection was lost")
            case "pause":
                wait = timedelta(seconds=chance.choice((1, 20, 300)))
                return Refused(FailureClass.TRANSIENT, "too many", wait, pauses_channel=True)
            case "forbid":
                return Refused(FailureClass.PERMANENT, "gone for good")
            case _:
                return Refused(FailureClass.TRANSIENT, "not now")

    def _arrive(self, started_s: float, work: Callable[[], None]) -> None:
        self._started_s = started_s
        work()
