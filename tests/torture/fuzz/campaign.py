"""A campaign of answers in one process: provider after provider, with restarts, memory and time watched."""

import ctypes
import gc
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from monitor.core.answer import Failed, FailureKind
from monitor.core.product import Feed
from tests.torture.fuzz.answers import AnswerMaker
from tests.torture.fuzz.bulky import bulky
from tests.torture.fuzz.player import LONGEST_HOLD_S, Played, Player
from tests.torture.fuzz.shelf import new_shelf
from tests.torture.fuzz.shrink import shrunk
from tests.torture.fuzz.tally import Tally

PER_PROVIDER: Final = 250
"""After so many answers another provider follows: the world of one must not grow for ever."""

STORED_EVERY: Final = 20
"""Of so many providers one is committed into a real database."""

BULKY_EVERY: Final = 1000
_WIRE: Final = (FailureKind.TIMEOUT, FailureKind.UNREACHABLE, FailureKind.HTTP_STATUS)
_MB: Final = 1024 * 1024


def campaign(seed: int, answers: int, folder: Path) -> Tally:
    """The same seed and number bring the same answers."""
    tally = Tally()
    warm_up = max(answers // 5, 1)
    at_first: float | None = None
    provider = 0
    while tally.answers < answers:
        _play_provider(tally, seed, provider, min(PER_PROVIDER, answers - tally.answers), folder)
        provider += 1
        if at_first is None and tally.answers >= warm_up:
            at_first = memory_mb()
    tally.growth_mb = memory_mb() - (at_first or 0.0)
    return tally


def bodies(seed: int, provider: int, answers: int) -> Iterator[bytes]:
    """What one provider answers: to play a violation again, its seed and provider are enough."""
    chance = random.Random(f"{seed}/{provider}")
    maker = AnswerMaker(chance)
    for _ in range(answers):
        yield bulky(chance) if chance.random() < 1 / BULKY_EVERY else maker.make()


def feed_of(provider: int) -> Feed:
    return Feed("default", 1 if provider % 3 == 2 else None)


def memory_mb() -> float:
    """What the process holds now, without what is garbage or has yet to be given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / _MB


def _play_provider(tally: Tally, seed: int, provider: int, answers: int, folder: Path) -> None:
    is_stored = provider % STORED_EVERY == 1
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder))) if is_stored else None
        shelf = stack.enter_context(new_shelf(place)) if place else None
        player = Player(feed_of(provider), shelf)
        accidents = random.Random(f"accidents {seed}/{provider}")
        for number, body in enumerate(bodies(seed, provider, answers)):
            complaints = _accident(tally, player, accidents)
            complaints += _play(tally, player, body)
            tally.committed += is_stored
            if complaints:
                where = f"seed {seed}, provider {provider}, answer {number}"
                tally.complain(f"{where}: {complaints[0]:.600}; {_shown(body, feed_of(provider))}")
                return


def _accident(tally: Tally, player: Player, chance: random.Random) -> list[str]:
    """Now and then the process ends, or the wire brings nothing."""
    luck = chance.random()
    if luck < 0.01:
        tally.reached["restart"] += 1
        return player.restart()
    if luck < 0.02:
        kind = chance.choice(_WIRE)
        return player.fail(Failed(kind, kind.value)).complaints
    return []


def _play(tally: Tally, player: Player, body: bytes) -> list[str]:
    played = _played(player, body)
    if isinstance(played, str):
        tally.answers += 1
        return [played]
    tally.note(played)
    if played.hold_s > LONGEST_HOLD_S:
        return [*played.complaints, f"it held the loop for {played.hold_s * 1000:.1f} ms"]
    return played.complaints


def _played(player: Player, body: bytes) -> Played | str:
    try:
        return player.play(body)
    except Exception as error:
        return f"it raised {type(error).__name__}: {error}"


def _shown(body: bytes, feed: Feed) -> str:
    """The answer as small as it can be made so that it still fails by itself; else as it came."""

    def fails(candidate: bytes) -> bool:
        played = _played(Player(feed), candidate)
        return isinstance(played, str) or bool(played.complaints)

    return (
        f"it fails alone: {shrunk(body, fails)!r:.2000}" if fails(body) else f"after others: {body!r:.2000}"
    )
