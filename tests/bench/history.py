"""A poll on a database with a year of history, against the same poll on one that has none."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from monitor.core.answer import Listing, Poll, Row
from monitor.core.decision import Decision
from monitor.daemon.clock import SteadyClock, SystemClock, new_event_id
from monitor.daemon.ledger import Ledger
from monitor.store.housekeeping import Housekeeping
from monitor.store.poll_times import THIN_AFTER
from monitor.store.store import Store
from tests.bench.catalogue import aidc_of, code_of
from tests.bench.figures import Figure, median
from tests.bench.recording import FEED, SOME_TIME, TOOK, Recorder, as_decision, seen_of, watching
from tests.bench.trace import POLL_EVERY, POLLS_A_DAY, Changes, Trace, at_most_ten

PRODUCTS: Final = 1000
WATCHED: Final = 50
CHANGING: Final = 10
POLLS_A_COMMIT: Final = 2000
COMMITS_A_CHECKPOINT: Final = 10
POLLS_AN_HOUR: Final = POLLS_A_DAY // 24
KEEP: Final = timedelta(days=400)


def with_history(days: int, polls: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        end = SOME_TIME + timedelta(days=days)
        full, empty = (Recorder(Path(folder) / name) for name in ("full.db", "empty.db"))
        stored = _record(full, days)
        thinned = _tidy(full, end)
        megabytes = full.bytes_of() / 1e6
        empty.write([as_decision(dict.fromkeys(range(PRODUCTS), 0), SOME_TIME, PRODUCTS)])
        full_ms, empty_ms = asyncio.run(_take_turns(Store(full.database), Store(empty.database), end, polls))
    return Figure(
        f"a poll after {days} days of history, against none",
        median(full_ms) / median(empty_ms),
        1.2,
        "×",
        None,
        {
            "ms": median(full_ms),
            "empty ms": median(empty_ms),
            "polls": polls,
            "MB": megabytes,
            "polls stored": stored - thinned,
            "thinned by the housekeeping": thinned,
        },
    )


def _record(recorder: Recorder, days: int) -> int:
    """Of the days that are to be thinned, what will be left of them; then every poll."""
    stored = 0
    batch: list[Decision] = []
    for number, changes in _thinned(Trace(PRODUCTS, days, at_most_ten).run(), _thin_until(days)):
        batch.append(as_decision(changes, SOME_TIME + number * POLL_EVERY, PRODUCTS))
        if len(batch) == POLLS_A_COMMIT:
            recorder.write(batch)
            stored += len(batch)
            if stored % (POLLS_A_COMMIT * COMMITS_A_CHECKPOINT) == 0:
                recorder.checkpoint()
            batch.clear()
    recorder.write(batch)
    recorder.checkpoint()
    return stored + len(batch)


def _thin_until(days: int) -> int:
    return (days - THIN_AFTER.days) * POLLS_A_DAY


def _thinned(trace: Iterable[Changes], until: int) -> Iterator[tuple[int, Changes]]:
    """The first of each hour, both sides of a change, and the youngest polls. That the housekeeping finds

    little to thin in the result is what shows that this is right.
    """
    for number, (changes, following) in enumerate(pairwise(trace)):
        if number >= until or changes or following or number % POLLS_AN_HOUR == 0:
            yield number, changes


def _tidy(recorder: Recorder, now: datetime) -> int:
    """One whole pass. Returns how many polls it took away."""
    with recorder.database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM poll").scalar_one()
    housekeeping = Housekeeping(KEEP)
    while recorder.database.write(lambda connection: housekeeping.step(connection, now)):
        pass
    recorder.checkpoint()
    with recorder.database.read() as connection:
        return int(before - connection.exec_driver_sql("SELECT count(*) FROM poll").scalar_one())


async def _take_turns(
    full: Store, empty: Store, start: datetime, polls: int
) -> tuple[list[float], list[float]]:
    """The same listing for both, and by turns the one or the other goes first."""
    now = start
    clock = SteadyClock(SystemClock())
    ledgers = [Ledger(store, [FEED], watching(WATCHED), clock, new_event_id) for store in (full, empty)]
    took: list[list[float]] = [[], []]
    for ledger in ledgers:
        await ledger.load()
    chance = random.Random(4)
    rows = [_row(number, 1 + number % 8) for number in range(PRODUCTS)]
    for turn in range(-3, polls):
        for number in chance.sample(range(PRODUCTS), CHANGING) if turn > 0 else ():
            rows[number] = _row(number, chance.randint(0, 8))
        now += POLL_EVERY
        poll = Poll(FEED, now, TOOK, Listing(tuple(rows)))
        for side in (0, 1) if turn % 2 else (1, 0):
            started = time.perf_counter()
            taken = await ledgers[side].take(poll)
            seconds = time.perf_counter() - started
            assert taken.trouble is None
            if turn > 0:
                took[side].append(seconds * 1000)
        if turn % 50 == 0:
            await full.checkpoint()
            await empty.checkpoint()
    for store in (full, empty):
        store.close(10)
    return took[0], took[1]


def _row(number: int, left: int) -> Row:
    return Row(aidc_of(number), code_of(number), seen_of(number, left))
