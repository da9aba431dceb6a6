"""`monitor run --simulate`: the whole daemon against the simulator, in one process and a temporary folder."""

import os
import tempfile
import time
from functools import partial
from pathlib import Path

import click
from rich.panel import Panel
from rich.text import Text

from monitor.cli.output import console
from monitor.cli.serving import scenario_of
from monitor.config.loading import load
from monitor.daemon.app import serve
from monitor.simulator.demo import SIMULATED_KEY, simulate_config
from monitor.simulator.server import Simulator

BANNER = """\
A demonstration: the monitor asks a stand-in of the provider once a second, at {url}
{watch}
Each message that would reach you appears below in a box, in English and in Chinese.
  the same stock from outside:  curl -H "Authorization: Bearer {key}" {url}/v1/product/list-for-training-task
  what the monitor knows:       monitor --config {config} status
  its database, until the end:  {database}
Ctrl-C stops it, and takes the folder away.
"""
WATCH_THE_CATALOGUE = "Watch PRD-TRAIN-1 (8 × H800A): within 30 seconds it sells out and comes back."
WATCH_A_SCENARIO = (
    "It plays {file}; the rules watch 8 × NVIDIA-H800* anywhere, and every GPU of data centre 2."
)


async def demonstrate(scenario: Path | None, seed: int | None) -> int:
    """Runs until a signal ends it; returns the daemon's exit code."""
    simulator = Simulator(
        scenario_of(scenario, seed), time.monotonic, api_key=SIMULATED_KEY, on_message=show_message
    )
    with tempfile.TemporaryDirectory(prefix="gpu-stock-monitor-", ignore_cleanup_errors=True) as folder:
        await simulator.start()
        try:
            return await _watch(simulator.url, Path(folder), scenario)
        finally:
            await simulator.stop()


def show_message(channel: str, title: str, body: str) -> None:
    """A message as it was received, in a box."""
    panel = Panel(
        Text(body),
        title=Text(f" {title} ", "bold"),
        subtitle=f" {channel} ",
        title_align="left",
        subtitle_align="right",
        expand=False,
        border_style="cyan",
        padding=(0, 1),
    )
    console().print(panel)


async def _watch(url: str, folder: Path, scenario: Path | None) -> int:
    database, file = folder / "monitor.db", folder / "monitor.toml"
    file.touch(mode=0o600)
    file.write_text(simulate_config(url, database), "utf-8")
    watch = WATCH_A_SCENARIO.format(file=scenario) if scenario else WATCH_THE_CATALOGUE
    click.echo(BANNER.format(url=url, watch=watch, key=SIMULATED_KEY, config=file, database=database))
    load_again = partial(load, file)
    # A line for each poll of each second would bury the messages.
    return await serve(load_again(), load_again, {"MONITOR_LOG": "WARNING", **os.environ})
