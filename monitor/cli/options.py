"""What verbs share on the command line: --config, --json, --since, and help texts with examples.

A verb:

    @click.command("once", cls=Verb, examples=[("monitor once --json", "for a script")])
    @config_option
    @json_option
    def once(as_json: bool) -> int:
        config = the_config()
        ...
        return 4            # the exit code; None is 0

Raise a MonitorError for trouble: `main` prints its sentence and exits with its code.
"""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from monitor.config.settings import Config

Examples = Sequence[tuple[str, str]]
"""What one would type, and what it is good for."""

F = TypeVar("F", bound=Callable[..., Any])
_CONFIG: Final = "monitor.config"


class Verb(click.Command):
    """A command with examples below its help; what its function returns is the exit code."""

    def __init__(self, *args: Any, examples: Examples, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = tuple(examples)

    def invoke(self, ctx: click.Context) -> Any:
        ctx.exit(super().invoke(ctx) or 0)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


class VerbGroup(click.Group):
    """A verb with verbs of its own (`cls=Verb` for those): `monitor db backup`."""

    def __init__(self, *args: Any, examples: Examples, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


class DurationType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on only
    """`90s`, `15m`, `2h`, `7d` as a timedelta: the durations of monitor.toml."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        from monitor.config.values import duration

        try:
            return duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def config_option(function: F) -> F:
    """--config PATH, before the verb or after it (then that counts). Passes nothing: see `the_config`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, readable=False),  # `load` says it better, with its exit code
        expose_value=False,
        callback=_remember,
        metavar="PATH",
        help="The configuration. Else $MONITOR_CONFIG, ./monitor.toml, /etc/gpu-stock-monitor/monitor.toml.",
    )(function)


def json_option(function: F) -> F:
    """--json, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(function)


def since_option(default: str) -> Callable[[F], F]:
    """--since 7d, passed as `since`: a timedelta back from now."""
    return click.option(
        "--since",
        type=DurationType(),
        default=default,
        show_default=True,
        metavar="DURATION",
        help="How far to look back: 90s, 15m, 2h, 7d.",
    )


def the_config_path() -> Path:
    """What --config says, else where a configuration is looked for. Raises ConfigError when there is none."""
    from monitor.config.loading import find_config

    named: Path | None = click.get_current_context().meta.get(_CONFIG)
    return named if named is not None else find_config(os.environ, Path.cwd())


def the_config() -> "Config":
    """The configuration of this call, loaded. Raises ConfigError with every problem."""
    from monitor.config.loading import load

    return load(the_config_path())


def write_examples(examples: Examples, formatter: click.HelpFormatter) -> None:
    """The commands below each other, each with a comment as a shell takes it."""
    width = max((len(command) for command, _ in examples), default=0)
    with formatter.section("Examples"):
        for command, comment in examples:
            formatter.write(f"{'':{formatter.current_indent}}{command:{width}}  # {comment}\n")


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta[_CONFIG] = value
