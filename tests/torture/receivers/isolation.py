"""How long a message takes through a healthy channel, alone and beside three that are sick.

Two daemons run in the same seconds, each with a provider whose stock changes at every poll. One has the
healthy channel alone; the other has a hung, a dripping and a dead one beside it, told of every change too.
What disturbs the machine disturbs both.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from math import inf, isinf
from pathlib import Path
from time import monotonic
from typing import Final

from monitor.simulator.offer import Offer
from monitor.simulator.server import Simulator
from tests.acceptance.daemon import Daemon
from tests.acceptance.provider import OFFER, Provider, Shelf
from tests.fakes.internet import Answer
from tests.torture.receivers.judge import audit, events_in
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.tally import Tally
from tests.torture.receivers.visits import Reply
from tests.torture.report import Count

INTERVAL_S: Final = 1.0
BOUND_MS: Final = 100.0
FIRST: Final = -10
HEALTHY: Final = "healthy"
SICK: Final = ("hung", "dripping", "dead")
CODES: Final = ("PRD-A", "PRD-B")


class Metronome(Shelf):
    """At every poll one product comes and the other goes. Remembers when each answer was made."""

    def __init__(self) -> None:
        super().__init__()
        self.answered_s: list[float] = []

    def offers_at(self, at_s: float) -> Sequence[Offer]:
        self.answered_s.append(monotonic())
        turn = len(self.answered_s) % 2
        return [replace(OFFER, product_code=code, remaining=3 * (turn ^ n)) for n, code in enumerate(CODES)]


class TickingProvider(Provider):
    def __init__(self, api_key: str) -> None:
        super().__init__(api_key)
        self.shelf = Metronome()
        self._simulator = Simulator(self.shelf, lambda: 0.0, api_key=api_key)


@dataclass(frozen=True, slots=True)
class Measured:
    """Of each answer: how long until its restock was with the receiver, and how late it was asked for.

    What never arrived took for ever. Polls are late by their own beat, which the earliest of them gives.
    """

    delays_ms: Sequence[float]
    late_ms: Sequence[float]
    missed_polls: int
    cpu_s: float

    @property
    def never_arrived(self) -> int:
        return sum(map(isinf, self.delays_ms))


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def play(folder: Path, seconds: float, bound_ms: float = BOUND_MS) -> Tally:
    with ExitStack() as stack:
        stack.enter_context(before_others())
        scenes = [
            stack.enter_context(_scene(folder / name, sick))
            for name, sick in (("alone", ()), ("beside", SICK))
        ]
        daemons = [scene.start() for scene in scenes]
        scenes[0].patiently(lambda: False, seconds)
        cpu_s = [_cpu_s(daemon) for daemon in daemons]
        for daemon in daemons:
            daemon.stop(within_s=30)
        alone, beside = (measured(scene, spent) for scene, spent in zip(scenes, cpu_s, strict=True))
        tally = Tally(list(compared(alone, beside, bound_ms)), dict(_counts(alone, beside)))
        for scene in scenes:
            deliveries, visits = scene.deliveries(), scene.visits(*scene.channels)
            # A message that was not begun when the daemon was stopped waits for its next start.
            tally.violations += audit(deliveries, visits, [], {*SICK, HEALTHY})
        return tally


@contextmanager
def before_others() -> Iterator[None]:
    """What else this machine does is not what is measured: all that starts here goes first, if it may."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


def compared(alone: Measured, beside: Measured, bound_ms: float = BOUND_MS) -> Iterator[str]:
    later_ms = percentile(beside.delays_ms, 0.99) - percentile(alone.delays_ms, 0.99)
    if later_ms > bound_ms:
        yield f"beside sick channels the p99 of the healthy one is {later_ms:.0f} ms later"
    polled_later_ms = percentile(beside.late_ms, 0.99) - percentile(alone.late_ms, 0.99)
    if polled_later_ms > bound_ms:
        yield f"beside sick channels the p99 of the polls is {polled_later_ms:.0f} ms later"
    if beside.missed_polls > alone.missed_polls:
        yield f"beside sick channels {beside.missed_polls} polls were missed, alone {alone.missed_polls}"
    for name, one in (("alone", alone), ("beside", beside)):
        if one.never_arrived:
            yield f"{name}: {one.never_arrived} of {len(one.delays_ms)} restocks never arrived"


def measured(scene: Scene, cpu_s: float) -> Measured:
    shelf = scene.provider.shelf
    assert isinstance(shelf, Metronome)
    polls = {poll: number for number, (poll,) in enumerate(scene.rows("SELECT id FROM poll ORDER BY id"))}
    seen = scene.rows("SELECT event_id, poll_id FROM transition WHERE edge = 'fired'")
    numbers = {str(event): polls[poll] for event, poll in seen}
    arrived_s = {
        numbers[event]: visit.at_s
        for visit in reversed(scene.visits(HEALTHY))
        for event in events_in(visit.words)
        if event in numbers
    }
    late_ms, missed = lateness(shelf.answered_s)
    return Measured(delays(shelf.answered_s, arrived_s), late_ms, missed, cpu_s)


def delays(answered_s: Sequence[float], arrived_s: Mapping[int, float]) -> list[float]:
    """In ms, by the number of the answer. The daemon may have been stopped before it told of the last one."""
    found = [1000 * (arrived_s.get(number, inf) - at_s) for number, at_s in enumerate(answered_s)]
    return found[:-1] if isinf(found[-1]) else found


def lateness(answered_s: Sequence[float]) -> tuple[list[float], int]:
    """In ms, and how many beats had no poll."""
    beats = [round((at_s - answered_s[0]) / INTERVAL_S) for at_s in answered_s]
    off_s = [at_s - beat * INTERVAL_S for at_s, beat in zip(answered_s, beats, strict=True)]
    return [1000 * (each - min(off_s)) for each in off_s], beats[-1] + 1 - len(beats)


@contextmanager
def _scene(folder: Path, sick: Sequence[str]) -> Iterator[Scene]:
    with Scene.built(folder, TickingProvider) as scene:
        scene.add_channel(HEALTHY, "json")
        for name in sick:
            scene.add_channel(name, "plain" if name == "dead" else "json", port=scene.town.shut_port())
        for name, reply in (("hung", Reply(answer=Answer(fault="hang"))), ("dripping", Reply(drips=True))):
            if name in sick:
                scene.town.doors[name].usual = reply
        for code in CODES:
            scene.add_watch(code, code, HEALTHY, *sick)
        scene.notify = [HEALTHY]
        scene.configure()
        yield scene


def _cpu_s(daemon: Daemon) -> float:
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _counts(alone: Measured, beside: Measured) -> Iterator[tuple[str, Count]]:
    yield "isolation: restocks told", len(beside.delays_ms) - beside.never_arrived
    for name, one in (("alone", alone), ("beside", beside)):
        for share, words in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (1.0, "max")):
            delay_ms = percentile(one.delays_ms, share)
            yield f"{name} {words}, ms", "never" if isinf(delay_ms) else round(delay_ms, 1)
        yield f"{name} never arrived", one.never_arrived
        yield f"{name} polls", len(one.late_ms)
        yield f"{name} polls late p99, ms", round(percentile(one.late_ms, 0.99), 1)
        yield f"{name} polls late max, ms", round(max(one.late_ms), 1)
        yield f"{name} polls missed", one.missed_polls
        yield f"{name} CPU, s", one.cpu_s
