"""Makes the senders of the configured channels: secrets resolved, library loaded, limits known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from monitor.config.settings import ChannelSettings, Config
from monitor.core.errors import ConfigError
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.notify.sending import Sender
from monitor.notify.services import Rate


@dataclass(frozen=True, slots=True)
class Target:
    """All that decides how a channel is reached; equal ones need not be loaded anew. Holds secrets."""

    name: str
    url: str
    secret: str | None
    keyword: str | None
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
            found[channel.name] = _target(channel, environ)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def load_channels(wanted: Mapping[str, Target], config: Config) -> dict[str, Loaded]:
    """Blocks for as long as the library takes to import. Raises ConfigError with every bad URL."""
    loaded: dict[str, Loaded] = {}
    problems: list[str] = []
    for target in wanted.values():
        try:
            loaded[target.name] = _load(target, config)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return loaded


def _target(channel: ChannelSettings, environ: Mapping[str, str]) -> Target:
    secret = channel.secret.resolve(environ) if channel.secret else None
    return Target(
        channel.name, channel.url.resolve(environ), secret, channel.keyword, Language(channel.language)
    )


def _load(target: Target, config: Config) -> Loaded:
    from monitor.notify.channel import Channel

    load: Callable[[], Channel] = partial(
        Channel.load,
        target.name,
        target.url,
        secret=target.secret,
        keyword=target.keyword,
        language=target.language,
    )
    channel = load()
    limits = channel.limits
    style = Style(
        language=target.language,
        zone=config.monitor.timezone,
        price_units=config.monitor.price_units,
        public_url=config.web.public_url if config.web else None,
        limit_title=limits.title,
        limit_body=limits.body,
        counts_bytes=limits.counts_bytes,
    )
    return Loaded(target, Sender(target.name, channel, load), style, channel.rate)
