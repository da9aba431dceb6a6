"""From the daemon's commit to the end of `monitor wait`, and what twenty of them cost while they wait.

A connection that asks every millisecond says when the commit could be seen; the end of a wait is the end of
its output, which is what `code=$(monitor wait ...)` in a shell waits for.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from tests.bench.bare_wait import IN_STOCK
from tests.bench.catalogue import Catalogue
from tests.bench.figures import Figure, median, percentile
from tests.bench.idle import cpu_s
from tests.bench.servers import Upstream
from tests.bench.told import process, wait_for, write_config

PRODUCTS = 1000
WAITS = 20
COME_BACK = 7


def waiting(times: int, seconds: float) -> Iterator[Figure]:
    yield _commit_to_end(times)
    yield _cost(seconds)


def _commit_to_end(times: int) -> Figure:
    """A wait and the bare script side by side, each told by the same commits in turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalogue = Catalogue([0] * PRODUCTS)
        upstream = stack.enter_context(Upstream(lambda: (catalogue.body(), None)))
        config = write_config(folder, upstream.url, "json://127.0.0.1:9/told", rules=50)
        stack.enter_context(process("monitor", "--config", str(config), "run"))
        wait_for(lambda: len(upstream.asked_at) >= 3)
        database = str(folder / "monitor.db")
        ours = ["monitor", "--config", str(config), "wait", f"rule-{COME_BACK:02}"]
        bare = ["tests.bench.bare_wait", database]
        pairs = [[_one(words, database, catalogue) for words in (ours, bare)] for _ in range(times)]
        ours_ms, bare_ms = ([side[0] for side in sides] for sides in zip(*pairs, strict=True))
        ours_cpu_ms, bare_cpu_ms = ([side[1] for side in sides] for sides in zip(*pairs, strict=True))
    return Figure(
        f"commit to the end of a wait, {PRODUCTS:,} products",
        median(ours_ms),
        50,
        "ms",
        median(bare_ms),
        {
            "times": times,
            "p95 ms": percentile(ours_ms, 95),
            "max ms": max(ours_ms),
            "own CPU ms": median(ours_cpu_ms),
            "bare CPU ms": median(bare_cpu_ms),
        },
    )


def _one(words: list[str], database: str, catalogue: Catalogue) -> tuple[float, float]:
    """Milliseconds from the commit to the end, and of the processor from the restock to it."""
    with subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE) as running:
        wait_for(lambda: _has_open(running.pid, "monitor.db"))
        time.sleep(0.3)  # its first look
        seen_at: list[float] = []
        listener = threading.Thread(target=_listen, args=(database, seen_at))
        listener.start()
        before_s = cpu_s(running.pid)
        catalogue.set(COME_BACK, 2)
        assert running.stdout
        running.stdout.read()
        ended_at = time.perf_counter()
        _, _, used = os.wait4(running.pid, 0)
        running.returncode = 0
        listener.join()
    catalogue.set(COME_BACK, 0)
    with closing(_connected(database)) as connection:
        wait_for(lambda: connection.execute(IN_STOCK).fetchone() is None)
    used_s = used.ru_utime + used.ru_stime - before_s
    return (ended_at - seen_at[0]) * 1000, used_s * 1000


def _listen(database: str, seen_at: list[float]) -> None:
    with closing(_connected(database)) as connection:
        while connection.execute(IN_STOCK).fetchone() is None:
            time.sleep(0.001)
        seen_at.append(time.perf_counter())


def _cost(seconds: float) -> Figure:
    """Polls every 15 s, as by default."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalogue = Catalogue([0] * PRODUCTS)
        upstream = stack.enter_context(Upstream(lambda: (catalogue.body(), None)))
        config = write_config(folder, upstream.url, "json://127.0.0.1:9/told", rules=50, interval="15s")
        stack.enter_context(process("monitor", "--config", str(config), "run"))
        wait_for(lambda: len(upstream.asked_at) >= 1)
        words = ("monitor", "--config", str(config), "wait", f"rule-{COME_BACK:02}")
        waits = [stack.enter_context(process(*words)) for _ in range(WAITS)]
        wait_for(lambda: all(_has_open(one.pid, "monitor.db") for one in waits), 120)
        time.sleep(3)  # each has had its first look
        asked = len(upstream.asked_at)
        started, before_s = time.perf_counter(), sum(cpu_s(one.pid) for one in waits)
        time.sleep(seconds)
        share = (sum(cpu_s(one.pid) for one in waits) - before_s) / (time.perf_counter() - started)
        asked = len(upstream.asked_at) - asked
    return Figure(
        f"CPU of {WAITS} waits together, interval 15 s",
        share * 100,
        10,
        "%",
        None,
        {"seconds": round(seconds), "requests meanwhile": asked, "products": PRODUCTS},
    )


def _connected(database: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)


def _has_open(pid: int, name: str) -> bool:
    with suppress(OSError):
        return any(file.readlink().name == name for file in Path(f"/proc/{pid}/fd").iterdir())
    return False
