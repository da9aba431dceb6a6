"""`monitor status`: how things stand, from the database alone."""

import sys
import time
from datetime import UTC, datetime
from typing import Final

import click

from monitor.cli.chart import glyphs_for
from monitor.cli.options import Verb, config_option, json_option
from monitor.cli.output import is_terminal, print_json
from monitor.cli.overview import overview
from monitor.cli.stored import the_place

REFRESH_S: Final = 2.0


@click.command(
    "status",
    cls=Verb,
    examples=[
        ("monitor status", "what is watched, and what waits to be sent"),
        ("monitor status --all", "products that no rule watches, too"),
        ("monitor status --watch", "again every two seconds"),
        ("monitor status --json | jq '.products[] | select(.available)'", "for a script"),
    ],
)
@config_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Products that no rule watches, too.")
@click.option("--watch", "-w", "is_watching", is_flag=True, help="Show it again every two seconds.")
def status(as_json: bool, everything: bool, is_watching: bool) -> None:
    """Show sources, watched products, alerts, and what the channels have yet to send.

    From the database alone: beside a running monitor, after one, and without a configuration. The 24 hours
    of stock are one character each or two; hatched ones are not known.
    """
    if not is_watching:
        _show(as_json=as_json, everything=everything)
        return
    if as_json or not is_terminal():
        raise click.UsageError("--watch needs a terminal, and no --json")
    while True:
        click.clear()
        _show(as_json=False, everything=everything)
        time.sleep(REFRESH_S)


def _show(*, as_json: bool, everything: bool) -> None:
    place = the_place()
    found = overview(place, datetime.now(UTC), everything=everything)
    from monitor.store.glance import standing

    holder = standing(place.url).holder
    if as_json:
        from monitor.cli.status_json import as_json as json_of

        print_json(json_of(place, found, holder))
    else:
        from monitor.cli.status_tables import print_overview

        print_overview(place, found, holder, glyphs_for(sys.stdout.encoding))
