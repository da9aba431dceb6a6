"""kill -9 at random moments: ten thousand lives of the daemon, nothing lost, every repeat explained."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path
from statistics import median
from typing import Final

from tests.torture.kill.era import JOURNAL
from tests.torture.kill.judge import GAPS, KILLED, Verdict
from tests.torture.kill.lane import Order, run_lane
from tests.torture.kill.phases import Phase
from tests.torture.report import Count, Result, Run

LANES: Final = 2
CYCLES: Final = 10_000
QUICK_CYCLES: Final = 48
TELLS_EVERY_S: Final = 30.0


def torture(run: Run) -> Result:
    cycles = QUICK_CYCLES if run.quick else CYCLES
    orders = [Order(run.seed, lane, cycles // LANES, run.folder / f"lane-{lane}") for lane in range(LANES)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(LANES, mp_context=context) as pool:
        lanes = [pool.submit(run_lane, order) for order in orders]
        _tell(run, lanes, cycles)
        verdicts = [lane.result() for lane in lanes]
    return result_of(verdicts, quick=run.quick)


def result_of(verdicts: Iterable[Verdict], *, quick: bool) -> Result:
    counts: Counter[str] = Counter()
    violations: list[str] = []
    gaps_ms: list[int] = []
    for verdict in verdicts:
        counts.update(verdict.counts)
        violations += verdict.violations
        gaps_ms += verdict.gaps_ms
    return Result(_plain(counts, gaps_ms), violations + _not_shown(counts, quick=quick))


def _plain(counts: Mapping[str, int], gaps_ms: Sequence[int]) -> dict[str, Count]:
    share = 100 * counts["messages that went wrong"] / max(counts["messages"], 1)
    of_gaps = {
        "ms from a yes to the kill before its record, median": median(gaps_ms or [0]),
        "ms from a yes to the kill before its record, longest": max(gaps_ms, default=0),
    }
    return {**counts, "percent of messages that went wrong": share, **of_gaps}


def _not_shown(counts: Mapping[str, int], *, quick: bool) -> list[str]:
    """A run that never killed there proves nothing of it."""
    owed = GAPS if quick else [phase for phase in Phase if phase is not Phase.IDLE]
    return [f"no kill landed: {phase}" for phase in owed if not counts[KILLED + phase]]


def _tell(run: Run, lanes: list[Future[Verdict]], cycles: int) -> None:
    before, started = _lives(run.folder), time.monotonic()
    while wait(lanes, timeout=TELLS_EVERY_S).not_done:
        lives = _lives(run.folder)
        rate = (lives - before) / (time.monotonic() - started)
        run.say(f"{lives:,} of {cycles:,} cycles, {rate:.1f} each second")


def _lives(folder: Path) -> int:
    """Counted in the journals: how many lives were ended in them."""
    return sum(file.read_bytes().count(b'{"what":"ended"') for file in folder.glob(f"lane-*/era-*/{JOURNAL}"))
