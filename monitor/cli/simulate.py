"""`monitor simulate`: the stand-in of the provider's API on this machine, or a made-up past in a database."""

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
from click.core import ParameterSource

from monitor.cli.options import DurationType, Verb
from monitor.cli.serving import scenario_of, until_signalled
from monitor.cli.simulate_history import HistoryOptions, make_history, wants_history
from monitor.simulator.api import LIST_PATH
from monitor.simulator.scenario import Scenario
from monitor.simulator.server import Simulator

_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
_MOMENTS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


@click.command(
    "simulate",
    cls=Verb,
    examples=[
        ("monitor simulate", "the default catalogue on port 8099"),
        ("monitor simulate --port 0 --seed 7", "a free port, another story"),
        ("monitor simulate --scenario docs/sold-out-and-back.toml", "stock that does as you say"),
        ("monitor simulate --key secret", "refuses every other key"),
        ("monitor simulate --history 90d --into monitor.db", "serves nothing: makes up a past to look at"),
        ("monitor simulate --history 365d --products 1000 --into big.db", "a large one"),
    ],
)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True, help="0: a free one.")
@click.option(
    "--scenario", type=click.Path(path_type=Path, readable=False), help="A TOML file of products and events."
)
@click.option("--seed", type=int, help="Of the default catalogue: another number, another story.")
@click.option("--key", help="The only API key that is taken. Else any key will do.")
@click.option(
    "--history", type=DurationType(), metavar="DURATION", help="Make up so long a past, and serve nothing."
)
@click.option("--into", type=_NEW_FILE, help="With --history: the database to be made.")
@click.option(
    "--truth", type=_NEW_FILE, help="With --history: what was really in stock. Else beside the database."
)
@click.option(
    "--products",
    type=click.IntRange(1, 10_000),
    help="With --history: how many.  [default: the catalogue's 12]",
)
@click.option(
    "--until", type=click.DateTime(_MOMENTS), help="With --history: when it ends, in UTC. Else now."
)
@click.pass_context
def simulate(
    ctx: click.Context,
    port: int,
    scenario: Path | None,
    seed: int | None,
    key: str | None,
    history: timedelta | None,
    into: Path | None,
    truth: Path | None,
    products: int | None,
    until: datetime | None,
) -> None:
    """Serve a stand-in of the provider's API on 127.0.0.1, until Ctrl-C.

    Point `base_url` of monitor.toml at it. What it serves, and how a scenario is written: docs/simulator.md.

    With --history, write what a monitor would have stored of a made-up past into a new database, and into a
    file beside it the truth that its polls could only see every 15 seconds.
    """
    past = HistoryOptions(history, into, products, truth, until, seed)
    if wants_history(past, _given(ctx, "port", "scenario", "key")):
        make_history(past)
        return
    asyncio.run(_serve(scenario_of(scenario, seed), port, key, scenario))


def _given(ctx: click.Context, *names: str) -> list[str]:
    """Which of these options stand on the command line."""
    return [f"--{name}" for name in names if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]


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
