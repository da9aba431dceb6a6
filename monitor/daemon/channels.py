"""Makes the senders of the configured channels: secrets resolved, library loaded, limits known."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import assert_never

from monitor.config.secret import SecretRef
from monitor.config.settings import AppriseUrl, ChannelSettings, Command, Config, Webhook
from monitor.core.errors import ConfigError
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.notify import command, webhook
from monitor.notify.sending import Sender
from monitor.notify.services import Rate


@dataclass(frozen=True, slots=True, repr=False)
class ToApprise:
    """All of it is secret, and so it is with the others."""

    url: str
    secret: str | None = None
    keyword: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ToCommand:
    """`struck`: secrets of the configuration, should the program come to know and print them."""

    command: Command
    struck: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ToWebhook:
    url: str
    secret: str
    deadline: timedelta


@dataclass(frozen=True, slots=True)
class Target:
    """All that decides how a channel is reached; equal ones need not be loaded anew. Holds secrets."""

    name: str
    to: ToApprise | ToCommand | ToWebhook
    language: Language

    def __repr__(self) -> str:
        return f"Target({self.name!r})"


@dataclass(frozen=True, slots=True)
class Loaded:
    target: Target
    sender: Sender
    style: Style
    rate: Rate | None


def targets(config: Config, environ: Mapping[str, str]) -> dict[str, Target]:
    """Raises ConfigError with every secret that cannot be had."""
    found: dict[str, Target] = {}
    problems: list[str] = []
    for channel in config.channels:
        try:
            found[channel.name] = _target(channel, config, environ)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def load_channels(
    wanted: Mapping[str, Target], config: Config, *, acts_in_rehearsals: bool = False
) -> dict[str, Loaded]:
    """Blocks for as long as the library takes to import. Raises ConfigError with every unusable channel.

    `acts_in_rehearsals`: a rehearsal starts commands, too.
    """
    loaded: dict[str, Loaded] = {}
    problems: list[str] = []
    for target in wanted.values():
        try:
            loaded[target.name] = _load(target, config, acts_in_rehearsals)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return loaded


def _target(channel: ChannelSettings, config: Config, environ: Mapping[str, str]) -> Target:
    language = Language(channel.language)
    match channel.to:
        case AppriseUrl(url, secret, keyword):
            resolved = secret.resolve(environ) if secret else None
            return Target(channel.name, ToApprise(url.resolve(environ), resolved, keyword), language)
        case Command():
            struck = tuple(sorted(set(_every_secret(config, environ))))
            return Target(channel.name, ToCommand(channel.to, struck), language)
        case Webhook(url, secret, _, deadline):
            to = ToWebhook(url.resolve(environ), secret.resolve(environ), deadline)
            return Target(channel.name, to, language)
        case _:
            assert_never(channel.to)


def _every_secret(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """Those that can be had: the others are missed elsewhere."""
    references: list[SecretRef | None] = [source.api_key for source in config.sources]
    references += [secret for channel in config.channels for secret in channel.secrets.values()]
    references += [config.monitor.heartbeat_url, config.web.token if config.web else None]
    for reference in references:
        if reference is not None:
            with suppress(ConfigError):
                yield reference.resolve(environ)


def _load(target: Target, config: Config, acts_in_rehearsals: bool) -> Loaded:
    match target.to:
        case ToApprise():
            return _load_apprise(target, target.to, config)
        case ToCommand(what, struck):
            program = command.CommandChannel.load(
                target.name, what, os.environ, struck=struck, acts_in_rehearsals=acts_in_rehearsals
            )
            deadline = what.deadline + timedelta(seconds=command.GRACE_S)
            sender = Sender(target.name, program, lambda: program, deadline)
        case ToWebhook(url, secret, patience):
            hook = webhook.WebhookChannel.load(target.name, url, secret, patience)
            sender = Sender(target.name, hook, lambda: hook, patience + timedelta(seconds=webhook.GRACE_S))
        case _:
            assert_never(target.to)
    return Loaded(target, sender, _style(target, config, is_data=True), None)


def _load_apprise(target: Target, to: ToApprise, config: Config) -> Loaded:
    from monitor.notify.channel import Channel

    load: Callable[[], Channel] = partial(
        Channel.load,
        target.name,
        to.url,
        secret=to.secret,
        keyword=to.keyword,
        language=target.language,
    )
    channel = load()
    limits = channel.limits
    style = replace(
        _style(target, config),
        limit_title=limits.title,
        limit_body=limits.body,
        counts_bytes=limits.counts_bytes,
    )
    return Loaded(target, Sender(target.name, channel, load), style, channel.rate)


def _style(target: Target, config: Config, *, is_data: bool = False) -> Style:
    return Style(
        language=target.language,
        zone=config.monitor.timezone,
        price_units=config.monitor.price_units,
        public_url=config.web.public_url if config.web else None,
        is_data=is_data,
    )
