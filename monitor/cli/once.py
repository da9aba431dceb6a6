"""`monitor once`: one poll of each feed, shown as a table. Stores nothing and tells nobody."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click

from monitor.cli.asking import (
    Asked,
    api_keys,
    ask_all,
    failure_text,
    failures,
    listed,
    verdicts,
)
from monitor.cli.options import Verb, config_option, json_option, the_config
from monitor.cli.output import (
    Cell,
    Table,
    careful,
    faint,
    good,
    price_text,
    print_json,
    print_line,
    print_table,
    right,
    size_of,
    upstream,
    when,
)
from monitor.config.settings import Config
from monitor.core.answer import Failed
from monitor.core.errors import UpstreamError
from monitor.core.explaining import verdict_text
from monitor.core.matching import Met
from monitor.core.product import UNKNOWN_ATTRIBUTES, Invalid, ProductKey, Seen, is_available, is_blocked

CODE_OF_NOTHING_IN_STOCK = 4

Products = Mapping[ProductKey, Seen | Invalid]


@click.command(
    "once",
    cls=Verb,
    examples=[
        ("monitor once", "what is in stock, and which rules it meets"),
        ("monitor once --json | jq '.products[] | select(.available)'", "for a script"),
        ("until monitor once >/dev/null; do sleep 60; done", "wait for a rule to be met"),
    ],
)
@config_option
@json_option
def once(as_json: bool) -> int:
    """Ask the provider once for each feed, and show the stock.

    Needs no database, stores nothing and sends no message. Exit code 0 when a product meets a rule, 4 when
    none does, 5 when none does and a feed could not be asked: what it would have shown is unknown.
    """
    config = the_config()
    asked = ask_all(config.sources, api_keys(config, os.environ))
    products = listed(asked)
    if as_json:
        print_json(_as_json(config, asked, products))
    else:
        _print(config, asked, products)
    is_met = any(_met_by(config, key, seen) for key, seen in products.items())
    for feed, failed in failures(asked):
        click.echo(f"monitor: {feed}: {failure_text(config, feed, failed)}", err=True)
    if is_met:
        return 0
    return UpstreamError.exit_code if failures(asked) else CODE_OF_NOTHING_IN_STOCK


def _print(config: Config, asked: Sequence[Asked], products: Products) -> None:
    has_sources = len(config.sources) > 1
    table = Table(
        *(["source"] if has_sources else []),
        *("product", "name", "aidc", "size", right("left"), "price", "stock error", "meets"),
    )
    for key, seen in products.items():
        table.row(*([key.source] if has_sources else []), *_cells(config, key, seen))
    succeeded = [poll for poll in asked if not isinstance(poll.brought, Failed)]
    if succeeded:
        print_table(table, empty="no product is listed")
    for poll in succeeded:
        zone = config.monitor.timezone
        told = f"{poll.feed}: asked at {when(poll.at, zone)} ({zone.key}), took {_milliseconds(poll.took)} ms"
        print_line(faint(told))
    if not config.rules:
        print_line(careful("there is no [[watch]]: nothing can be met"))


def _cells(config: Config, key: ProductKey, seen: Seen | Invalid) -> list[Cell]:
    if isinstance(seen, Invalid):
        unknown = careful(f"unknown: {seen.reason}")
        return [upstream(key.product_code), "—", str(key.aidc_id), "—", "?", "—", unknown, "—"]
    attributes = seen.attributes
    met = _met_by(config, key, seen)
    return [
        upstream(key.product_code),
        upstream(attributes.name),
        str(key.aidc_id),
        size_of(attributes),
        good(str(seen.remaining)) if is_available(seen) else str(seen.remaining),
        price_text(attributes, config.monitor.price_units),
        _stock_error(seen),
        good(", ".join(met)) if met else "—",
    ]


def _stock_error(seen: Seen) -> Cell:
    if not is_blocked(seen):
        return "—"
    text = upstream(seen.stock_error)
    return careful(f"blocked: {text}") if seen.remaining else text


def _met_by(config: Config, key: ProductKey, seen: Seen | Invalid) -> list[str]:
    return [name for name, said in verdicts(config.rules, key, seen).items() if isinstance(said, Met)]


def _as_json(config: Config, asked: Sequence[Asked], products: Products) -> dict[str, Any]:
    reasons = {feed: failed.reason for feed, failed in failures(asked)}
    return {
        "feeds": [
            {
                "source": poll.feed.source,
                "aidc_id": poll.feed.aidc_id,
                "at": poll.at,
                "ms": _milliseconds(poll.took),
                "ok": poll.feed not in reasons,
                "reason": reasons.get(poll.feed),
            }
            for poll in asked
        ],
        "products": [_product_json(config, key, seen) for key, seen in products.items()],
    }


def _product_json(config: Config, key: ProductKey, observed: Seen | Invalid) -> dict[str, Any]:
    said = verdicts(config.rules, key, observed)
    seen, reason = (None, observed.reason) if isinstance(observed, Invalid) else (observed, None)
    attributes = seen.attributes if seen else UNKNOWN_ATTRIBUTES
    return {
        **key._asdict(),
        **asdict(attributes),
        "price_label": config.monitor.price_units.get(attributes.price_unit or 0),
        "remaining": seen.remaining if seen else None,
        "stock_error": seen.stock_error if seen else None,
        "available": is_available(seen) if seen else None,
        "invalid_reason": reason,
        "meets": [name for name, verdict in said.items() if isinstance(verdict, Met)],
        "rules": {name: verdict_text(verdict) for name, verdict in said.items()},
    }


def _milliseconds(took: timedelta) -> int:
    return round(took.total_seconds() * 1000)
