"""What the verbs with a simulator share: which scenario it plays, and waiting for a signal to end it."""

import asyncio
import signal
from pathlib import Path

import click

from monitor.simulator.scenario import Scenario

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def scenario_of(file: Path | None, seed: int | None) -> Scenario:
    """The one of the file, else the default catalogue. Raises ConfigError with all that is wrong with it."""
    from monitor.simulator.catalogue import DEFAULT_SEED, Lively
    from monitor.simulator.scenario_file import load

    if file is None:
        return Lively(DEFAULT_SEED if seed is None else seed)
    if seed is not None:
        raise click.UsageError("--seed is for the default catalogue: a --scenario leaves nothing to chance")
    return load(file)


async def until_signalled() -> None:
    """Returns at the first SIGINT or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
