"""The store's memory of row ids and the dates of its transactions: both follow what was committed."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.decision import Decision, PollRecord, SpanStart
from monitor.core.errors import DatabaseError
from monitor.core.shift import Step
from monitor.store.database import Database
from monitor.store.store import Store
from tests.store.builders import execute, files_limited_to, url_of
from tests.store.ground import FEED, NOON, key, seen

DAY = timedelta(days=1)


def test_what_was_rolled_back_is_not_referred_to_when_it_is_tried_again(file: Path) -> None:
    decision = Decision(PollRecord(FEED, NOON, timedelta(0)), [SpanStart(key("PRD-1"), seen(3))])

    async def try_twice(store: Store) -> None:
        with files_limited_to(0), pytest.raises(DatabaseError):
            await store.commit(decision, NOON)
        await store.commit(decision, NOON)

    store = Store(Database.open(url_of(file), holder="the tests"))
    try:
        asyncio.run(try_twice(store))
    finally:
        store.close(5)
    rows = execute(file, "SELECT product_code, remaining_count FROM snapshot JOIN product ON id = product_id")
    assert rows == [("PRD-1", 3)]


def test_what_waits_behind_a_step_of_the_clock_is_dated_by_what_became_of_it(file: Path) -> None:
    clock = [NOON]
    step = Step("step", NOON + DAY, DAY)

    def moved() -> None:
        clock[0] += DAY

    async def shift_and_claim(store: Store) -> datetime:
        dates: list[datetime] = []

        def now() -> datetime:
            dates.append(clock[0])
            return clock[0]

        shifting = asyncio.create_task(store.shift(step, moved))
        claiming = asyncio.create_task(store.claim("slack", now, lambda: None))
        await asyncio.gather(shifting, claiming, return_exceptions=True)
        return dates[-1]

    store = Store(Database.open(url_of(file), holder="the tests"))
    try:
        with files_limited_to(0):
            assert asyncio.run(shift_and_claim(store)) == NOON
        assert asyncio.run(shift_and_claim(store)) == NOON + DAY
    finally:
        store.close(5)
