"""`monitor silence`: mutes a rule or a product for a while; `monitor unsilence` ends that before its time."""

from datetime import UTC, datetime, timedelta

import click

from monitor.cli.completing import complete_active_silences, complete_rules_and_products
from monitor.cli.hushed import Hushed, fires_under, read_hushed
from monitor.cli.naming import Meant, meaning_of
from monitor.cli.options import DurationType, Verb, config_option
from monitor.cli.output import faint, print_line, span, strong, upstream, when
from monitor.cli.stored import Place, the_place
from monitor.core.decision import Alert, Silence

FOLLOWS = "the running monitor follows within a second"
WAITS = "no monitor is running: it holds for the next one that does"


@click.command(
    "silence",
    cls=Verb,
    examples=[
        ("monitor silence h800-nodes --for 2h", "a rule"),
        ('monitor silence PRD-TRAIN-1 --for 1d --reason "broken nodes"', "a product, under every rule"),
        ("monitor silence h800-nodes/PRD-TRAIN-1 --for 8h", "a product, under one rule"),
        ("monitor silence --all --for 30m", "everything"),
    ],
)
@click.argument("name", required=False, metavar="RULE|PRODUCT", shell_complete=complete_rules_and_products)
@click.option(
    "--for",
    "lasts",
    required=True,
    type=DurationType(),
    metavar="DURATION",
    help="How long: 90s, 15m, 2h, 7d.",
)
@click.option("--reason", metavar="TEXT", help="For those who wonder why it is silent.")
@click.option(
    "--rule", "only", flag_value="rule", help="The name is a rule's, where a product bears it, too."
)
@click.option("--product", "only", flag_value="product", help="The name is a product's.")
@click.option("--all", "everything", is_flag=True, help="Silence everything.")
@config_option
def silence(
    name: str | None, lasts: timedelta, reason: str | None, only: str | None, everything: bool
) -> None:
    """Announce nothing of a rule or a product for a while. States and history go on.

    RULE|PRODUCT is a name of [[watch]], a productCode, or RULE/PRODUCT for one product under one rule. When
    the silence ends, what opened during it and is still in stock is told once. Notices of the monitor
    itself (MONITOR BLIND and the like) are not silenced.
    """
    from monitor.store.database import Database
    from monitor.store.silences import add_silence

    if (name is None) != everything:
        raise click.UsageError("name a rule or a product, or say --all")
    if lasts <= timedelta(0):
        raise click.BadParameter("must be longer than nothing", param_hint="--for")
    place, now = the_place(), datetime.now(UTC)
    found = read_hushed(place)
    meant = Meant() if name is None else meaning_of(name, found.rules, found.codes, only)
    made = Silence(now, now + lasts, meant.rule, meant.product_code)
    with Database.open_for_command(place.url) as database:
        number = database.write(lambda connection: add_silence(connection, made, _line(reason)))
    _tell_silence(place, found, number, meant, made)


@click.command(
    "unsilence",
    cls=Verb,
    examples=[("monitor silences", "the numbers"), ("monitor unsilence 3", "announce again")],
)
@click.argument(
    "silence_id", metavar="ID", type=click.IntRange(min=1), shell_complete=complete_active_silences
)
@config_option
def unsilence(silence_id: int) -> None:
    """End silence ID before its time; it stays on record.

    What opened during it and is still in stock is told once, at the next poll.
    """
    from monitor.store.database import Database
    from monitor.store.silences import end_silence

    place, now = the_place(), datetime.now(UTC)
    with Database.open_for_command(place.url) as database:
        ended = database.write(lambda connection: end_silence(connection, silence_id, now)).silence
    print_line(strong(f"silence {silence_id} is over:"), upstream(str(Meant(ended.rule, ended.product_code))))
    found = read_hushed(place)
    still = next((s for s in found.active(now) if _covers_all_of(s.silence, ended)), None)
    if still is not None:
        until = when(still.silence.until_at, place.zone, now)
        print_line(f"it stays silent until {until} all the same, by silence {still.silence_id}")
    elif muted := [
        a for a in fires_under(ended, found.alerts, now) if a.muted is not None and a.muted.value == "silence"
    ]:
        print_line(f"still in stock, and told at the next poll: {_names(muted)}")
    print_line(faint(FOLLOWS if found.is_followed else WAITS))


def _line(reason: str | None) -> str | None:
    if reason is None:
        return None
    from monitor.config.values import one_line

    try:
        return one_line(300)(reason)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--reason") from error


def _tell_silence(place: Place, found: Hushed, number: int, meant: Meant, made: Silence) -> None:
    until, lasts = when(made.until_at, place.zone, made.from_at), span(made.until_at - made.from_at)
    print_line(
        strong(f"silence {number}:"),
        upstream(str(meant)),
        f"until {until} ({place.zone.key}), {lasts} from now",
    )
    firing = fires_under(made, found.alerts, made.from_at)
    print_line(
        f"firing now, and silent from here on: {_names(firing)}" if firing else "nothing of it fires now"
    )
    print_line(faint(FOLLOWS if found.is_followed else WAITS))


def _names(alerts: list[Alert]) -> str:
    return ", ".join(
        f"{upstream(a.product.product_code)} (aidc {a.product.aidc_id}, {a.rule})" for a in alerts
    )


def _covers_all_of(one: Silence, other: Silence) -> bool:
    return one.rule in (None, other.rule) and one.product_code in (None, other.product_code)
