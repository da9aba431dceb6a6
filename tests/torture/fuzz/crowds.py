"""A campaign of large answers: of thousands of products, up to 16 MiB, each several times over."""

import gc
import random
import tempfile
from pathlib import Path
from typing import Final

from monitor.daemon import collector
from tests.torture.fuzz.bulky import LARGEST, bulky, crowd, restocked
from tests.torture.fuzz.live import Felt, feel
from tests.torture.fuzz.player import LONGEST_HOLD_S, TRIES
from tests.torture.fuzz.tally import Tally

MOST_PRODUCTS: Final = 5_000
"""A hundred times what the provider lists. Beyond it bounds on time are measured, but not promised."""


def crowds(seed: int, rounds: int, most: int = MOST_PRODUCTS) -> Tally:
    """Each round is a monitor of its own that gets six answers."""
    tally = Tally()
    for number in range(rounds):
        chance = random.Random(f"crowds {seed}/{number}")
        bodies = _round(chance, chance.choice((most // 5, most // 2, most)))
        best = _felt_at_best(bodies)
        for place, felt in enumerate(best):
            tally.answers += 1
            tally.longest_hold_s = max(tally.longest_hold_s, felt.silence_s)
            where = f"seed {seed}, round {number} of crowds, answer {place} of {len(bodies[place]):,} bytes"
            for why in felt.complaints:
                tally.complain(f"{where}: {why}")
            if felt.silence_s > LONGEST_HOLD_S:
                tally.complain(
                    f"{where}: the loop was silent for {felt.silence_s * 1000:.0f} ms at best"
                    f" (its own work: {felt.work_s * 1000:.0f} ms)"
                )
    return tally


def feel_round(seed: int, products: int) -> list[Felt]:
    """One round of so many products, once."""
    return _felt(_round(random.Random(f"round {seed}"), products))


def _round(chance: random.Random, rows: int) -> list[bytes]:
    """First sight, the same again, most of them changed, and then three of whatever kind."""
    good = restocked(chance, rows)
    wild = [crowd(chance, rows), bulky(chance), _empty_room(chance)]
    return [good, good, restocked(chance, rows), *wild]


def _empty_room(chance: random.Random) -> bytes:
    """As large as an answer may be, and nothing in it, or one row that is."""
    size = LARGEST - 200
    filling = chance.choice((b" " * size, b"9" * size, b'"' + b"x" * (size - 2) + b'"', b"[" * size))
    return b'{"status":200,"data":[' + filling + b"]}"


def _felt(bodies: list[bytes]) -> list[Felt]:
    """In a process like the daemon's, whose collector is settled."""
    before = gc.get_threshold()
    collector.settle()
    try:
        with tempfile.TemporaryDirectory(prefix="crowds-") as folder:
            return feel(bodies, Path(folder))
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _felt_at_best(bodies: list[bytes]) -> list[Felt]:
    """A busy machine makes any loop silent: what is too long is played again, and the best of it counts."""
    best: list[Felt] = []
    for _ in range(TRIES):
        felt = _felt(bodies)
        best = [min(pair) for pair in zip(best, felt, strict=True)] if best else felt
        if all(one.silence_s <= LONGEST_HOLD_S for one in best):
            break
    return best
