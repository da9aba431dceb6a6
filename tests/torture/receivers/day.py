"""N9: one channel is dead for a day beside a healthy one, in virtual time; then it comes back.

The parts of the daemon, a real database and the real plugins; polls are asked for by hand, once a minute.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from monitor.daemon.channels import load_channels, targets
from monitor.daemon.parts import Parts
from monitor.store.database import Database
from monitor.store.store import Store
from monitor.store.writer import Writer
from tests.core.builders import CODE, FEED
from tests.daemon.parts_stage import FakeSource, config_in
from tests.fakes.clock import FakeClock
from tests.torture.receivers.judge import Delivery, audit, events_in
from tests.torture.receivers.scene import deliveries_in
from tests.torture.receivers.services import mark_of, url_of, yes
from tests.torture.receivers.tally import Tally
from tests.torture.receivers.town import Door, Town
from tests.torture.virtual_time import VirtualLoop

T = TypeVar("T")
MINUTE_S: Final = 60.0
CHANGES_EVERY: Final = 30
HEALTHY, DEAD = "healthy", "dead"
_CONFIG: Final = """
[source]
base_url = "http://127.0.0.1:9"
api_key = { env = "KEY" }
interval = "60s"
[storage]
url = "sqlite:///monitor.db"
[monitor]
notify = ["healthy"]
[channels.healthy]
url = { env = "HEALTHY" }
[channels.dead]
url = { env = "DEAD" }
[[watch]]
name = "nodes"
match = { gpu_count = 8 }
notify = ["healthy", "dead"]
"""


class CountingWriter(Writer):
    """Knows how many writes it has yet to answer."""

    unanswered = 0

    async def call(self, fn: Callable[[], T]) -> T:
        self.unanswered += 1
        try:
            return await super().call(fn)
        finally:
            self.unanswered -= 1


class CountingStore(Store):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._writer.close(5)
        self._writer: CountingWriter = CountingWriter(database)

    def is_busy(self) -> bool:
        """It, or a send."""
        return self._writer.unanswered > 0 or any(t.name.startswith("send-") for t in threading.enumerate())


def play(folder: Path, hours: int) -> Tally:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "monitor.db"
    for left in folder.glob("monitor.*"):
        left.unlink()
    clock, store = FakeClock(), CountingStore(Database.open(f"sqlite:///{file}", holder="the torture suite"))
    loop = VirtualLoop(clock.advance, store.is_busy)
    with Town(folder) as town:
        tally = Tally(list(loop.run_until_complete(_day(folder, town, clock, store, hours))))
    loop.close()
    deliveries = deliveries_in(file)
    noticed = [visit.words for visit in town.visits if visit.door == HEALTHY]
    tally.violations += audit(deliveries, town.visits, noticed)
    tally.violations += _ends(deliveries, noticed, hours)
    tally.count("N9: hours with a dead channel", hours)
    tally.count("N9: expired and said", sum(delivery.state == "expired" for delivery in deliveries))
    return tally


async def _day(folder: Path, town: Town, clock: FakeClock, store: CountingStore, hours: int) -> list[str]:
    parts, source = await _parts(folder, town, clock, store)
    violations = []
    for minute in range(1, hours * 60 + 1):
        source.answer = {CODE: 3 * (minute // CHANGES_EVERY % 2)}
        before = _events(town, HEALTHY)
        await _minute(parts)
        if minute % CHANGES_EVERY == 0 and _events(town, HEALTHY) != before + 1:
            violations.append(f"N9: the change of minute {minute} was not told within a minute")
    town.open_all()
    for _ in range(3):
        await _minute(parts)
    await parts.stop()
    return violations


async def _parts(folder: Path, town: Town, clock: FakeClock, store: Store) -> tuple[Parts, FakeSource]:
    ports = {HEALTHY: town.port, DEAD: town.shut_port()}
    environ = {"KEY": "key"}
    for name, port in ports.items():
        town.doors[name] = Door(mark_of("plain", name), yes("plain"))
        environ[name.upper()] = url_of("plain", name, {"port": port})
    parts = Parts(config_in(folder, _CONFIG), environ, clock, store)
    source: Any = FakeSource({CODE: 0})
    [settings] = parts.config.sources
    parts.add_source(settings, "key")
    await parts.clients[settings.name].close()
    parts.clients[settings.name] = source
    await parts.retain(parts.config)
    await parts.ledger.load()
    for loaded in load_channels(targets(parts.config, environ), parts.config).values():
        parts.lanes.start(loaded)
    parts.schedule.start()
    return parts, source


async def _minute(parts: Parts) -> None:
    await parts._poll(FEED)
    await asyncio.sleep(MINUTE_S)


def _events(town: Town, door: str) -> int:
    """Of stock; what the monitor says of itself is not counted."""
    words = [visit.words for visit in list(town.visits) if visit.door == door and CODE in visit.words]
    return len({event for each in words for event in events_in(each)})


def _ends(deliveries: list[Delivery], noticed: list[str], hours: int) -> Iterator[str]:
    """The dead one's last six hours are told when it is back; what is older expired, and was said once."""
    dead = [delivery for delivery in deliveries if delivery.channel == DEAD]
    told = sum(delivery.state == "sent" for delivery in dead)
    if abs(told - min(hours, 6)) > 1:
        yield f"N9: {told} windows were told when the channel came back, there is one an hour, of six hours"
    if hours > 7 and not any(delivery.state == "expired" for delivery in dead):
        yield "N9: nothing expired, though it was older than six hours"
    said = sum("DELIVERY FAILED" in words for words in noticed)
    if hours > 7 and said != 1:
        yield f"N9: the loss was said {said} times, not once in its episode"
