"""Offers the names that a configuration and its database hold to the shell, while a word is being typed.

Half-written files and missing databases are no errors here: nothing is offered then.
"""

import tomllib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click

from monitor.cli.options import the_config, the_config_path
from monitor.core.errors import MonitorError


def complete_channels(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of [channels.…]."""
    channels = _raw_config(ctx).get("channels")
    return _starting(incomplete, channels if isinstance(channels, dict) else ())


def complete_rules(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of [[watch]]."""
    watches = _raw_config(ctx).get("watch")
    tables = watches if isinstance(watches, list) else []
    names = (table.get("name") for table in tables if isinstance(table, dict))
    return _starting(incomplete, (name for name in names if isinstance(name, str)))


def complete_products(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Product codes that the database knows."""
    with suppress(MonitorError), ctx.scope(cleanup=False):
        config = the_config()
        from monitor.store.glance import product_codes

        return _starting(incomplete, product_codes(config.storage.url))
    return []


def complete_rules_and_products(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Either; and after the name of a rule and a slash, products."""
    codes = complete_products(ctx, param, "")
    names = [*complete_rules(ctx, param, ""), *codes]
    of_rules = [f"{rule}/{code}" for rule in complete_rules(ctx, param, "") for code in codes]
    return _starting(incomplete, [*names, *(of_rules if "/" in incomplete else ())])


def complete_active_silences(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Numbers of silences that are not over."""
    with suppress(MonitorError), ctx.scope(cleanup=False):
        from monitor.cli.hushed import read_hushed
        from monitor.cli.stored import the_place

        active = read_hushed(the_place()).active(datetime.now(UTC))
        return _starting(incomplete, (str(one.silence_id) for one in active))
    return []


def _raw_config(ctx: click.Context) -> dict[str, Any]:
    """Read without the checks, which would take longer than a person waits for a completion."""
    with suppress(MonitorError, OSError, ValueError), ctx.scope(cleanup=False):
        return tomllib.loads(the_config_path().read_text("utf-8-sig"))
    return {}


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in set(names) if name.startswith(incomplete))
