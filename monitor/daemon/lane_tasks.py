"""The running lanes: started, woken, replaced and stopped by the name of their channel."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from monitor.daemon.channels import Loaded, Target
from monitor.daemon.health import LaneFacts
from monitor.notify.lanes import LONGEST_SLEEP_S, Lane, Outbox

CRASHES_BORNE: Final = 5
CALM_S: Final = 60.0
"""A lane that ran for this long before it crashed is counted anew."""
_log = logging.getLogger(__name__)


class LaneTasks:
    """`on_fatal` is called when a lane has crashed five times in a row: then only a restart can help."""

    def __init__(
        self,
        outbox: Outbox,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        on_fatal: Callable[[], None],
        pause_s: float = 1.0,
        longest_sleep_s: float = LONGEST_SLEEP_S,
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._monotonic = monotonic
        self._on_fatal = on_fatal
        self._pause_s = pause_s
        self._longest_sleep_s = longest_sleep_s
        self._lanes: dict[str, tuple[Target, Lane, asyncio.Task[None]]] = {}

    def start(self, loaded: Loaded) -> None:
        name = loaded.target.name
        lane = Lane(
            name,
            loaded.sender,
            loaded.style,
            self._outbox,
            self._now,
            self._monotonic,
            loaded.rate,
            longest_sleep_s=self._longest_sleep_s,
        )
        task = asyncio.create_task(self._keep_running(lane), name=f"lane-{name}")
        self._lanes[name] = (loaded.target, lane, task)

    def wake(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._lanes:
                self._lanes[name][1].wake()

    def wake_all(self) -> None:
        self.wake(list(self._lanes))

    def targets(self) -> dict[str, Target]:
        return {name: target for name, (target, _, _) in self._lanes.items()}

    def named(self, names: Iterable[str]) -> list[Lane]:
        return [self._lanes[name][1] for name in names if name in self._lanes]

    def facts(self) -> list[LaneFacts]:
        return [
            LaneFacts(name, not task.done(), lane.sender.is_stuck, lane.busy_since, lane.sender.deadline_s)
            for name, (_, lane, task) in self._lanes.items()
        ]

    async def stop(self, names: Iterable[str], patience_s: float) -> None:
        """Sends in flight are waited for; one that takes longer is left to the next start."""
        stopping = [self._lanes.pop(name) for name in list(names) if name in self._lanes]
        for _, lane, _ in stopping:
            lane.stop()
        tasks = [task for _, _, task in stopping]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience_s)
            for task in late:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def stop_all(self, patience_s: float) -> None:
        await self.stop(list(self._lanes), patience_s)

    async def _keep_running(self, lane: Lane) -> None:
        crashes = 0
        while crashes < CRASHES_BORNE:
            started = self._monotonic()
            try:
                await lane.run()
            except Exception:  # noqa: BLE001 - whatever it was, the lane is needed
                _log.exception("lane crashed", extra={"fields": {"channel": lane.name}})
                crashes = crashes + 1 if self._monotonic() - started < CALM_S else 1
                await asyncio.sleep(self._pause_s)
            else:
                return
        self._on_fatal()
