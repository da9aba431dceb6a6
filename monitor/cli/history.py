"""`monitor history`: when products were to be had, drawn and listed."""

import sys
from datetime import UTC, datetime, timedelta

import click

from monitor.cli.chart import glyphs_for
from monitor.cli.completing import complete_products, complete_rules
from monitor.cli.options import Verb, config_option, json_option, since_option
from monitor.cli.output import print_json
from monitor.cli.past import read_past
from monitor.cli.stored import the_place


@click.command(
    "history",
    cls=Verb,
    examples=[
        ("monitor history", "what changed in the last seven days"),
        ("monitor history PRD-TRAIN-1 --since 24h", "one product, one day"),
        ("monitor history 'PRD-TRAIN-*'", "all whose code begins so"),
        ("monitor history default/2/PRD-TRAIN-4", "of one source and data centre"),
        ("monitor history --rule h800-nodes", "what a rule watches"),
    ],
)
@click.argument("products", nargs=-1, metavar="[PRODUCT]...", shell_complete=complete_products)
@since_option("7d")
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="Only what this rule watches.")
@config_option
@json_option
def history(products: tuple[str, ...], since: timedelta, rule: str | None, as_json: bool) -> None:
    """Show when each PRODUCT was to be had, and how many: as a chart, and as a table of restock windows.

    PRODUCT is a product code, a pattern with * and ?, or source/data centre/code. Without one: those that
    changed in that time. Hatched time is not known: polls failed, or no monitor ran.
    """
    place, now = the_place(), datetime.now(UTC)
    found = read_past(place, products, rule, now - since, now)
    if as_json:
        from monitor.cli.history_json import as_json as json_of

        print_json(json_of(found, now - since, now))
    else:
        from monitor.cli.history_tables import print_past

        print_past(place, found, now, glyphs_for(sys.stdout.encoding))
