"""Calls the command line: in this process, or as the real one; and a stand-in of the provider beside it."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Fault, FaultKind, Scenario, Scripted
from monitor.simulator.server import Simulator

H800 = "NVIDIA-H800A-NV-80G"
PATIENCE_S = 30
ROOT = Path(__file__).parents[2]


def call(*words: str | Path, env: Mapping[str, str | None] | None = None) -> Result:
    """Within this process; output and errors apart. What goes wrong unforeseen is raised."""
    runner = CliRunner(env={"MONITOR_CONFIG": None, **(env or {})})
    return runner.invoke(main, [str(word) for word in words], prog_name="monitor", catch_exceptions=False)


@contextmanager
def process(*words: str | Path, **settings: Any) -> "Iterator[subprocess.Popen[str]]":
    """As a user starts it. It is dead when the block ends, and at the latest when our patience does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    running = subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, words)],
        stdout=settings.pop("stdout", subprocess.PIPE),
        stderr=settings.pop("stderr", subprocess.PIPE),
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **settings.pop("env", {})},
        text=True,
        **settings,
    )
    patience = threading.Timer(PATIENCE_S, running.kill)
    patience.start()
    try:
        with running:
            try:
                yield running
            except BaseException:
                running.kill()
                raise
    finally:
        patience.cancel()
        patience.join()


def run_process(*words: str | Path, **settings: Any) -> tuple[int, str, str]:
    """Exit code, output and errors of the real process."""
    with process(*words, **settings) as running:
        out, err = running.communicate(timeout=PATIENCE_S)
    return running.returncode, out, err


class StandIn:
    """The simulator in a thread of its own, and the messages that reached it."""

    def __init__(self, *offers: Offer, fault: FaultKind | None = None, api_key: str | None = None) -> None:
        faults = (Fault(fault, 0.0, 1e9),) if fault else ()
        self.messages: list[tuple[str, str, str]] = []
        self.url = ""
        scenario: Scenario = Scripted(offers, faults=faults)
        self._simulator = Simulator(
            scenario,
            time.monotonic,
            api_key=api_key,
            on_message=lambda *message: self.messages.append(message),
        )
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="stand-in")

    @property
    def request_count(self) -> int:
        return self._simulator.request_count

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self._simulator.start()
        self.url = self._simulator.url
        self._is_ready.set()
        await self._stop.wait()
        await self._simulator.stop()


def offer(code: str = "PRD-1", remaining: int = 3, **fields: Any) -> Offer:
    """Eight H800A in data centre 1, unless said otherwise."""
    values: dict[str, Any] = {
        "name": "分布式训练1",
        "aidc_id": 1,
        "gpu_name": H800,
        "gpu_count": "8",
        "price": "15.5",
        **fields,
    }
    return Offer(code, remaining=remaining, **values)


def config_file(
    folder: Path, url: str, more: str = "", *, key: str = '"anything"', channels: int = 2
) -> Path:
    """A monitor.toml in `folder` whose source, and whose channels ch1 and ch2, are at `url`; one rule."""
    receiver = url.replace("http", "json", 1)
    names = [f"ch{number}" for number in range(1, channels + 1)]
    tables = "".join(f'[channels.{name}]\nurl = "{receiver}/notify/{name}"\n' for name in names)
    file = folder / "monitor.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[source]\nbase_url = "{url}"\napi_key = {key}\ntimeout = "5s"\n'
        f'[monitor]\nprice_units = {{ 11 = "CNY/h" }}\n{tables}'
        f'[[watch]]\nname = "h800"\nmatch = {{ gpu_name = "NVIDIA-H800*" }}\n{more}',
        encoding="utf-8",
    )
    return file
