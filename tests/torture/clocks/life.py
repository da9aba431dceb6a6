"""One life of the monitor: the production's own parts, from start to stop or to a sudden death."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import httpx
from apscheduler.schedulers import SchedulerNotRunningError

from monitor.config.settings import Config, SourceSettings
from monitor.core.style import Style
from monitor.core.words import Language
from monitor.daemon.channels import Loaded, Target
from monitor.daemon.clock import Clock
from monitor.daemon.outside import Outside
from monitor.daemon.parts import Parts
from monitor.daemon.pulse import Pulse
from monitor.daemon.systemd import Supervisor
from monitor.notify.lanes import LONGEST_SLEEP_S
from monitor.notify.sending import Sender
from monitor.source.client import Client
from monitor.store.store import Store
from tests.torture.clocks.fuse import Fuse
from tests.torture.clocks.receivers import Doors, Receiver
from tests.torture.clocks.settings import ENVIRON

SLOW_BEAT_S: Final = 600.0
"""Between two looks at the clocks when nothing happens to them: in production one second."""
SLOW_LOOK_S: Final = 1800.0
"""After which a lane looks for work that nobody called it to: in production half a minute."""


class Life:
    """`is_brisk`: it beats once a second and does its housekeeping, as in production.

    Otherwise whoever sets the clock or writes into the database calls `beat` within a second.
    `mistake` breaks something in the parts, for tests of the judge.
    """

    def __init__(
        self,
        clock: Clock,
        store: Callable[[Fuse], Store],
        transport: httpx.AsyncBaseTransport,
        doors: Doors,
        mistake: Callable[[Parts], None],
        *,
        is_brisk: bool,
    ) -> None:
        self.fuse = Fuse()
        self.is_brisk = is_brisk
        self.parts: Parts | None = None
        self._clock = clock
        self._store = store
        self._transport = transport
        self._doors = doors
        self._mistake = mistake
        self._pulse: Pulse | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    async def begin(self, config: Config) -> None:
        """Returns when it runs, or is dead."""
        starting = self._keep(asyncio.create_task(self._begin(config)))
        await _first_of(starting, self.fuse)

    async def reload(self, config: Config) -> None:
        from monitor.daemon.reload import reload

        if self.parts is not None:
            await _first_of(self._keep(asyncio.create_task(reload(self.parts, config))), self.fuse)

    async def beat(self) -> None:
        if self._pulse is not None:
            await _first_of(self._keep(asyncio.create_task(self._pulse.beat())), self.fuse)

    async def stop(self) -> None:
        """As after SIGTERM."""
        if self.parts is None or self._pulse is None:
            await self.kill()
            return
        stopping = self._keep(asyncio.create_task(_stop(self.parts, self._pulse)))
        await _first_of(stopping, self.fuse)
        await self.kill()

    async def kill(self) -> None:
        """As by SIGKILL: from here on nothing of it has any effect."""
        self.fuse.blow()
        await self._clear_away()
        if self.parts is not None:
            with suppress(SchedulerNotRunningError):
                self.parts.schedule.stop()
            await self._clear_away()

    async def _clear_away(self) -> None:
        """Everything in the loop but the director's own task is this life's."""
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0)  # what was called for meanwhile, has been

    async def _begin(self, config: Config) -> None:
        outside = Outside(
            self._open_store,
            self._load_senders,
            self._make_client,
            self._jitter,
            lanes_look_after_s=LONGEST_SLEEP_S if self.is_brisk else SLOW_LOOK_S,
        )
        parts = await Parts.start(config, ENVIRON, self._clock, outside)
        self._mistake(parts)
        self.parts, self._pulse = parts, Pulse(parts, Supervisor())
        if self.is_brisk:
            self._pulse.start()
        else:
            self._keep(asyncio.create_task(self._beat_slowly(self._pulse)))

    async def _beat_slowly(self, pulse: Pulse) -> None:
        while True:
            await asyncio.sleep(SLOW_BEAT_S)
            await pulse.beat()

    def _jitter(self) -> float:
        """Of the time alone: in which order lanes go at the same moment is not drawn."""
        return self._clock.monotonic() * 7919 % 1

    async def _open_store(self, _: Config) -> Store:
        return self._store(self.fuse)

    async def _load_senders(self, wanted: Mapping[str, Target], config: Config) -> Mapping[str, Loaded]:
        style = Style(Language.EN, config.monitor.timezone, config.monitor.price_units)
        return {name: Loaded(target, self._sender(name), style, rate=None) for name, target in wanted.items()}

    def _sender(self, name: str) -> Sender:
        receiver = Receiver(name, self._doors, self.fuse)
        return Sender(name, receiver, lambda: receiver, start=self._doors.start)

    def _make_client(self, source: SourceSettings, key: str, clock: Clock) -> Client:
        return Client(source.base_url, key, source.timeout, clock.now, transport=self._transport)

    def _keep(self, task: asyncio.Task[object]) -> asyncio.Task[object]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _first_of(work: "asyncio.Task[object]", fuse: Fuse) -> None:
    """Until it is done (raising what it raises), or everything is over."""
    death = asyncio.create_task(fuse.blown.wait())
    await asyncio.wait({work, death}, return_when=asyncio.FIRST_COMPLETED)
    death.cancel()
    if work.done() and not fuse.is_dead:
        work.result()


async def _stop(parts: Parts, pulse: Pulse) -> None:
    await pulse.stop()
    await parts.stop()
