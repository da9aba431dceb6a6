"""Everything around the daemon, in a thread of its own: the provider, the receivers, and who ends a life."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from monitor.simulator.wire import HEAD_LIMIT
from tests.fakes.loop_thread import LoopThread
from tests.torture.kill.aim import Aim
from tests.torture.kill.catalogue import CHANNELS
from tests.torture.kill.journal import Journal
from tests.torture.kill.plan import Plan, chance
from tests.torture.kill.provider import Provider
from tests.torture.kill.receiver import Receiver
from tests.torture.kill.shelf import Shelf

T = TypeVar("T")
PATIENCE_S: Final = 20.0
Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Outside(LoopThread):
    """`begin` a life before its process is there, `arm` with its process id, `settle` when it is dead."""

    def __init__(self, journal: Journal, shelf: Shelf, counted: Mapping[str, int]) -> None:
        """`counted`: how many requests each of them had before, if this goes on where another was cut off."""
        self.shelf = shelf
        self.ports: dict[str, int] = {}
        self.errors: list[BaseException] = []
        self._journal = journal
        self._aim = Aim(journal, 0, None)
        self._provider = Provider(self._aim, journal, shelf, counted.get("provider", 0))
        self._receivers = {
            name: Receiver(name, self._aim, journal, counted.get(name, 0)) for name in CHANNELS
        }
        self._conversations: set[asyncio.Task[None]] = set()
        super().__init__("outside")

    def begin(self, life: int, plan: Plan | None, *seed: object) -> None:
        """Without a plan all goes well, and nobody ends it."""
        self._call(partial(self._begin, life, plan, seed))

    def arm(self, pid: int) -> None:
        self._call(partial(self._aim.arm, pid))

    def settle(self) -> None:
        """Until all that the dead daemon had sent is heard."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._settle(), self._loop).result(PATIENCE_S)
        if self.errors:
            raise self.errors[0]

    def _begin(self, life: int, plan: Plan | None, seed: tuple[object, ...]) -> None:
        self._aim = Aim(self._journal, life, plan)
        self._provider.begin(self._aim, chance(*seed, "provider"))
        for name, receiver in self._receivers.items():
            receiver.begin(life, self._aim, chance(*seed, name), is_good=plan is None)
        if plan is not None:
            self._provider.disturb(plan.feeds, plan.changes_after)
            for _ in range(plan.changes_at_start):
                self.shelf.change(plan.feeds[:2], chance(*seed, "start", self.shelf.changes_left))

    async def _settle(self) -> None:
        """Connections are taken in order: those of the dead one come before ours."""
        self._aim.disarm()
        for receiver in self._receivers.values():
            receiver.begin(0, self._aim, chance(0), is_good=True)
        for port in self.ports.values():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write_eof()
            await reader.read()
            writer.close()
        async with asyncio.timeout(PATIENCE_S / 2):
            while self._conversations:
                await asyncio.wait(set(self._conversations))

    def _call(self, fn: Callable[[], None]) -> None:
        async def run() -> None:
            fn()

        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        converses: dict[str, Converse] = {"provider": self._provider.converse}
        converses |= {name: receiver.converse for name, receiver in self._receivers.items()}
        servers = [await self._server(name, converse) for name, converse in converses.items()]
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in tuple(self._conversations):
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def _server(self, name: str, converse: Converse) -> asyncio.Server:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._hold(converse, reader, writer))
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=HEAD_LIMIT)
        self.ports[name] = server.sockets[0].getsockname()[1]
        return server

    async def _hold(
        self, converse: Converse, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            return
        except Exception as error:
            self.errors.append(error)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
