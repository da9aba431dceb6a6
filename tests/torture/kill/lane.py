"""One of the lanes that run side by side: era after era, each on a new database and judged at its end."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.torture.kill.era import Era
from tests.torture.kill.history import read_history
from tests.torture.kill.judge import Verdict, judge
from tests.torture.kill.locks import wait_for_lock
from tests.torture.nursery import Nursery

CYCLES_OF_AN_ERA: Final = 400
VERDICT: Final = "verdict.json"


@dataclass(frozen=True, slots=True)
class Order:
    """What one lane is to do."""

    seed: int
    lane: int
    cycles: int
    folder: Path
    cycles_of_an_era: int = CYCLES_OF_AN_ERA


def run_lane(order: Order) -> Verdict:
    """What lies in the folder from an earlier run is kept, and gone on with."""
    counts: Counter[str] = Counter()
    violations: list[str] = []
    gaps_ms: list[int] = []
    order.folder.mkdir(parents=True, exist_ok=True)
    with wait_for_lock(order.folder / "lock"), Nursery() as nursery:
        for number, first in enumerate(range(0, order.cycles, order.cycles_of_an_era)):
            cycles = min(order.cycles_of_an_era, order.cycles - first)
            verdict = _verdict(nursery, order, order.folder / f"era-{number:03}", first, cycles)
            counts.update(verdict.counts)
            gaps_ms += verdict.gaps_ms
            where = f"seed {order.seed}, lane {order.lane}, cycles from {first}"
            violations += [f"{where}: {violation}" for violation in verdict.violations]
    return Verdict(dict(counts), tuple(violations), tuple(gaps_ms))


def _verdict(nursery: Nursery, order: Order, folder: Path, first: int, cycles: int) -> Verdict:
    file = folder / VERDICT
    if file.exists():
        return _read(json.loads(file.read_text("utf-8")))
    with Era(nursery, folder, order.seed, order.lane, first, cycles) as era:
        era.run()
    verdict = judge(read_history(folder))
    file.write_text(json.dumps(asdict(verdict), indent=1, ensure_ascii=False), "utf-8")
    return verdict


def _read(kept: Mapping[str, object]) -> Verdict:
    counts, violations, gaps_ms = kept["counts"], kept["violations"], kept["gaps_ms"]
    assert isinstance(counts, dict)
    assert isinstance(violations, list)
    assert isinstance(gaps_ms, list)
    return Verdict(dict(counts), tuple(violations), tuple(gaps_ms))
