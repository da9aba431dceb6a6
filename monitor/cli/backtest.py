"""`monitor backtest`: what rules would have announced of the stored past, and what their timings cost."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from monitor.cli.chart import glyphs_for
from monitor.cli.completing import complete_rules
from monitor.cli.options import Verb, config_option, json_option, since_option
from monitor.cli.output import print_json
from monitor.cli.progress import progress_bar
from monitor.cli.stored import the_place


@click.command(
    "backtest",
    cls=Verb,
    examples=[
        ("monitor backtest", "what would the rules have told in 90 days?"),
        ("monitor backtest --rule h800-nodes --since 30d", "one of them"),
        ("monitor backtest --config try.toml --database monitor.db", "other rules, the same past"),
        ("monitor backtest --json | jq '.rules[].told'", "for a script"),
    ],
)
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="Only this rule.")
@since_option("90d")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The past. Else the database of the configuration.",
)
@click.option("--all", "shows_all", is_flag=True, help="List every opening, not only the newest.")
@config_option
@json_option
def backtest(
    rule: str | None, since: timedelta, database: Path | None, shows_all: bool, as_json: bool
) -> None:
    """Try the rules of the configuration on the stored past: what would they have announced, and when?

    Below it for each rule: how many openings a slower interval, another `for`, `keep_firing_for` or `min_gap`
    would have told, and how late. Nothing is decided in time that nobody watched; silences are left out.
    """
    from monitor.cli.backtested import read_backtest

    place, now = the_place(), datetime.now(UTC)
    with progress_bar("replaying") as progress:
        found = read_backtest(place, rule, database, now - since, progress)
    if as_json:
        from monitor.cli.backtest_json import as_json as json_of

        print_json(json_of(found))
    else:
        from monitor.cli.backtest_tables import print_backtest

        print_backtest(place, found, now, glyphs_for(sys.stdout.encoding), shows_all=shows_all)
