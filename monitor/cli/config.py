"""`monitor config`: the configuration in force, its JSON Schema, an example, and the systemd unit."""

import json
from typing import Any

import click

from monitor.cli.options import Verb, VerbGroup, config_option, json_option, the_config
from monitor.cli.output import print_json


@click.group(
    "config",
    cls=VerbGroup,
    examples=[
        ("monitor config show", "every setting in force"),
        ("monitor config schema > monitor.schema.json", "for an editor"),
        ("monitor config example > monitor.toml", "a beginning"),
    ],
)
def config() -> None:
    """Show the configuration in force, its JSON Schema, an example, or the systemd unit."""


@config.command(
    "show",
    cls=Verb,
    examples=[
        ("monitor config show", "as TOML"),
        ("monitor config show --json | jq .watch", "for a script"),
    ],
)
@config_option
@json_option
def show(as_json: bool) -> None:
    """Print every setting in force, defaults too, as TOML.

    Secrets that stand in the file are shown as ***; of others, where they are kept. None is fetched.
    """
    from monitor.config.showing import show as toml_of

    text = toml_of(the_config())
    if as_json:
        print_json(_read(text))
    else:
        click.echo(text, nl=False)


@config.command(
    "schema",
    cls=Verb,
    examples=[("monitor config schema > monitor.schema.json", "beside monitor.toml, for an editor")],
)
def schema() -> None:
    """Print the JSON Schema of monitor.toml.

    With `#:schema ./monitor.schema.json` as the first line of monitor.toml, editors complete and check it.
    """
    from monitor.config.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@config.command(
    "example",
    cls=Verb,
    examples=[("monitor config example > monitor.toml", "a beginning: keep what you need")],
)
def example() -> None:
    """Print an example configuration with every key."""
    click.echo(_shipped("monitor.example.toml"), nl=False)


@config.command(
    "unit",
    cls=Verb,
    examples=[("monitor config unit > /etc/systemd/system/gpu-stock-monitor.service", "install the service")],
)
def unit() -> None:
    """Print the systemd unit that runs the monitor as a hardened service."""
    click.echo(_shipped("systemd/gpu-stock-monitor.service"), nl=False)


def _shipped(name: str) -> str:
    """A file that an installed wheel carries along, and a checkout holds at its top."""
    from pathlib import Path

    package = Path(__file__).resolve().parents[1]
    places = (package / "_data" / name, package.parent / name)
    return next(place.read_text() for place in places if place.is_file())


def _read(toml: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(toml)
