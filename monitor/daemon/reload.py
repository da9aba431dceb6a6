"""Follows a changed configuration while running: all of it or, with an error, nothing. Only what changed
is touched."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from monitor.config.settings import Config, SourceSettings
from monitor.core.errors import ConfigError
from monitor.daemon.parts import Parts
from monitor.daemon.secrets import fetch_secrets
from monitor.daemon.settings import feeds_of, settings_of

SENDS_END_WITHIN_S: Final = 5.0


async def reload(parts: Parts, config: Config) -> str:
    """Returns the names of what changed. Raises MonitorError when the new configuration cannot be used."""
    before = parts.config
    _refuse_what_needs_a_restart(before, config)
    secrets = fetch_secrets(config, parts.environ)
    wanted, running = secrets.targets, parts.lanes.targets()
    fresh = {
        name: target
        for name, target in wanted.items()
        if running.get(name) != target or _looks(before) != _looks(config)
    }
    loaded = await parts.outside.load_senders(fresh, config)

    # The database first: it is the only one of these that can refuse.
    await parts.ledger.reconfigure(feeds_of(config), settings_of(config), partial(parts.retain, config))
    parts.config, parts.heartbeat_url = config, secrets.heartbeat_url
    # Then the sources: no turn of one that is gone may come while the lanes end.
    sources = await _follow_sources(parts, before, secrets.keys)
    await parts.lanes.stop([*fresh, *(running.keys() - wanted.keys())], SENDS_END_WITHIN_S)
    for source in sources:
        parts.schedule_feeds(source)
    for channel in loaded.values():
        parts.lanes.start(channel)
    parts.lanes.wake_all()
    return ", ".join([*_names(before, config), *fresh, *(source.name for source in sources)])


def _refuse_what_needs_a_restart(before: Config, after: Config) -> None:
    problems = []
    if before.storage != after.storage:
        problems.append(f"{after.path.name}: [storage] changed: restart the monitor to use it")
    listens = [(web.host, web.port) if web else None for web in (before.web, after.web)]
    if listens[0] != listens[1]:
        problems.append(f"{after.path.name}: [web] listen changed: restart the monitor to use it")
    if problems:
        raise ConfigError(problems)


def _looks(config: Config) -> tuple[object, ...]:
    """What all messages have in common."""
    public_url = config.web.public_url if config.web else None
    return config.monitor.timezone, config.monitor.price_units, public_url


async def _follow_sources(parts: Parts, before: Config, keys: Mapping[str, str]) -> list[SourceSettings]:
    """Swap the clients of changed sources; returns those whose feeds are to be scheduled anew."""
    old = {source.name: source for source in before.sources}
    new = {source.name: source for source in parts.config.sources}
    changed = {
        name
        for name in old.keys() | new.keys()
        if (old.get(name), parts.keys.get(name)) != (new.get(name), keys.get(name))
    }
    ending = [feed for name in changed & old.keys() for feed in old[name].feeds]
    for feed in ending:
        parts.unschedule(feed)
    await parts.end_polls(ending)
    for name in changed & old.keys():
        await parts.drop_source(name)
    for name in changed & new.keys():
        parts.add_source(new[name], keys[name])
    return [new[name] for name in sorted(changed & new.keys())]


def _names(before: Config, after: Config) -> list[str]:
    old = {rule.name: rule for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
