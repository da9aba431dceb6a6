"""The store's memory of row ids: it follows what was committed, and nothing else."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.decision import Decision, PollRecord, SpanStart
from monitor.core.errors import DatabaseError
from monitor.store.database import Database
from monitor.store.store import Store
from tests.store.builders import execute, files_limited_to, url_of
from tests.store.ground import FEED, NOON, key, seen


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
