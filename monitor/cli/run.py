"""`monitor run`: the daemon, with monitor.toml or against the simulator."""

import asyncio
import os
from functools import partial
from pathlib import Path

import click

from monitor.cli.options import Verb, config_option, the_config_path


@click.command(
    "run",
    cls=Verb,
    examples=[
        ("monitor run --simulate", "see it at work: no key, no configuration"),
        ("monitor run", "with monitor.toml"),
        ("monitor run --simulate --scenario docs/sold-out-and-back.toml", "with stock that does as you say"),
        ("kill -HUP PID", "read the configuration anew"),
    ],
)
@config_option
@click.option("--simulate", is_flag=True, help="Against a stand-in of the provider, without monitor.toml.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, readable=False),
    help="With --simulate: what the stand-in plays.",
)
@click.option("--seed", type=int, help="With --simulate: another number, another story.")
def run(simulate: bool, scenario: Path | None, seed: int | None) -> int:
    """Watch the stock and tell of it, until SIGTERM or Ctrl-C.

    SIGHUP reads the configuration anew; one with an error changes nothing. Once it runs, a refused key, an
    outage or a full disk is logged and told, and ends nothing. MONITOR_LOG sets the log's level.

    Exit code 3: configuration or secret; 6: the database is held, newer, damaged or not writable; 1: a port
    is taken.
    """
    if simulate:
        from monitor.cli.demonstration import demonstrate

        return asyncio.run(demonstrate(scenario, seed))
    if scenario is not None or seed is not None:
        raise click.UsageError("--scenario and --seed go with --simulate")
    return _run(the_config_path())


def _run(path: Path) -> int:
    from monitor.config.loading import load
    from monitor.daemon.app import serve

    load_again = partial(load, path.absolute())
    return asyncio.run(serve(load_again(), load_again, os.environ))
