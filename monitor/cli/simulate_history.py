"""`monitor simulate --history`: a made-up past in a new database, for trying out all that reads one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.output import span
from monitor.cli.progress import progress_bar

if TYPE_CHECKING:
    from monitor.simulator.into_file import Plan

LEAST: Final = timedelta(hours=1)
YEARS: Final = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """As given on the command line; None: not given."""

    history: timedelta | None
    into: Path | None
    products: int | None
    truth: Path | None
    until: datetime | None
    seed: int | None


def wants_history(options: HistoryOptions, served: list[str]) -> bool:
    """Raises UsageError when options do not go together. `served`: those given that are of the server."""
    if options.history is None:
        for name in ("into", "products", "truth", "until"):
            if getattr(options, name) is not None:
                raise click.UsageError(f"--{name} goes with --history: how long a past is made up, as in 90d")
        return False
    if served:
        raise click.UsageError(f"{served[0]} is for the server, which --history does not start")
    if options.into is None:
        raise click.UsageError("--history goes with --into: the database to be made")
    if options.history < LEAST:
        raise click.UsageError("--history is 1h at least")
    if options.until is not None and options.until.year not in YEARS:
        raise click.UsageError(f"--until is from {YEARS[0]} to {YEARS[-1]}")
    return True


def make_history(options: HistoryOptions) -> None:
    """Writes both files and says what is in them. Raises MonitorError when one is there or cannot be."""
    from monitor.simulator.catalogue import CATALOGUE, DEFAULT_SEED
    from monitor.simulator.into_file import Plan, write_history

    assert options.history is not None  # noqa: S101  wants_history has seen to that
    assert options.into is not None  # noqa: S101
    plan = Plan(
        DEFAULT_SEED if options.seed is None else options.seed,
        options.history,
        datetime.now(UTC) if options.until is None else options.until.replace(tzinfo=UTC),
        len(CATALOGUE) if options.products is None else options.products,
    )
    truth = options.truth or options.into.with_name(f"{options.into.name}.truth.jsonl")
    with progress_bar("making history") as progress:
        write_history(plan, options.into, truth, progress)
    click.echo(_said(plan, options.into, truth))


def _said(plan: "Plan", file: Path, truth: Path) -> str:
    goods = "1 product" if plan.products == 1 else f"{plan.products:,} products"
    return "\n".join(
        [
            f"{file} holds {span(plan.length)} of {goods}, polled every 15 s (seed {plan.seed})",
            f"  what was really in stock when:  {truth}",
            "  look at it:       `monitor history` reads ./monitor.db where there is no configuration",
            f'  with your rules:  url = "sqlite:///{file.absolute()}" under [storage]',
            "No rule has watched it, so it holds no alerts and no messages.",
        ]
    )
