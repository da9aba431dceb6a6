"""Starts the real daemon code on what a power cut left, and compares with the truth."""

import asyncio
import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

from monitor.core.answer import Poll
from monitor.core.moment import to_ms
from monitor.daemon.clock import SteadyClock
from monitor.daemon.ledger import Ledger
from monitor.store.checking import problems
from monitor.store.database import Database
from monitor.store.plain import PlainReader
from monitor.store.rows import Reader
from monitor.store.store import Store
from tests.core.builders import FEED, listing_of
from tests.fakes.clock import NOON, FakeClock
from tests.torture.powercut.disk import Image
from tests.torture.powercut.life import CHANNELS, CODES, settings
from tests.torture.powercut.truth import Expected, Truth, digest_of

DATABASE: Final = "monitor.db"
NEW_CODE: Final = "PRD-AFTER-THE-CUT"
AFTER: Final = timedelta(hours=2404)
_DELIVERIES: Final = (
    "SELECT id, state, 2 * attempts + (claimed_at IS NOT NULL OR possible_repeat) FROM delivery"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: lost, corrupt, half, refused, stuck or backup."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the power was cut: the last acknowledged state, and what must be found by then.

    `told` counts what callers were told.
    """

    state: int
    told: int
    expected: Expected


class Judge:
    """`scratch`: an empty folder, best in memory, that takes one image after the other."""

    def __init__(self, truth: Truth, scratch: Path) -> None:
        self._truth = truth
        self._scratch = scratch
        self._file = scratch / DATABASE

    def findings(self, image: Image, cut: Cut) -> list[Finding]:
        """All that is wrong with this image; nothing when the daemon goes on as it must."""
        self._lay_out(image)
        try:
            return [*self._copies(cut), *self._started(cut)]
        except Exception as error:
            return [Finding("refused", f"the start failed: {type(error).__name__}: {error}")]

    def _lay_out(self, image: Image) -> None:
        """Beside it, in turn, no shared memory, an empty one, and one full of rubbish."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        for name, content in image.items():
            (self._scratch / name).write_bytes(content)
        luck = random.Random(zlib.crc32(image.get(f"{DATABASE}-wal", b"")))
        shared = luck.choice((None, bytes(32768), luck.randbytes(32768)))
        if shared is not None and DATABASE in image:
            Path(f"{self._file}-shm").write_bytes(shared)

    def _copies(self, cut: Cut) -> Iterator[Finding]:
        """A backup that bears its final name is whole, and one that was acknowledged is there."""
        found = {path.name: _digest_of_copy(path) for path in self._finished_copies()}
        known = set(self._truth.states.values())
        for name, digest in found.items():
            if digest not in known:
                yield Finding("backup", f"{name} is not whole: {digest}")
        for name, digest in cut.expected.copies.items():
            if found.get(name) != digest:
                yield Finding("backup", f"{name} was made, and now it is {found.get(name, 'not there')}")

    def _finished_copies(self) -> list[Path]:
        beside = [*self._scratch.glob("copy*.db"), *self._scratch.glob(f"{DATABASE}.backup-*Z")]
        return sorted(beside)

    def _started(self, cut: Cut) -> Iterator[Finding]:
        with Database.open(f"sqlite:///{self._file}", holder="the judge") as database:
            with database.read() as connection:
                yield from self._state(digest_of(connection), cut.state)
                yield from _missing(connection, cut.expected)
            yield from self._upgraded(cut.expected)
            try:
                asyncio.run(_go_on(database))
            except Exception as error:
                yield Finding("stuck", f"it cannot go on: {type(error).__name__}: {error}")
        yield from self._closed()

    def _closed(self) -> Iterator[Finding]:
        """What the daemon left when it stopped, read as another program would."""
        if Path(f"{self._file}-wal").exists():
            yield Finding("stuck", "the log is still there after the stop")
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as connection:
            reader = PlainReader(connection)
            yield from (Finding("corrupt", problem) for problem in problems(reader))
            polls = set(reader.exec_driver_sql("SELECT at FROM poll").scalars())
            if to_ms(NOON + AFTER) not in polls:
                yield Finding("stuck", "the poll after the start is not there")

    def _state(self, digest: str, acknowledged: int) -> Iterator[Finding]:
        """It is that of the last acknowledged commit, or of the one that was under way."""
        states = self._truth.states
        if digest in {states.get(acknowledged), states[min(acknowledged + 1, max(states))]}:
            return
        numbers = [number for number, known in states.items() if known == digest]
        if numbers:
            yield Finding("lost", f"commit {acknowledged} was acknowledged, but this is state {numbers[-1]}")
        else:
            yield Finding("half", f"this is no state that any commit made; {acknowledged} was acknowledged")

    def _upgraded(self, expected: Expected) -> Iterator[Finding]:
        """However often it was cut short: whoever has the new schema has a backup of the old one."""
        old = expected.upgraded_from
        if old is not None and old not in map(_digest_of_copy, self._finished_copies()):
            yield Finding("backup", "the database was upgraded, and no backup of it is there")


def _digest_of_copy(path: Path) -> str:
    """What a backup holds, or what is wrong with it."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            reader = PlainReader(connection)
            wrong = problems(reader)
            return f"damaged ({wrong[0]})" if wrong else digest_of(reader)
    except sqlite3.Error as error:
        return f"damaged ({error})"


def _missing(connection: Reader, expected: Expected) -> Iterator[Finding]:
    """What callers were told and the database does not know."""
    polls = set(connection.exec_driver_sql("SELECT at FROM poll").scalars())
    events = set(connection.exec_driver_sql("SELECT event_id FROM transition").scalars())
    for kind, missing in (("poll", expected.polls - polls), ("transition", expected.events - events)):
        if missing:
            yield Finding("lost", f"{kind} {', '.join(map(str, sorted(missing)))}")
    seen = "SELECT at, product_code, remaining_count FROM observation"
    stock = {(row[0], row[1]): row[2] for row in connection.exec_driver_sql(seen)}
    for (at, code), remaining in expected.stock.items():
        if stock.get((at, code)) != remaining:
            yield Finding("lost", f"{code} had {remaining} at {at}, not {stock.get((at, code))}")
    rows = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(_DELIVERIES)}
    for number, progress in expected.progress.items():
        state, reached = rows.get(number, ("missing", -1))
        if reached < progress or state != expected.ends.get(number, state):
            ended = expected.ends.get(number, "under way")
            yield Finding("lost", f"delivery {number} was {ended} at {progress}, is {state} at {reached}")


async def _go_on(database: Database) -> None:
    """As the daemon does from start to stop: read what is known, decide and commit a poll, claim, close."""
    clock = FakeClock()
    clock.advance(AFTER.total_seconds())
    now = clock.now()
    ids = map("after-{}".format, count())
    store = Store(database)
    try:
        ledger = Ledger(store, (FEED,), settings(), SteadyClock(clock), lambda: next(ids))
        await store.retain(["nodes"], CHANNELS, (FEED,), now)
        await ledger.load()
        await store.recover()
        stock = {**dict.fromkeys(CODES, 0), NEW_CODE: 3}
        taken = await ledger.take(Poll(FEED, now, timedelta(0), listing_of(stock)))
        if taken.trouble is not None:
            raise taken.trouble
        told = [edge.facts.product_code for decision in taken.decisions for edge in decision.transitions]
        assert NEW_CODE in told, f"the new stock was not announced, only {told}"
        for channel in CHANNELS:
            claim = await store.claim(channel, lambda: now, lambda: None)
            assert claim.items, f"nothing is to be sent through {channel}"
        assert await store.checkpoint(), "the log cannot be emptied"
    finally:
        store.close(10)
