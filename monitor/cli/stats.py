"""`monitor stats`: how often products come back, for how long, and the odds of being in time."""

import sys
from datetime import UTC, datetime, timedelta

import click

from monitor.cli.chart import glyphs_for
from monitor.cli.completing import complete_products, complete_rules
from monitor.cli.options import Verb, config_option, json_option, since_option
from monitor.cli.output import print_json
from monitor.cli.stats_read import read_figures
from monitor.cli.stored import the_place


@click.command(
    "stats",
    cls=Verb,
    examples=[
        ("monitor stats", "every rule and product in a line"),
        ("monitor stats PRD-TRAIN-1", "one product in full"),
        ("monitor stats --rule h800-nodes", "what a rule watches, taken together"),
        ("monitor stats 'PRD-TRAIN-*' --since 30d --json", "for a script"),
    ],
)
@click.argument("products", nargs=-1, metavar="[PRODUCT]...", shell_complete=complete_products)
@since_option("90d")
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="What this rule watches.")
@config_option
@json_option
def stats(products: tuple[str, ...], since: timedelta, rule: str | None, as_json: bool) -> None:
    """Tell how often each PRODUCT comes back, for how long, at which hours, and the odds of being in time.

    PRODUCT is a product code, a pattern with * and ?, or source/data centre/code. Without one, and without
    a rule: every one in a line. Time that nobody watched counts neither as in stock nor as out.
    """
    if products and rule is not None:
        raise click.UsageError("either products or --rule")
    place, now = the_place(), datetime.now(UTC)
    figures = read_figures(place, products, rule, now - since, now)
    if as_json:
        from monitor.cli.stats_json import as_json as json_of

        print_json(json_of(figures, place.zone, now - since, now))
        return
    from monitor.cli.stats_tables import print_details, print_summary

    if products or rule is not None:
        print_details(place, figures, now, glyphs_for(sys.stdout.encoding))
    else:
        print_summary(figures)
