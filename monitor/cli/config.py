"""`monitor config`: the configuration in force, and its JSON Schema."""

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
    ],
)
def config() -> None:
    """Show the configuration in force, or its JSON Schema."""


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


def _read(toml: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(toml)
