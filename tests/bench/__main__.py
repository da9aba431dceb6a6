"""`python -m tests.bench`: measures what was promised, and prints one table."""

import argparse
import compileall
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import monitor
from tests.bench.commands import commands
from tests.bench.cycle import cpu_of_a_cycle
from tests.bench.disk import disk_per_observation, traces
from tests.bench.figures import Figure, as_json, print_table, write_evidence
from tests.bench.history import with_history
from tests.bench.idle import idle
from tests.bench.past import backtest_of_ten_rules
from tests.bench.stats import statistics
from tests.bench.told import seen_to_told
from tests.bench.waiting import waiting

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence"
Row = Callable[[], Iterable[Figure]]


def rows(quick: bool) -> dict[str, Row]:
    restocks = 12 if quick else 65
    return {
        "told": lambda: [seen_to_told(2, 1, restocks, 10), seen_to_told(1000, 50, restocks, 30)],
        "cycle": lambda: [cpu_of_a_cycle(100 if quick else 300)],
        "idle": lambda: idle(12 if quick else 65),
        "commands": lambda: commands(5 if quick else 10),
        "wait": lambda: waiting(3 if quick else 30, 30 if quick else 65),
        "disk": lambda: _disk(2 if quick else 30),
        "history": lambda: [with_history(31 if quick else 365, 100 if quick else 300)],
        "statistics": lambda: statistics(31 if quick else 365, 100 if quick else 1000, 3 if quick else 10),
        "backtest": lambda: [backtest_of_ten_rules(31 if quick else 365)],
    }


def _disk(days: int) -> Iterable[Figure]:
    """No figure of time: the traces may share the machine."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(disk_per_observation, *zip(*traces(1000, days), strict=True)))


def _compile() -> None:
    """As an installed program is: without it every start of a command would compile the source anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(str(Path(monitor.__file__).parent), quiet=1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, a shorter trace")
    parser.add_argument("--only", action="append", help="one row: " + ", ".join(rows(True)), metavar="ROW")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/evidence")
    given = parser.parse_args()
    _compile()
    started = time.perf_counter()
    figures: list[Figure] = []
    for name, row in rows(given.quick).items():
        if given.only is None or name in given.only:
            print(f"{time.perf_counter() - started:4.0f} s: {name} ...", file=sys.stderr, flush=True)
            figures += row()
    seconds = time.perf_counter() - started
    if given.json:
        print(as_json(figures, quick=given.quick, seconds=seconds))
    else:
        print_table(figures)
    if given.write:
        write_evidence(figures, EVIDENCE, quick=given.quick, seconds=seconds)
    return 0 if all(figure.is_met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
