"""Statistics over a year, of one product and of a thousand: read, folded and reckoned, in a warm process."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.hours import local_clock
from monitor.core.product import ProductKey
from monitor.core.stats import Statistics, of_product
from monitor.core.watched import fold
from monitor.store.history import product_keys
from monitor.store.product_record import product_records
from monitor.store.readonly import reading
from tests.bench.figures import Figure, median
from tests.bench.past import made_up

ZONE: Final = ZoneInfo("Asia/Shanghai")
_POLLS: Final = "SELECT id, at FROM poll WHERE outcome = 'ok' ORDER BY id"
_SPANS: Final = "SELECT first_poll_id, remaining_count FROM snapshot WHERE product_id = ?"


def statistics(days: int, products: int, times: int) -> Iterator[Figure]:
    """The bare script only fetches the same rows."""
    with made_up(days) as folder:
        yield _figure(folder / "monitor.db", days, 1, 100, times)
    with made_up(days, products) as folder:
        yield _figure(folder / "monitor.db", days, products, 3000, max(times // 3, 1))


def _figure(file: Path, days: int, products: int, aim_ms: float, times: int) -> Figure:
    end = datetime.now(UTC)
    start = end - timedelta(days=days)
    found: list[Statistics] = []

    def reckon() -> None:
        found[:] = _reckon(file, _chosen(file, products), start, end)

    took_ms, cpu_ms = _timed(reckon, times)
    bare_ms, _ = _timed(lambda: _fetch(file, products), times)
    return Figure(
        f"statistics of {products:,} product{'' if products == 1 else 's'} over {days} days of 15 s polls",
        median(took_ms),
        aim_ms,
        "ms",
        median(bare_ms),
        {
            "CPU ms": median(cpu_ms),
            "windows": sum(told.windows for told in found),
            "MB": file.stat().st_size / 1e6,
            "times": times,
        },
    )


def _reckon(file: Path, keys: Sequence[ProductKey], start: datetime, end: datetime) -> Iterator[Statistics]:
    clock = local_clock(ZONE, start, end)
    with reading(f"sqlite:///{file}") as connection:
        for record in product_records(connection, start, end, set(keys)):
            sights, holes = record.sights, record.holes
            folded = fold(sights, record.answered_ms, holes, clock.start_ms, clock.end_ms)
            yield of_product(folded, clock)


def _chosen(file: Path, products: int) -> Sequence[ProductKey]:
    """A lively one, or the first so many."""
    with reading(f"sqlite:///{file}") as connection:
        keys = product_keys(connection)
    return [key for key in keys if key.product_code == "PRD-TRAIN-1"] if products == 1 else keys[:products]


def _fetch(file: Path, products: int) -> None:
    connection = connect(file)
    connection.execute(_POLLS).fetchall()
    for product_id in range(1, products + 1):
        connection.execute(_SPANS, (product_id,)).fetchall()
    connection.close()


def _timed(work: Callable[[], None], times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of wall and of CPU time, after one time that warms up."""
    wall, cpu = [], []
    for turn in range(times + 1):
        started, used = time.perf_counter(), time.process_time()
        work()
        if turn:
            wall.append((time.perf_counter() - started) * 1000)
            cpu.append((time.process_time() - used) * 1000)
    return wall, cpu
