"""N10: a thousand products come at once, and go at once; and a robot that takes twenty messages a minute."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.torture.receivers.judge import audit
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.tally import Tally
from tests.torture.receivers.visits import Visit

KINDS: Final = ("slack", "tgram", "discord", "mail", "json")
PACED: Final = "paced"
TICK: Final = "TICK-1"
MOST: Final = 20
WINDOW_S: Final = 60.0
PATIENCE_S: Final = 120.0
_TICKED: Final = "SELECT count(*) FROM delivery WHERE channel = 'paced' AND transition_id IS NOT NULL"


def play(folder: Path, size: int, ticks: int) -> Tally:
    """`ticks`: so many times a product comes or goes, a second apart, for the channel that must be paced."""
    codes = [f"PRD-{number:04}" for number in range(size)]
    with Scene.built(folder) as scene:
        for kind in KINDS:
            scene.add_channel(kind, kind)
        scene.add_channel(PACED, "wecom")
        scene.add_watch("crowd", "PRD-*", *KINDS)
        scene.add_watch("tick", TICK, PACED)
        scene.stock(0, TICK, *codes)
        scene.configure()
        daemon = scene.start()
        for remaining in (2, 0):
            scene.stock(remaining, *codes)
            told = len(KINDS) * size * (2 - remaining // 2)
            scene.patiently(lambda told=told: _sent(scene) >= told, PATIENCE_S)  # type: ignore[misc]
        _tick(scene, ticks)
        daemon.stop(within_s=30)
        visits, deliveries = scene.visits(*scene.channels), scene.deliveries()
        tally = Tally(list(audit(deliveries, visits, [])))
        for kind in KINDS:
            tally.violations += ordered_and_grouped(kind, codes, scene.visits(kind))
        tally.violations += paced(scene.visits(PACED))
        tally.count("N10: transitions at once", size)
        tally.count("longest series of messages for them", max(len(scene.visits(kind)) for kind in KINDS))
        tally.count("N10: messages to the paced robot", len(scene.visits(PACED)))
        return tally


def ordered_and_grouped(channel: str, codes: Sequence[str], visits: Sequence[Visit]) -> Iterator[str]:
    """Each product is told of twice, first that it came; in far fewer messages than products."""
    for code in codes:
        words = [visit.words for visit in visits if visit.taken and code in visit.words]
        if len(words) != 2 or "SOLD OUT" in words[0] or "SOLD OUT" not in words[1]:
            yield f"{channel}: {code} was told of {len(words)} times, or in the wrong order"
    if len(visits) > 2 + len(codes) / 10:
        yield f"{channel}: {len(visits)} messages for {len(codes)} products are not grouped"


def paced(visits: Sequence[Visit]) -> Iterator[str]:
    """The window is the sender's, who cannot know the receiver's clock to the millisecond."""
    times = [visit.at_s for visit in visits]
    for first, one_too_many in zip(times, times[MOST:], strict=False):
        if one_too_many - first < WINDOW_S - 0.5:
            yield f"{MOST + 1} messages within {one_too_many - first:.1f} s, allowed are {MOST} in a minute"


def _sent(scene: Scene) -> int:
    [(count,)] = scene.rows("SELECT count(*) FROM delivery WHERE state = 'sent'")
    return int(str(count))


def _tick(scene: Scene, ticks: int) -> None:
    """Each change is told, at last, however long the robot's patience makes it wait."""
    for number in range(ticks):
        scene.stock(number % 2, TICK)
        scene.patiently(lambda n=number: scene.rows(_TICKED) >= [(n,)], 10)  # type: ignore[misc]
    waiting = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'retry')"
    scene.patiently(lambda: scene.rows(waiting) == [(0,)], PATIENCE_S)
