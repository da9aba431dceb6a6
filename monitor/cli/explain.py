"""`monitor explain`: why a rule is met by a product or not, and what would be told of it next."""

import sys
from datetime import UTC, datetime

import click

from monitor.cli.completing import complete_products, complete_rules
from monitor.cli.options import Verb, config_option, json_option, the_config
from monitor.cli.output import print_json


@click.command(
    "explain",
    cls=Verb,
    examples=[
        ("monitor explain PRD-TRAIN-1", "each rule, key by key, and what would follow"),
        ("monitor explain PRD-TRAIN-1 --rule h800-nodes", "one rule"),
        ("monitor explain default/2/PRD-TRAIN-4", "of one source and data centre"),
        ("monitor explain PRD-TRAIN-1 --json | jq '.products[].rules[].verdict'", "for a script"),
    ],
)
@click.argument("product", shell_complete=complete_products)
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="Only this rule.")
@config_option
@json_option
def explain(product: str, rule: str | None, as_json: bool) -> None:
    """Show what each rule wants of PRODUCT and what it found, how the alert stands, and what comes next.

    From the configuration and the database alone: the provider is not asked. What would come next is decided
    by the monitor's own code, on polls that are made up: if all stays as it is, if there were just enough
    stock, if it sold out.
    """
    from monitor.cli.explained import read_explained

    config, now = the_config(), datetime.now(UTC)
    _check_rule([known.name for known in (*config.rules, *config.disabled)], rule)
    found = read_explained(config, product, rule, now)
    if as_json:
        from monitor.cli.explain_json import as_json as json_of

        print_json(json_of(config, found, now))
    else:
        from monitor.cli.chart import glyphs_for
        from monitor.cli.explain_text import print_explained

        print_explained(config, found, now, glyphs_for(sys.stdout.encoding))


def _check_rule(names: list[str], rule: str | None) -> None:
    if rule is not None and rule not in names:
        from monitor.config.suggesting import did_you_mean

        raise click.UsageError(f"there is no rule {rule!r}{did_you_mean(rule, names)}")
