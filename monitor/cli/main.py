"""The command `monitor`: finds the verb's module, and turns what goes wrong into a sentence and an exit code.

Importing it loads click and nothing else of weight: verbs are imported when they are called.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

import click

from monitor import __version__
from monitor.cli.options import Examples, VerbGroup, config_option
from monitor.core.errors import ConfigError, MonitorError

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "run": ("monitor.cli.run:run", "Watch the stock and tell of it: the daemon."),
    "check": (
        "monitor.cli.check:check",
        "Check configuration, database and secrets; with --online all of it.",
    ),
    "once": ("monitor.cli.once:once", "Ask for the stock once and show it; stores and tells nothing."),
    "wait": ("monitor.cli.wait:wait", "Wait until a rule is met, then print the product or run a command."),
    "status": ("monitor.cli.status:status", "What is watched, what is in stock, what waits to be sent."),
    "history": ("monitor.cli.history:history", "When products were in stock, and how many."),
    "stats": ("monitor.cli.stats:stats", "How often products come back, for how long, and the odds."),
    "forecast": ("monitor.cli.forecast:forecast", "The chance that products come back soon."),
    "explain": (
        "monitor.cli.explain:explain",
        "Why a product meets a rule or not, and what would be told next.",
    ),
    "backtest": ("monitor.cli.backtest:backtest", "What your rules would have announced of the stored past."),
    "alerts": ("monitor.cli.alerts:alerts", "What was announced, and what became of each message."),
    "silence": ("monitor.cli.silence:silence", "Announce nothing of a rule or a product for a while."),
    "silences": ("monitor.cli.silences:silences", "What is silenced, until when, and why."),
    "unsilence": ("monitor.cli.silence:unsilence", "End a silence before its time."),
    "notify-test": ("monitor.cli.notify_test:notify_test", "Send a test message to each channel."),
    "simulate": (
        "monitor.cli.simulate:simulate",
        "Serve a stand-in of the provider's API on this machine, or make up a past.",
    ),
    "db": ("monitor.cli.db:db", "Upgrade, back up, prune or export the database."),
    "config": ("monitor.cli.config:config", "The configuration in force, its schema, an example, the unit."),
    "completion": (
        "monitor.cli.completion:completion",
        "Print the script that completes words in your shell.",
    ),
}
"""Verb: where its click command is, and its line in `monitor --help`."""

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "ok",
    1: "trouble",
    2: "the command line is wrong",
    3: "the configuration or a secret is wrong",
    4: "nothing in stock, or not in time",
    5: "the provider cannot be reached, or refuses the key",
    6: "trouble with the database",
}

EXAMPLES: Final[Examples] = (
    ("monitor run --simulate", "see it at work, without a key"),
    ("monitor check --online", "is everything set up?"),
    ("monitor once", "what is in stock right now?"),
    ("monitor --config /etc/gpu-stock-monitor/monitor.toml run", "the daemon"),
)

CODE_OF_AN_INTERRUPT: Final = 130


class Monitor(VerbGroup):
    """The group of all verbs. Lists them from the table; imports the one that is called."""

    def __init__(self, *args: Any, verbs: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.verbs:
            return None
        module, _, name = self.verbs[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.verbs and not args[0].startswith("-") and not ctx.resilient_parsing:
            from monitor.config.suggesting import did_you_mean

            ctx.fail(f"there is no verb {args[0]!r}{did_you_mean(args[0], self.verbs)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, words) for verb, (_, words) in self.verbs.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except MonitorError as error:
            say(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            ctx.exit(CODE_OF_AN_INTERRUPT)
        except BrokenPipeError:
            # Whoever read our output has seen enough; what is still buffered would complain at exit.
            _drop_output()
            ctx.exit(1)
        except Exception as error:  # noqa: BLE001  the last place to say something that a person understands
            _say_bug(error, with_traceback=bool(ctx.params["debug"]))
            ctx.exit(1)


@click.group(
    "monitor",
    cls=Monitor,
    verbs=VERBS,
    examples=EXAMPLES,
    context_settings={"max_content_width": 100},
    subcommand_metavar="VERB …",
)
@config_option
@click.option(
    "--debug", is_flag=True, envvar="MONITOR_DEBUG", help="Show the traceback of an internal error."
)
@click.version_option(__version__, prog_name="monitor", message="%(prog)s %(version)s")
def main(debug: bool) -> None:
    """Tells you the moment a watched GPU spec is back in stock.

    `monitor VERB --help` tells more of a verb.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            # A terminal without UTF-8 gets a question mark, not an exception.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def say(error: MonitorError) -> None:
    """Its sentence on standard error; of a ConfigError every problem, a line each."""
    lines = error.problems if isinstance(error, ConfigError) else (str(error),)
    for line in lines:
        click.echo(f"monitor: {line}", err=True)


def _say_bug(error: Exception, *, with_traceback: bool) -> None:
    if with_traceback:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    # Not its text: that of a stranger's exception may hold a secret.
    more = "" if with_traceback else "; with `monitor --debug …` it shows where"
    click.echo(
        f"monitor: internal error ({type(error).__name__}): this is a bug, please report it{more}", err=True
    )


def _drop_output() -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
