"""The parts of a running daemon, and how they hold together. Made once, by passing values and functions."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

from monitor.config.settings import Config, SourceSettings
from monitor.core.decision import Decision
from monitor.core.errors import DatabaseError
from monitor.core.product import Feed
from monitor.daemon.channels import Loaded
from monitor.daemon.clock import Clock, SteadyClock, new_event_id
from monitor.daemon.gate import EARLY_S, SourceGate
from monitor.daemon.health import Health
from monitor.daemon.lane_tasks import LaneTasks
from monitor.daemon.ledger import Ledger, Taken
from monitor.daemon.logs import log_notices
from monitor.daemon.outbox import StoredOutbox
from monitor.daemon.outside import THE_WORLD, Outside
from monitor.daemon.poll import SaidFailures, poll
from monitor.daemon.schedule import Schedule
from monitor.daemon.secrets import Secrets, fetch_secrets
from monitor.daemon.settings import feeds_of, settings_of
from monitor.daemon.trouble import DatabaseTrouble
from monitor.source.client import Client
from monitor.store.store import Store

CRASHES_BORNE: Final = 5
# Together under the ten seconds in which a stop is to be over.
POLLS_END_WITHIN_S: Final = 2.0
SENDS_END_WITHIN_S: Final = 4.5
DATABASE_ENDS_WITHIN_S: Final = 1.0
_log = logging.getLogger(__name__)


class Parts:
    """Everything that lives as long as the process. `broken` is set when only a restart can help."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        clock: Clock,
        store: Store,
        outside: Outside = THE_WORLD,
    ) -> None:
        self.config = config
        self.environ = environ
        self.wall = clock
        self.clock = SteadyClock(clock)
        self.scheduled_by = SteadyClock(clock)
        self.store = store
        self.outside = outside
        self.broken = asyncio.Event()
        self.keys: dict[str, str] = {}
        self.heartbeat_url: str | None = None
        self.clients: dict[str, Client] = {}
        self.gates: dict[str, SourceGate] = {}
        self.health = Health(clock.monotonic)
        self.trouble = DatabaseTrouble(self.clock, new_event_id)
        self.schedule = Schedule(self.scheduled_by.now, self._skipped)
        settings = settings_of(config)
        self.ledger = Ledger(store, feeds_of(config), settings, self.clock, new_event_id)
        outbox = StoredOutbox(
            store, lambda: self.ledger.settings, self.clock.now, new_event_id, outside.chance, self._wake
        )
        self.lanes = LaneTasks(
            outbox,
            self.clock.now,
            clock.monotonic,
            self.broken.set,
            longest_sleep_s=outside.lanes_look_after_s,
        )
        self._polling: dict[asyncio.Task[object], Feed] = {}
        self._asked: dict[Feed, float] = {}
        self._said = SaidFailures()
        self._crashes = 0
        self.ok_polls = 0

    @property
    def is_broken(self) -> bool:
        return self.broken.is_set()

    @classmethod
    async def start(
        cls, config: Config, environ: Mapping[str, str], clock: Clock, outside: Outside = THE_WORLD
    ) -> "Parts":
        """Raises ConfigError or DatabaseError; then nothing is left open."""
        secrets = fetch_secrets(config, environ)
        loaded = await outside.load_senders(secrets.targets, config)
        store = await outside.open_store(config)
        parts = cls(config, environ, clock, store, outside)
        try:
            await parts._begin(secrets, loaded)
        except BaseException:
            store.close(DATABASE_ENDS_WITHIN_S)
            raise
        return parts

    async def _begin(self, secrets: Secrets, loaded: Mapping[str, Loaded]) -> None:
        self.heartbeat_url = secrets.heartbeat_url
        for source in self.config.sources:
            self.add_source(source, secrets.keys[source.name])
        await self.retain(self.config)
        await self.ledger.load()
        repeats = await self.store.recover()
        if repeats:
            _log.warning("deliveries may be repeated", extra={"fields": {"deliveries": len(repeats)}})
        for channel in loaded.values():
            self.lanes.start(channel)
        for source in self.config.sources:
            self.schedule_feeds(source)
        self.schedule.start()
        counts = {"feeds": len(feeds_of(self.config)), "rules": len(self.config.rules)}
        fields = {**counts, "channels": len(loaded), "database": self.store.file}
        _log.info("started", extra={"fields": fields})

    async def retain(self, config: Config) -> None:
        """End in the database what the configuration no longer knows."""
        removed = await self.store.retain(
            [rule.name for rule in config.rules],
            [channel.name for channel in config.channels],
            feeds_of(config),
            self.clock.now(),
        )
        if removed.deliveries:
            names = [*removed.rules, *removed.channels, *removed.sources, *removed.centres]
            fields = {"deliveries": removed.deliveries, "removed": ", ".join(names)}
            _log.warning("deliveries expired", extra={"fields": fields})

    def add_source(self, source: SourceSettings, key: str) -> None:
        self.keys[source.name] = key
        self.clients[source.name] = self.outside.make_client(source, key, self.wall)
        self.gates[source.name] = SourceGate(source.interval, self.clock.monotonic)

    def schedule_feeds(self, source: SourceSettings) -> None:
        """Feeds of one source are spread over its interval; a jitter keeps many monitors apart.

        None is asked for sooner than an interval after the last time: all begin later by as much.
        """
        share = source.interval / len(source.feeds)
        turns = [(feed, number * share) for number, feed in enumerate(source.feeds)]
        begin = max(self._rest_of(feed, source.interval) - turn for feed, turn in turns)
        if begin <= timedelta(0):
            begin = self.outside.chance() * min(share, timedelta(seconds=1)) / 2
        for feed, turn in turns:
            self.schedule.every(job_of(feed), source.interval, begin + turn, partial(self._poll, feed))
            self.health.expect(feed, source.interval, source.timeout)

    def _rest_of(self, feed: Feed, interval: timedelta) -> timedelta:
        asked = self._asked.get(feed)
        return timedelta(0) if asked is None else interval - timedelta(seconds=self.clock.monotonic() - asked)

    def unschedule(self, feed: Feed) -> None:
        self.schedule.remove(job_of(feed))
        self.health.forget(feed)

    async def drop_source(self, name: str) -> None:
        del self.gates[name], self.keys[name]
        await self.clients.pop(name).close()

    def note(self, taken: Taken) -> None:
        """After a write: what it says of the database's health, and whom it calls to work."""
        had_trouble = self.trouble.since is not None
        self.trouble.note(taken.trouble)
        log_notices(notice for decision in taken.decisions for notice in decision.notices)
        self.health.database_refuses_since = self.trouble.since
        self._wake(taken.channels())
        if taken.moved_alerts or (had_trouble and taken.trouble is None):
            self.lanes.wake_all()

    async def end_polls(self, feeds: Collection[Feed], within_s: float = POLLS_END_WITHIN_S) -> None:
        """Wait for the polls of these feeds that are in flight, but not for long."""
        polling = [task for task, feed in self._polling.items() if feed in feeds]
        if polling:
            _, late = await asyncio.wait(polling, timeout=within_s)
            for task in late:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def stop(self) -> None:
        """In this order nothing that was seen is lost: polls, sends, database."""
        self.schedule.pause()
        await self.end_polls(feeds_of(self.config))
        await self.lanes.stop_all(SENDS_END_WITHIN_S)
        self.schedule.stop()
        for client in self.clients.values():
            await client.close()
        with suppress(DatabaseError, TimeoutError):
            async with asyncio.timeout(DATABASE_ENDS_WITHIN_S):
                await self.store.checkpoint()
        self.store.close(DATABASE_ENDS_WITHIN_S)

    def _is_too_soon(self, feed: Feed) -> bool:
        """After a suspend a feed is asked for at once, out of turn: then its next turn may come too soon.

        From there on the turns of its source begin anew, apart as they were. A step of the clock upsets them
        as well, but the pulse is about to put that right.
        """
        source = next((source for source in self.config.sources if source.name == feed.source), None)
        if source is None:  # a reload took it away in this very moment
            return True
        if self._rest_of(feed, source.interval).total_seconds() <= EARLY_S:
            return False
        if not self.clock.step():
            self.schedule_feeds(source)
        return True

    async def _poll(self, feed: Feed) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._polling[task] = feed
        try:
            if self._is_too_soon(feed):
                return
            if self.gates[feed.source].is_open:
                self._asked[feed] = self.clock.monotonic()
            taken = await poll(
                feed,
                self.clients[feed.source],
                self.gates[feed.source],
                self.ledger,
                self.clock,
                self._wake,
                self._said,
            )
            if taken is not None:
                self.note(taken)
                self.ok_polls += sum(_is_of_ok_poll(decision) for decision in taken.decisions)
            self._crashes = 0
        except Exception:  # noqa: BLE001 - whatever it was, the next slot is a new chance
            self._crashed(feed)
        finally:
            if task is not None:
                self._polling.pop(task, None)
            self.health.visit(feed)

    def _crashed(self, feed: Feed) -> None:
        _log.exception("poll crashed", extra={"fields": {"feed": feed}})
        self._crashes += 1
        if self._crashes >= CRASHES_BORNE:
            self.broken.set()

    def _wake(self, channels: Iterable[str]) -> None:
        self.lanes.wake(channels)

    def _skipped(self, job: str) -> None:
        _log.debug("slot skipped: the last poll still runs", extra={"fields": {"job": job}})


def job_of(feed: Feed) -> str:
    return f"poll {feed}"


def _is_of_ok_poll(decision: Decision) -> bool:
    return decision.poll is not None and decision.poll.reason is None
