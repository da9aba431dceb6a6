"""`monitor wait`: returns the moment a rule is met, with the product that meets it."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Final, NoReturn

import click

from monitor.cli.completing import complete_rules
from monitor.cli.options import DurationType, Verb, config_option, the_config
from monitor.cli.output import print_json

CODE_OF_A_TIMEOUT: Final = 4
CODE_OF_A_TERMINATION: Final = 128 + signal.SIGTERM
_COMMAND: Final = "monitor.wait.command"


class CommandVerb(Verb):
    """All that follows `--exec` or `--` is a command of its own: none of its words is an option of ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = next((number for number, word in enumerate(args) if word in {"--exec", "--"}), len(args))
        command = args[at + 1 :]
        if args[at:] and not command and not ctx.resilient_parsing:
            ctx.fail(f"{args[at]} needs a command behind it")
        ctx.meta[_COMMAND] = tuple(command[1:] if command[:1] == ["--"] else command)
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[--exec COMMAND [ARG]...]"]


@click.command(
    "wait",
    cls=CommandVerb,
    examples=[
        ("monitor wait h800-nodes", "until it is met; then the product as JSON"),
        ('code=$(monitor wait h800-nodes --field product_code) && ./submit.sh "$code"', "act on it"),
        ("monitor wait h800-nodes --exec ./submit.sh {product_code}", "the same without a shell"),
        ("monitor wait h800-nodes --timeout 6h || echo none", "for so long, then exit code 4"),
    ],
)
@click.argument("rule", shell_complete=complete_rules)
@click.option("--timeout", type=DurationType(), metavar="DURATION", help="Give up after: 90s, 15m, 6h.")
@click.option("--field", metavar="NAME", help="Print only this field of the product, as plain text.")
@click.option(
    "--exec",
    is_flag=True,
    expose_value=False,
    help="Become the command that follows, with {product_code} and the other fields filled in.",
)
@config_option
@click.pass_context
def wait(ctx: click.Context, rule: str, timeout: timedelta | None, field: str | None) -> int:
    """Wait until a product meets RULE in a fresh poll, and print it as JSON. At once when one does now.

    Beside a running monitor it reads along in the database, as often as you like. Without one it polls by
    itself, stores nothing, and meanwhile keeps a monitor and other waits out. `for`, silences and spacing of
    the rule are for messages: they do not hold it up. Without --timeout it waits for ever.

    The command is run without a shell, with the JSON on its standard input and each field in its environment
    (MONITOR_PRODUCT_CODE ...).

    Exit code 4: timed out; 5: the key is refused; 6: the database is held by another, or cannot be read.
    """
    from monitor.cli.wait_result import become, check_command, check_field, field_text, told
    from monitor.cli.waited import wait_for

    command: Sequence[str] = ctx.meta[_COMMAND]
    if field is not None and command:
        raise click.UsageError("--field prints, and a command has the output to itself: use one of them")
    check_field(field)
    check_command(command)
    config = the_config()
    with _ended_by_sigterm():
        found = wait_for(config, rule, timeout)
    if found is None:
        return CODE_OF_A_TIMEOUT
    product = told(found, rule, config.monitor.price_units)
    if command:
        become(command, product)
    if field is None:
        print_json(product)
    else:
        click.echo(field_text(product[field]))
    return 0


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """As an interrupt does: what is open is closed on the way out."""
    raise SystemExit(CODE_OF_A_TERMINATION)
