"""`monitor silences`: what is silent, until when and why."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.hushed import Hushed, fires_under, read_hushed
from monitor.cli.naming import Meant
from monitor.cli.options import Verb, config_option, json_option
from monitor.cli.output import Table, faint, print_json, print_line, print_table, right, span, upstream, when
from monitor.cli.stored import Place, the_place

if TYPE_CHECKING:
    from monitor.store.silences import StoredSilence


@click.command(
    "silences",
    cls=Verb,
    examples=[
        ("monitor silences", "what is silent now"),
        ("monitor silences --all", "what was, too"),
        ("monitor silences --json | jq '.silences[].silence_id'", "for a script"),
    ],
)
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
@config_option
@json_option
def silences(everything: bool, as_json: bool) -> None:
    """Show what is silenced, until when, why, and what of it fires now.

    `monitor silence` makes one, `monitor unsilence ID` ends it.
    """
    place, now = the_place(), datetime.now(UTC)
    found = read_hushed(place)
    shown = found.silences if everything else found.active(now)
    if as_json:
        print_json({"silences": [_json(found, one, now) for one in shown]})
        return
    print_table(_table(place, found, shown, now), empty="nothing is silenced")
    if shown:
        print_line(faint(f"times in {place.zone.key}"))


def _json(found: Hushed, one: "StoredSilence", now: datetime) -> dict[str, Any]:
    silence = one.silence
    return {
        "silence_id": one.silence_id,
        "rule": silence.rule,
        "product_code": silence.product_code,
        "from_at": silence.from_at,
        "until_at": silence.until_at,
        "ended_at": one.ended_at,
        "active": not one.is_over(now),
        "reason": one.reason,
        "firing": [{"rule": a.rule, **a.product._asdict()} for a in _firing(found, one, now)],
    }


def _table(place: Place, found: Hushed, shown: "tuple[StoredSilence, ...]", now: datetime) -> Table:
    table = Table(right("id"), "silent", "since", "until", "left", "reason", "fires now")
    for one in shown:
        silence = one.silence
        table.row(
            str(one.silence_id),
            upstream(str(Meant(silence.rule, silence.product_code))),
            when(silence.from_at, place.zone, now),
            when(one.ended_at or silence.until_at, place.zone, now),
            ("ended" if one.ended_at else "over") if one.is_over(now) else span(silence.until_at - now),
            upstream(one.reason) if one.reason else "",
            ", ".join(upstream(a.product.product_code) for a in _firing(found, one, now)) or "—",
        )
    return table


def _firing(found: Hushed, one: "StoredSilence", now: datetime) -> "list[Any]":
    return [] if one.is_over(now) else fires_under(one.silence, found.alerts, now)
