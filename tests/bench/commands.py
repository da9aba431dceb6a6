"""How long a person waits for a command: from the start of the process to its end."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.catalogue import Catalogue, half_in_stock
from tests.bench.figures import Figure, median
from tests.bench.servers import Upstream
from tests.bench.told import process, wait_for, write_config

PRODUCTS = 20
"""All of them watched: as many as a person looks at."""


def commands(times: int) -> Iterator[Figure]:
    bare_ms = _wall_ms([sys.executable, "-c", "pass"], times)
    yield _figure("monitor --help", ["--help"], 150, times, bare_ms)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalogue = Catalogue(half_in_stock(PRODUCTS))
        upstream = stack.enter_context(Upstream(lambda: (catalogue.body(), None)))
        config = write_config(folder, upstream.url, "json://127.0.0.1:9/told", rules=5)
        with process("monitor", "--config", str(config), "run"):
            wait_for(lambda: len(upstream.asked_at) >= 3)
        yield _figure("monitor status", ["--config", str(config), "status"], 400, times, bare_ms)


def _figure(name: str, args: Sequence[str], aim_ms: float, times: int, bare_ms: Sequence[float]) -> Figure:
    command = [sys.executable, "-m", "monitor", *args]
    tried = subprocess.run(command, capture_output=True, check=False)
    took_ms = _wall_ms(command, times) if tried.returncode == 0 else None
    value = median(took_ms) if took_ms else None
    return Figure(name, value, aim_ms, "ms", None, {"times": times, "python -c pass ms": median(bare_ms)})


def _wall_ms(command: Sequence[str], times: int) -> list[float]:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        took.append((time.perf_counter() - started) * 1000)
    return took
