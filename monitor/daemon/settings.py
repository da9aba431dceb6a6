"""What decisions need of the configuration. Pure."""

from monitor.config.settings import Config
from monitor.core.product import Feed
from monitor.core.world import Settings


def settings_of(config: Config) -> Settings:
    return Settings(
        rules=config.rules,
        channels={channel.name: channel.give_up_after for channel in config.channels},
        notify=config.monitor.notify,
        manners={channel.name: channel.manner for channel in config.channels if channel.manner},
        blind_after={source.name: config.monitor.blind_after_of(source) for source in config.sources},
    )


def feeds_of(config: Config) -> tuple[Feed, ...]:
    return tuple(feed for source in config.sources for feed in source.feeds)
