"""Verbs that read a year of history: on one that is made up, with the time of the whole command."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from monitor.simulator.into_file import Plan, write_history
from tests.bench.figures import Details, Figure

CONFIG: Final = """\
[source]
api_key = "not used"
[channels.a]
url = "json://127.0.0.1:9/"
"""
RULES: Final = (
    'match = { gpu_name = "NVIDIA-H800*", gpu_count = 8 }',
    'match = { gpu_name = "NVIDIA-H800*", gpu_count = 8, remaining = ">=2" }',
    'match = { gpu_name = "*H20*" }\nfor = "30s"',
    'match = { gpu_name = "*A100*" }\nkeep_firing_for = "2m"',
    'match = { gpu_name = "*4090*", price = "<=0.5", price_unit = 11 }\nremind_every = "30m"',
    'match = { total_gpus = ">=32" }',
    'match = { gpu_count = 8 }\nmin_gap = "5m"',
    'match = { aidc_id = 2, gpu_count = ">=1" }\nfor = "1m"\nkeep_firing_for = "1m"',
    'match = { product_code = "PRD-TRAIN-1" }',
    'match = { product_code = "PRD-TRAIN-10" }\nannounce_existing = false',
)


@contextmanager
def made_up(days: int, products: int = 12) -> Iterator[Path]:
    """A folder with `monitor.db` and a `monitor.toml` of ten rules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = Plan(1, timedelta(days=days), datetime.now(UTC), products)
        write_history(plan, folder / "monitor.db", folder / "truth", lambda _done, _of: None)
        rules = [f'[[watch]]\nname = "rule {number}"\n{rule}\n' for number, rule in enumerate(RULES, 1)]
        config = folder / "monitor.toml"
        config.touch(0o600)
        config.write_text(CONFIG + "".join(rules), "utf-8")
        yield folder


def backtest_of_ten_rules(days: int) -> Figure:
    with made_up(days) as folder:
        command = [sys.executable, "-m", "monitor", "backtest", "--since", f"{days}d"]
        cpu_before, started = _cpu_s(), time.perf_counter()
        said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        seconds, cpu_s = time.perf_counter() - started, _cpu_s() - cpu_before
        megabytes = (folder / "monitor.db").stat().st_size / 1e6
    fired = [
        line.split()[1].replace(",", "") for line in said.stdout.splitlines() if line.startswith("fired ")
    ]
    details: Details = {
        "CPU s": cpu_s,
        "MB": megabytes,
        "fired": sum(int(one) for one in fired if one.isdigit()),
    }
    return Figure(f"backtest of 10 rules over {days} days of 15 s polls", seconds, 10, "s", None, details)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
