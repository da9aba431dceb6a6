"""`monitor forecast`: the chance that products come back soon, and how such forecasts did so far."""

from datetime import UTC, datetime, timedelta

import click

from monitor.cli.completing import complete_products, complete_rules
from monitor.cli.options import Verb, config_option, json_option, since_option
from monitor.cli.output import print_json
from monitor.cli.stored import the_place


@click.command(
    "forecast",
    cls=Verb,
    examples=[
        ("monitor forecast", "of every product that a rule watches"),
        ("monitor forecast PRD-TRAIN-1", "one product"),
        ("monitor forecast --rule h800-nodes", "what a rule watches"),
        ("monitor forecast --json PRD-TRAIN-1", "for a script, with every figure"),
    ],
)
@click.argument("products", nargs=-1, metavar="[PRODUCT]...", shell_complete=complete_products)
@since_option("400d")
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="Only what this rule watches.")
@config_option
@json_option
def forecast(products: tuple[str, ...], since: timedelta, rule: str | None, as_json: bool) -> None:
    """Show the chance that each PRODUCT opens within 1, 6 and 24 hours, as far as its history tells.

    A chance is only said where, hour by hour over the past, saying it was better than the usual share.
    PRODUCT is a product code, a pattern with * and ?, or source/data centre/code.
    """
    from monitor.cli.forecasting import foretell

    place, now = the_place(), datetime.now(UTC)
    found = foretell(place, products, rule, now - since, now)
    if as_json:
        from monitor.cli.forecast_json import as_json as json_of

        print_json(json_of(found, now))
    else:
        from monitor.cli.forecast_tables import print_forecasts

        print_forecasts(found)
