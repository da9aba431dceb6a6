"""Plays the month of one seed: lives of the monitor, one after the other, and what happens to them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from monitor.daemon.parts import Parts
from tests.torture.clocks.alert_model import Edge
from tests.torture.clocks.director import Director
from tests.torture.clocks.judge import Judge
from tests.torture.clocks.places import Place
from tests.torture.clocks.plan import draw
from tests.torture.clocks.post import Post
from tests.torture.clocks.receivers import Doors, Message
from tests.torture.clocks.scene import CHANNELS
from tests.torture.clocks.shelf import Shelf
from tests.torture.clocks.times import UPTIME_S, SimulatedClock, scheduler_reads
from tests.torture.clocks.upstream import Upstream
from tests.torture.virtual_time import VirtualLoop

MOST_OBJECTIONS: Final = 5
_EXPECTED_ERRORS: Final = {"delivery failed", "delivery expired", "health"}


@dataclass
class Month:
    """What was found in one seed, and how much of everything there was.

    `left_out`: objections beside those that are told: after the first mistake there may be thousands.
    """

    seed: int
    objections: list[str] = field(default_factory=list)
    left_out: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    edges: Sequence[Edge] = ()
    messages: Sequence[Message] = ()

    def object_to(self, what: str, uptime_s: float) -> None:
        if len(self.objections) >= MOST_OBJECTIONS:
            self.left_out += 1
            return
        day = (uptime_s - UPTIME_S) / 86_400
        self.objections.append(f"seed {self.seed}, day {day:.5f}: {what}")


def none(_: Parts) -> None:
    """No mistake."""


def simulate(
    seed: int,
    place: Place,
    folder: Path,
    days: float = 30,
    *,
    faults: bool = True,
    density: float = 1.0,
    mistake: Callable[[Parts], None] = none,
) -> Month:
    """`folder` holds the configuration. The same seed is the same month, whatever the place.

    `density`: so many times as many accidents. `mistake` breaks something in the parts of each life: that is
    for tests of the judge.
    """
    month, clock = Month(seed), SimulatedClock()

    def object_to(what: str) -> None:
        month.object_to(what, clock.uptime_s)

    plan = draw(Random(f"{seed} plan"), days, faults=faults, density=density)
    shelf = Shelf(Random(f"{seed} shelf"), UPTIME_S, plan.end_s)
    upstream = Upstream(Random(f"{seed} upstream"), clock, shelf, plan.fault_share, object_to)
    post = Post(object_to)
    judge = Judge(clock, lambda: upstream.newest, post)
    chances = {name: Random(f"{seed} {name}") for name in CHANNELS}
    doors = Doors(chances, clock, plan.moods, post.received)
    director = Director(Random(f"{seed} chance"), clock, plan, place, judge, upstream, doors, folder, mistake)
    loop = VirtualLoop(clock.advance)
    loop.set_exception_handler(lambda _, context: object_to(f"in the loop: {context}"))
    with scheduler_reads(clock), _heard(object_to):
        try:
            loop.run_until_complete(director.run())
        finally:
            loop.close()
    post.finish(place.ends(), clock.now())
    month.edges, month.messages = judge.edges, post.accepted
    month.counts = judge.counts + director.counts + _counted(upstream, post, judge.edges)
    return month


def _counted(upstream: Upstream, post: Post, edges: Sequence[Edge]) -> Counter[str]:
    counts = Counter(
        requests=upstream.asked,
        faults=upstream.faults,
        messages=len(post.accepted),
        repeats=post.repeats,
        false=post.false_announcements,
    )
    counts.update(f"{edge.kind}: {edge.cause}" for edge in edges)
    counts.update(f"muted: {edge.muted}" for edge in edges if edge.muted)
    return counts


class _Ears(logging.Handler):
    def __init__(self, object_to: Any) -> None:
        super().__init__(logging.ERROR)
        self._object_to = object_to

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() not in _EXPECTED_ERRORS:
            self._object_to(f"logged: {self.format(record)[-1500:]}")


@contextmanager
def _heard(object_to: Any) -> Iterator[None]:
    """Whatever the monitor calls an error is one, but for what receivers do."""
    logger, ears = logging.getLogger("monitor"), _Ears(object_to)
    level = logger.level
    logger.addHandler(ears)
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(ears)
        logger.setLevel(level)
        logger.propagate = True
