"""`monitor notify-test`: a real message to each channel, and what became of it."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

import click

from monitor.cli.completing import complete_channels
from monitor.cli.options import Verb, config_option, json_option, the_config
from monitor.cli.output import Table, bad, good, print_json, print_table, right
from monitor.config.settings import ChannelSettings, Config
from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.core.errors import ConfigError
from monitor.core.event import event_text, trial_event
from monitor.core.wording import clock_text
from monitor.core.words import Language, pick

TITLE = ("TEST MESSAGE · gpu-stock-monitor", "【测试消息】gpu-stock-monitor")
BODY = (
    "This is a test: channel {0} works.\nNothing is in stock because of it.\nsent {1} ({2})",
    "这是一条测试消息：通道 {0} 工作正常。\n与库存无关。\n发送于 {1}（{2}）",
)


@dataclass(frozen=True, slots=True)
class Tried:
    channel: str
    outcome: Outcome
    took: timedelta


@click.command(
    "notify-test",
    cls=Verb,
    examples=[
        ("monitor notify-test", "a test message to every channel"),
        ("monitor notify-test ops-mail", "to one of them"),
    ],
)
@config_option
@json_option
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...", shell_complete=complete_channels)
def notify_test(channels: tuple[str, ...], as_json: bool) -> int:
    """Send a real test message to each CHANNEL, or to all, and say what became of it.

    Past the outbox: no database is needed and nothing is tried again. Exit code 1 when one failed. A command
    is started, with MONITOR_KIND=test and without a product.
    """
    config = the_config()
    chosen = _chosen(config, channels)
    tried = asyncio.run(_send_all(config, chosen, os.environ))
    if as_json:
        print_json({"channels": [_as_json(each) for each in tried]})
    else:
        _print(tried)
    return 0 if all(isinstance(each.outcome, Accepted) for each in tried) else 1


def _chosen(config: Config, names: Sequence[str]) -> list[ChannelSettings]:
    known = {channel.name: channel for channel in config.channels}
    for name in names:
        if name not in known:
            from monitor.config.suggesting import did_you_mean

            raise click.UsageError(f"there is no channel {name!r}{did_you_mean(name, known)}")
    if not known:
        raise ConfigError([f"{config.path.name}: there is no channel: add a [channels.NAME] with its url"])
    return [known[name] for name in dict.fromkeys(names or known)]


async def _send_all(
    config: Config, channels: Sequence[ChannelSettings], environ: Mapping[str, str]
) -> list[Tried]:
    return await asyncio.gather(*(_send(config, channel, environ) for channel in channels))


async def _send(config: Config, channel: ChannelSettings, environ: Mapping[str, str]) -> Tried:
    """A channel that cannot even be loaded is a failed one: the others are tried all the same."""
    from monitor.daemon.channels import load_channels, targets

    only = replace(config, channels=(channel,))
    try:
        loaded = await asyncio.to_thread(lambda: load_channels(targets(only, environ), only))
    except ConfigError as error:
        refused = Refused(FailureClass.PERMANENT, "; ".join(error.problems))
        return Tried(channel.name, refused, timedelta(0))
    started_s = time.monotonic()
    one = loaded[channel.name]
    outcome = await one.sender.send(*_message(config, channel, is_data=one.style.is_data))
    return Tried(channel.name, outcome, timedelta(seconds=time.monotonic() - started_s))


def _message(config: Config, channel: ChannelSettings, *, is_data: bool) -> tuple[str, str]:
    from monitor.daemon.clock import new_event_id

    language, zone, now = Language(channel.language), config.monitor.timezone, datetime.now(UTC)
    title = pick(TITLE, language)
    body = pick(BODY, language).format(channel.name, clock_text(now, zone), zone.key)
    if not is_data:
        return title, body
    return title, event_text(trial_event(new_event_id(), now, title, body))


def _print(tried: Sequence[Tried]) -> None:
    table = Table("channel", "outcome", right("took"), "reason")
    for each in tried:
        match each.outcome:
            case Accepted(note):
                outcome, reason = good("✓ sent"), note or ""
            case Refused(kind, why):
                outcome, reason = bad(f"✗ {_FAILED[kind]}"), why
            case _:
                assert_never(each.outcome)
        table.row(each.channel, outcome, f"{each.took.total_seconds():.1f} s", reason)
    print_table(table)


def _as_json(tried: Tried) -> dict[str, Any]:
    refused = tried.outcome if isinstance(tried.outcome, Refused) else None
    return {
        "channel": tried.channel,
        "sent": refused is None,
        "kind": refused.kind.value if refused else None,
        "reason": refused.reason if refused else None,
        "note": tried.outcome.note if isinstance(tried.outcome, Accepted) else None,
        "took_s": round(tried.took.total_seconds(), 3),
    }


_FAILED = {
    FailureClass.PERMANENT: "refused",
    FailureClass.TRANSIENT: "not sent",
    FailureClass.AMBIGUOUS: "no answer",
}
