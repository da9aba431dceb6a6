"""Which database a verb means, and what the configuration says of the products in it.

Reading verbs do without a configuration: the database of this folder, or the unit's, tells by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.cli.options import the_config, the_config_path
from monitor.config.settings import DEFAULT_KEEP, DEFAULT_TIMEZONE, LEAST_BLIND_AFTER, SYSTEM_DATABASE
from monitor.core.calendar import Calendar
from monitor.core.errors import ConfigError
from monitor.core.matching import NotMet, Rule, covers
from monitor.core.product import Attributes, Feed, ProductKey

if TYPE_CHECKING:
    from monitor.config.settings import Config

LOCAL_DATABASE: Final = Path("monitor.db")


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and the settings that its reader needs. `rules`, `feeds`, `channels` None: no config."""

    url: str
    zone: ZoneInfo
    price_units: Mapping[int, str]
    rules: tuple[Rule, ...] | None
    feeds: tuple[Feed, ...] | None
    channels: tuple[str, ...] | None
    blind_after: Mapping[str, timedelta]
    stale_after: Mapping[str, timedelta]
    keep: timedelta
    calendar: Calendar

    def watched_by(self, key: ProductKey, attributes: Attributes) -> list[str]:
        """The names of the rules that watch the product."""
        return [r.name for r in self.rules or () if not isinstance(covers(r, key, attributes), NotMet)]

    def is_watched(self, key: ProductKey, attributes: Attributes) -> bool:
        """Without a configuration, and with one that has no rules, every product is."""
        return not self.rules or bool(self.watched_by(key, attributes))

    def blind_after_of(self, source: str) -> timedelta:
        return self.blind_after.get(source, LEAST_BLIND_AFTER)


def the_place() -> Place:
    """Of the configuration, if there is one. Raises ConfigError when it is wrong, or nothing is there."""
    try:
        the_config_path()
    except ConfigError:
        for file in (LOCAL_DATABASE, SYSTEM_DATABASE):
            if file.exists():
                return _without_configuration(file)
        raise
    return _of(the_config())


def _of(config: "Config") -> Place:
    return Place(
        config.storage.url,
        config.monitor.timezone,
        config.monitor.price_units,
        config.rules,
        tuple(feed for source in config.sources for feed in source.feeds),
        tuple(channel.name for channel in config.channels),
        {source.name: config.monitor.blind_after_of(source) for source in config.sources},
        {source.name: 3 * source.interval for source in config.sources},
        config.storage.keep,
        config.calendar,
    )


def _without_configuration(file: Path) -> Place:
    url = f"sqlite:///{file.absolute()}"
    zone = ZoneInfo(DEFAULT_TIMEZONE)
    return Place(url, zone, {}, None, None, None, {}, {}, DEFAULT_KEEP, Calendar(zone))
