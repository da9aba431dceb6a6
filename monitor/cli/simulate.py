"""`monitor simulate`: only the stand-in of the provider's API, on this machine."""

import asyncio
import time
from pathlib import Path

import click

from monitor.cli.options import Verb
from monitor.cli.serving import scenario_of, until_signalled
from monitor.simulator.api import LIST_PATH
from monitor.simulator.scenario import Scenario
from monitor.simulator.server import Simulator


@click.command(
    "simulate",
    cls=Verb,
    examples=[
        ("monitor simulate", "the default catalogue on port 8099"),
        ("monitor simulate --port 0 --seed 7", "a free port, another story"),
        ("monitor simulate --scenario docs/sold-out-and-back.toml", "stock that does as you say"),
        ("monitor simulate --key secret", "refuses every other key"),
    ],
)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True, help="0: a free one.")
@click.option(
    "--scenario", type=click.Path(path_type=Path, readable=False), help="A TOML file of products and events."
)
@click.option("--seed", type=int, help="Of the default catalogue: another number, another story.")
@click.option("--key", help="The only API key that is taken. Else any key will do.")
def simulate(port: int, scenario: Path | None, seed: int | None, key: str | None) -> None:
    """Serve a stand-in of the provider's API on 127.0.0.1, until Ctrl-C.

    Point `base_url` of monitor.toml at it. What it serves, and how a scenario is written: docs/simulator.md.
    """
    asyncio.run(_serve(scenario_of(scenario, seed), port, key, scenario))


async def _serve(scenario: Scenario, port: int, key: str | None, file: Path | None) -> None:
    simulator = Simulator(scenario, time.monotonic, api_key=key, on_message=_show)
    await simulator.start(port)
    try:
        click.echo(_greeting(simulator.url, key, file, len(scenario.offers_at(0.0))))
        await until_signalled()
    finally:
        await simulator.stop()
    click.echo(f"stopped after {_requests(simulator.request_count)}")


def _greeting(url: str, key: str | None, file: Path | None, count: int) -> str:
    what = f"the scenario {file}" if file else "the default catalogue"
    receiver = url.replace("http", "json", 1) + "/notify/NAME"
    return "\n".join(
        [
            f"The stand-in serves {what} ({count} products now) at {url}",
            f'  try it:           curl -H "Authorization: Bearer {key or "any-key"}" {url}{LIST_PATH}',
            f'  in monitor.toml:  base_url = "{url}" under [source]',
            f'  shown here:       messages to a channel with url = "{receiver}"',
            "Ctrl-C stops it.",
        ]
    )


def _show(channel: str, title: str, body: str) -> None:
    click.echo(f"[{channel}] {title}\n{body}\n")


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
