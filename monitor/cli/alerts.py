"""`monitor alerts`: what was announced, and what became of each delivery; `alerts retry` sends one again."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from monitor.cli.chart import glyphs_for
from monitor.cli.completing import complete_channels, complete_rules
from monitor.cli.options import Verb, VerbGroup, config_option, json_option, since_option
from monitor.cli.output import print_json
from monitor.cli.stored import the_place
from monitor.cli.tellings import Filter, read_tellings
from monitor.core.errors import MonitorError


class DeliveryNumber(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on only
    """The number that `monitor alerts` shows before a channel."""

    name = "number"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if not (text.isascii() and text.isdecimal()):
            self.fail(f"{text!r} is not the number of a delivery; `monitor alerts` lists them", param, ctx)
        return int(text)


STATES = ("pending", "retry", "sent", "failed", "expired", "muted")


@click.group(
    "alerts",
    cls=VerbGroup,
    invoke_without_command=True,
    examples=[
        ("monitor alerts", "the last 24 hours"),
        ("monitor alerts --since 7d --state failed", "what did not arrive"),
        ("monitor alerts --rule h800-nodes --channel ops-mail", "of one rule, to one channel"),
        ("monitor alerts retry 17", "send delivery 17 again"),
    ],
)
@since_option("24h")
@click.option("--rule", metavar="RULE", shell_complete=complete_rules, help="Only what this rule announced.")
@click.option(
    "--channel", metavar="CHANNEL", shell_complete=complete_channels, help="Only deliveries to this channel."
)
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Only deliveries in this state."
)
@config_option
@json_option
@click.pass_context
def alerts(
    ctx: click.Context,
    since: timedelta,
    rule: str | None,
    channel: str | None,
    states: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what was announced, oldest first: for each channel the delivery, its attempts, and why not.

    The number before a channel is that of the delivery: `monitor alerts retry NUMBER` sends it again.
    """
    if ctx.invoked_subcommand is not None:
        return
    place, now = the_place(), datetime.now(UTC)
    found = read_tellings(place, now - since, Filter(rule, channel, frozenset(states)))
    if not found and place.rules is not None and place.channels is not None:
        _check_name("rule", rule, [known.name for known in place.rules])
        _check_name("channel", channel, place.channels)
    if as_json:
        from monitor.cli.tellings_json import as_json as json_of

        print_json(json_of(place, found, now - since))
    else:
        from monitor.cli.tellings_text import print_tellings

        print_tellings(place, found, now, glyphs_for(sys.stdout.encoding))


def _check_name(what: str, name: str | None, known: Sequence[str]) -> None:
    """One that was configured once is found as long as it has something to show."""
    if name is not None and name not in known:
        from monitor.config.suggesting import did_you_mean

        raise click.UsageError(f"there is no {what} {name!r}{did_you_mean(name, known)}")


@alerts.command(
    "retry",
    cls=Verb,
    examples=[("monitor alerts --state failed", "the numbers"), ("monitor alerts retry 17", "send it again")],
)
@click.argument("delivery", type=DeliveryNumber())
@config_option
def retry(delivery: int) -> None:
    """Send DELIVERY again, whatever became of it; one that was sent is refused.

    A running monitor sees it within a second; else it is sent when the monitor starts.
    """
    from monitor.store import telling, upkeep
    from monitor.store.database import Database
    from monitor.store.glance import standing
    from monitor.store.locks import is_daemon

    place = the_place()
    with Database.open_for_command(place.url) as database:
        with database.read() as connection:
            told = telling.delivery(connection, delivery)
        channel = told.deliveries[0].channel if told else ""
        if told is not None and place.channels is not None and channel not in place.channels:
            raise MonitorError(f"delivery {delivery} is for channel {channel}, which is not configured")
        now = datetime.now(UTC)
        database.write(lambda connection: upkeep.retry(connection, delivery, now))
    holder = standing(place.url).holder
    when = "now" if holder and is_daemon(holder) else "when the monitor starts"
    click.echo(f"delivery {delivery} goes to {channel} again, {when}")
