"""Fetches every secret that the daemon uses, so that all that are missing are said at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from monitor.config.settings import Config
from monitor.core.errors import ConfigError
from monitor.daemon.channels import Target, targets

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """`keys`: the API key of each source; `targets`: how each channel is reached."""

    keys: Mapping[str, str]
    targets: Mapping[str, Target]
    heartbeat_url: str | None


def fetch_secrets(config: Config, environ: Mapping[str, str]) -> Secrets:
    """Raises ConfigError with every secret that cannot be had."""
    problems: list[str] = []

    def tried(fetch: Callable[[], T], instead: T) -> T:
        try:
            return fetch()
        except ConfigError as error:
            problems.extend(error.problems)
            return instead

    heartbeat = config.monitor.heartbeat_url
    secrets = Secrets(
        {source.name: tried(partial(source.api_key.resolve, environ), "") for source in config.sources},
        tried(partial(targets, config, environ), {}),
        tried(partial(heartbeat.resolve, environ), "") if heartbeat else None,
    )
    if problems:
        raise ConfigError(problems)
    return secrets
