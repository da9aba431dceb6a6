"""Where the daemon touches the world: disk, network, receivers, chance. A simulation brings its own."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from monitor.config.settings import Config, SourceSettings
from monitor.daemon.channels import Loaded, Target, load_channels
from monitor.daemon.clock import Clock
from monitor.daemon.threads import in_thread
from monitor.notify.lanes import LONGEST_SLEEP_S
from monitor.source.client import Client
from monitor.store.database import Database
from monitor.store.locks import DAEMON
from monitor.store.store import Store


async def open_store(config: Config) -> Store:
    """Raises DatabaseError."""
    return Store(await in_thread(partial(Database.open, config.storage.url, holder=DAEMON)))


async def load_senders(wanted: Mapping[str, Target], config: Config) -> Mapping[str, Loaded]:
    """Raises ConfigError with every bad URL."""
    return await in_thread(partial(load_channels, wanted, config))


def make_client(source: SourceSettings, key: str, clock: Clock) -> Client:
    return Client(source.base_url, key, source.timeout, clock.now, beside=in_thread)


@dataclass(frozen=True, slots=True)
class Outside:
    """`chance` gives a number in [0, 1). A lane that nobody wakes looks after `lanes_look_after_s`."""

    open_store: Callable[[Config], Awaitable[Store]] = open_store
    load_senders: Callable[[Mapping[str, Target], Config], Awaitable[Mapping[str, Loaded]]] = load_senders
    make_client: Callable[[SourceSettings, str, Clock], Client] = make_client
    chance: Callable[[], float] = random.random
    lanes_look_after_s: float = LONGEST_SLEEP_S


THE_WORLD: Final = Outside()
