"""Once a second: looks at clocks, database, lanes and polls, and shows signs of life.

A task of its own, not a job: after a step back of the wall clock the scheduler sleeps until it has caught up,
and this is who wakes it.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Final

from monitor.core.alert import Firing
from monitor.core.backoff import Refused
from monitor.core.errors import DatabaseError, DatabaseGone, DatabaseReplaced, MonitorError
from monitor.daemon import systemd
from monitor.daemon.clock import HistoryClock
from monitor.daemon.ledger import Taken
from monitor.daemon.parts import Parts
from monitor.daemon.trouble import what_matched
from monitor.notify.heartbeat import beat
from monitor.store.housekeeping import Housekeeping

BEAT_S: Final = 1.0
CRASHES_BORNE: Final = 5
DATABASE_ANSWERS_WITHIN_S: Final = 10.0
CHECKPOINT_EVERY: Final = timedelta(seconds=30)
TIDY_EVERY: Final = timedelta(minutes=10)
SUSPENDED_S: Final = 10.0
"""So long between two beats: the machine slept, or the process was stopped."""
TIDY_PAUSE_S: Final = 0.1
_log = logging.getLogger(__name__)


class Pulse:
    def __init__(self, parts: Parts, supervisor: systemd.Supervisor, beat_s: float = BEAT_S) -> None:
        self._parts = parts
        self._beat_s = beat_s
        self._supervisor = supervisor
        self._housekeeping = Housekeeping(parts.config.storage.keep)
        polled = (feed.last_poll_at for feed in parts.ledger.world.feeds.values())
        self._forgets_by = HistoryClock(parts.wall, max(filter(None, polled), default=None))
        self._data_version: int | None = None
        self._fed = 0.0
        self._last_status = ""
        self._was_well = True
        self._heartbeat: asyncio.Task[None] | None = None
        self._unheard: str | None = None
        self._beaten_for = parts.ok_polls
        self._beaten_at = parts.clock.monotonic()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        every = self._parts.schedule.every
        every("checkpoint", CHECKPOINT_EVERY, CHECKPOINT_EVERY, self._checkpoint)
        every("tidy", TIDY_EVERY, timedelta(minutes=1), self._tidy)
        self._task = asyncio.create_task(self._keep_beating(), name="pulse")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def status(self) -> str:
        """One line for `systemctl status`."""
        parts = self._parts
        world = parts.ledger.world
        firing = sum(isinstance(alert.state, Firing) for alert in world.alerts.values())
        products = sum(len(products) for products in world.products.values())
        problems = parts.health.problems(parts.lanes.facts())
        state = "; ".join(problems) if problems else "ok"
        return f"{state}: {products} products, {len(parts.config.rules)} rules, {firing} firing"

    async def _keep_beating(self) -> None:
        crashes = 0
        while crashes < CRASHES_BORNE:
            await asyncio.sleep(self._beat_s)
            try:
                await self.beat()
            except Exception:  # noqa: BLE001 - whatever it was, nobody else looks at the clocks
                _log.exception("pulse crashed")
                crashes += 1
            else:
                crashes = 0
        self._parts.broken.set()

    async def beat(self) -> None:
        """Everything that is done once a second."""
        self._follow_the_wall_clock()
        self._parts.schedule.put_right()
        self._notice_a_suspend()
        await self._tell_of_trouble()
        try:
            async with asyncio.timeout(DATABASE_ANSWERS_WITHIN_S):
                await self._look_at_the_database()
        except TimeoutError:
            self._parts.note(Taken((), DatabaseError("the database does not answer")))
        except DatabaseError as error:
            _log.debug("pulse without database", extra={"fields": {"reason": error}})
        self._show_life()

    def _follow_the_wall_clock(self) -> None:
        """The schedule at once: it is the wall clock that wakes it."""
        parts = self._parts
        step = parts.scheduled_by.step()
        if not step:
            return
        parts.scheduled_by.move(step)
        parts.schedule.rearm(step)
        _log.warning("wall clock stepped", extra={"fields": {"seconds": round(step.total_seconds(), 3)}})

    def _notice_a_suspend(self) -> None:
        """The lanes' timers stood still as well."""
        before, self._beaten_at = self._beaten_at, self._parts.clock.monotonic()
        if self._beaten_at - before > SUSPENDED_S:
            self._parts.lanes.wake_all()

    async def _shift_timers(self) -> None:
        """After a step; again at the next beat, while the database refuses."""
        if await self._parts.ledger.follow_wall_clock():
            self._data_version = None  # silences are to be read again: one that was over may hold now
            self._parts.lanes.wake_all()

    async def _look_at_the_database(self) -> None:
        """Retry what is held, move timers, and follow what the command line wrote."""
        parts = self._parts
        if parts.trouble.since is not None:
            await self._mend()
        await self._shift_timers()
        await self._look_for_blindness()
        version = await parts.store.data_version()
        if version != self._data_version:
            await parts.ledger.refresh_silences()
            parts.lanes.wake_all()
            self._data_version = version

    async def _tell_of_trouble(self) -> None:
        parts = self._parts
        if not parts.trouble.is_lasting:
            return
        matched = what_matched(parts.ledger.newest_held, parts.config.rules)
        if parts.trouble.is_to_be_told(matched):
            await parts.trouble.tell(matched, parts.lanes.named(parts.config.monitor.notify))

    async def _mend(self) -> None:
        parts = self._parts
        taken = await parts.ledger.retry()
        if isinstance(taken.trouble, DatabaseGone):
            _log.error("database was deleted; a new one takes over, without the history")
            await parts.ledger.refill(parts.store.reopen)
            taken = await parts.ledger.retry()
        elif isinstance(taken.trouble, DatabaseReplaced):
            await parts.store.reopen()
            taken = await parts.ledger.retry()
        parts.note(taken)

    async def _look_for_blindness(self) -> None:
        """A feed whose source is left alone is not polled, but its blindness is to be told in time."""
        for feed in list(self._parts.ledger.world.feeds):
            gate = self._parts.gates.get(feed.source)
            if gate is not None and not gate.is_open:
                taken = await self._parts.ledger.notice_blindness(feed)
                if taken is not None:
                    self._parts.note(taken)

    def _show_life(self) -> None:
        """Feed the watchdog and the heartbeat, from progress and not from this timer alone."""
        parts = self._parts
        facts = parts.lanes.facts()
        problems = parts.health.problems(facts)
        if bool(problems) == self._was_well:
            self._was_well = not problems
            level = logging.ERROR if problems else logging.INFO
            _log.log(level, "health", extra={"fields": {"problems": "; ".join(problems) or "none"}})
        if not parts.health.dead(facts):
            self._feed_watchdog()
        status = self.status()
        if status != self._last_status:
            self._supervisor.tell(systemd.status_text(status))
            self._last_status = status
        if not problems:
            self._send_heartbeat()

    def _feed_watchdog(self) -> None:
        every, now = self._supervisor.feed_every, self._parts.clock.monotonic()
        if every is not None and now - self._fed >= every.total_seconds() / 2:
            self._supervisor.tell(systemd.alive())
            self._fed = now

    def _send_heartbeat(self) -> None:
        """One for each second in which a poll was ok, as long as the last one has been answered."""
        parts = self._parts
        url = parts.heartbeat_url
        if url is None or parts.ok_polls == self._beaten_for:
            return
        if self._heartbeat is None or self._heartbeat.done():
            self._beaten_for = parts.ok_polls
            self._heartbeat = asyncio.create_task(self._tell_heartbeat(url))

    async def _tell_heartbeat(self, url: str) -> None:
        """Logs when its fortune changes: the other side may be down for days."""
        outcome = await beat(url)
        before, self._unheard = self._unheard, outcome.reason if isinstance(outcome, Refused) else None
        if self._unheard == before:
            return
        if self._unheard is None:
            _log.info("heartbeat accepted again")
        else:
            _log.warning("heartbeat not accepted", extra={"fields": {"reason": self._unheard}})

    async def _checkpoint(self) -> None:
        try:
            await self._parts.store.checkpoint()
        except MonitorError as error:
            _log.debug("no checkpoint", extra={"fields": {"reason": error}})

    async def _tidy(self) -> None:
        """In slices, with room for polls between them."""
        try:
            while await self._parts.store.tidy(self._housekeeping, self._forgets_by.now()):
                await asyncio.sleep(TIDY_PAUSE_S)
        except MonitorError as error:
            _log.debug("housekeeping put off", extra={"fields": {"reason": error}})
