"""`monitor completion`: the script that teaches a shell to complete verbs, options and names."""

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from monitor.cli.options import Verb
from monitor.core.errors import MonitorError

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Verb,
    examples=[
        ('eval "$(monitor completion bash)"', "in ~/.bashrc"),
        ('eval "$(monitor completion zsh)"', "in ~/.zshrc"),
        ("monitor completion fish | source", "in ~/.config/fish/config.fish"),
    ],
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the script that completes words in your shell.

    Without SHELL it is that of $SHELL. Besides verbs and options it completes the names of channels,
    rules and products.
    """
    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    found = get_completion_class(shell) if shell in SHELLS else None
    if found is None:
        ctx.fail("$SHELL is none that is known here: name one of bash, zsh, fish")
    try:
        click.echo(found(ctx.find_root().command, {}, "monitor", "_MONITOR_COMPLETE").source())
    except RuntimeError as error:
        raise MonitorError(f"no completion for this {shell}: {error}") from error
