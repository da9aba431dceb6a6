"""What the daemon takes while it waits: memory, and processor time at an interval of five seconds."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.catalogue import Catalogue, half_in_stock, watches
from tests.bench.figures import Figure
from tests.bench.servers import Upstream
from tests.bench.told import process, wait_for

PRODUCTS = 50
CHANNELS = {
    "hook": "json://127.0.0.1:9/told",
    "slack": "slack://xoxb-0000-0000-benchbenchbenchbenchbench/#general",
    "mail": "mailto://user:password@mail.example.com?to=ops@example.com",
}


def idle(seconds: float) -> Iterator[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalogue = Catalogue(half_in_stock(PRODUCTS))
        upstream = stack.enter_context(Upstream(lambda: (catalogue.body(), None)))
        args = ("monitor", "--config", str(_config(folder, upstream.url)), "run")
        with process(*args) as first_start:
            wait_for(lambda: len(upstream.asked_at) >= 2)
            kilobytes_at_first = _memory(first_start.pid)["VmRSS"]
        running = stack.enter_context(process(*args))
        wait_for(lambda: len(upstream.asked_at) >= 4)
        started, before_s = time.perf_counter(), cpu_s(running.pid)
        time.sleep(seconds)
        share = (cpu_s(running.pid) - before_s) / (time.perf_counter() - started)
        kilobytes = _memory(running.pid)
        polls = len(upstream.asked_at)
    yield Figure(
        "memory of the idle daemon, three channels",
        kilobytes["VmRSS"] * 1024 / 1e6,
        75,
        "MB",
        None,
        {
            "peak MB": kilobytes["VmHWM"] * 1024 / 1e6,
            "own MB": kilobytes["RssAnon"] * 1024 / 1e6,
            "files MB": kilobytes["RssFile"] * 1024 / 1e6,
            "threads": kilobytes["Threads"],
            "when it has just made its database MB": kilobytes_at_first * 1024 / 1e6,
        },
    )
    yield Figure(
        "CPU of the idle daemon, interval 5 s",
        share * 100,
        0.5,
        "%",
        None,
        {"seconds": round(seconds), "polls": polls, "products": PRODUCTS},
    )


def _config(folder: Path, url: str) -> Path:
    channels = "".join(f'[channels.{name}]\nurl = "{at}"\n' for name, at in CHANNELS.items())
    config = folder / "monitor.toml"
    config.write_text(
        f'[source]\nbase_url = "{url}"\napi_key = "bench"\ninterval = "5s"\n{channels}'
        f"[defaults]\nannounce_existing = false\n{watches(3, 'hook')}"
    )
    config.chmod(0o600)
    return config


def cpu_s(pid: int) -> float:
    """As the scheduler counts it, in nanoseconds: ticks of 10 ms miss what wakes for one."""
    tasks = Path(f"/proc/{pid}/task")
    counted = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())
    ticks = sum(
        int(field) for field in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    )
    return max(counted / 1e9, ticks / os.sysconf("SC_CLK_TCK"))


def _memory(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = (line.replace(":", " ").split() for line in lines)
    return {words[0]: int(words[1]) for words in fields if len(words) > 1 and words[1].isdigit()}
