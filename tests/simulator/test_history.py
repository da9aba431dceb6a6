"""A made-up history is what the real decisions and commits would have stored, and its truth is the truth."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from monitor.core.answer import Failed, Listing, Poll
from monitor.core.evaluate import decide
from monitor.core.moment import from_ms, to_ms
from monitor.core.world import FeedState, Settings, World, absorb
from monitor.simulator.assortment import Assortment
from monitor.simulator.history import FEED, Numbered, as_stored, lines
from monitor.simulator.offer import Offer, row
from monitor.simulator.polling import Sent, polls
from monitor.simulator.restocks import Habit
from monitor.simulator.stock import Steady
from monitor.simulator.story import Shown
from monitor.simulator.troubles import FAILURES, Trouble
from monitor.source.payload import RowMemo, parse
from monitor.store.backfill import Backfill
from monitor.store.commit import commit
from monitor.store.database import Database
from monitor.store.row_ids import RowIds

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = END - timedelta(hours=5)
MINUTE = timedelta(minutes=1)
BUSY: Assortment = [
    (Offer("STEADY", "steady", 1, "NVIDIA-H800", "8"), Steady(6)),
    (Offer("SHORT", "short", 1, "NVIDIA-H800", "8"), Habit(2000, MINUTE / 4, 6, blocked_share=0.3)),
    (Offer("LONG", "long", 2, None), Habit(1500, 3 * MINUTE, 30, spread=2)),
    (Offer("HIDDEN", "hidden", 2, "-"), Habit(1500, MINUTE, 3, unlisted_when_out=True)),
]
TABLES = (
    "SELECT * FROM source",
    "SELECT * FROM product ORDER BY id",
    "SELECT * FROM poll ORDER BY id",
    "SELECT *, kind FROM snapshot ORDER BY product_id, first_poll_id",
    "SELECT * FROM product_change ORDER BY product_id, field, poll_id",
)


@pytest.mark.parametrize("seed", range(3))
def test_it_holds_the_rows_that_the_daemon_would_have_stored(tmp_path: Path, seed: int) -> None:
    shown = list(_restless(seed, lines(seed, BUSY, START, END)))
    sent = list(polls(seed, _troubles(seed), to_ms(START), to_ms(END)))
    for name in ("made up", "lived"):
        with _database(tmp_path / f"{name}.db") as database:
            if name == "lived":
                _live(database, _answers(shown, sent))
            else:
                Backfill(database).write(list(as_stored(BUSY, shown, sent)))
    assert _tables(tmp_path / "made up.db") == _tables(tmp_path / "lived.db")
    polled, spans, changes = (len(rows) for rows in _tables(tmp_path / "lived.db")[2:])
    assert polled > 800
    assert spans > 200
    assert changes > 50


def _troubles(seed: int) -> list[Trouble]:
    """One every few minutes, of every kind in turn: many last for a few polls, some for none."""
    kinds = [*FAILURES, None]
    begins = [to_ms(START) + minute * 60_000 for minute in range(2, 295, 9)]
    return [
        Trouble(at, at + (7919 + 40_009 * (turn + seed)) % 200_000, kinds[turn % len(kinds)])
        for turn, at in enumerate(begins)
    ]


def _restless(seed: int, told: Iterable[Numbered]) -> Iterator[Numbered]:
    """With other prices and unreadable rows at every turn."""
    chance = Random(seed)
    for at, number, shown in told:
        garbled = number > 0 and chance.random() < 0.1
        yield at, number, replace(shown, price=chance.choice(["1", "1.5", "2"]), garbled=garbled)


def _answers(shown: Sequence[Numbered], polled: Iterable[Sent]) -> Iterator[tuple[Sent, Listing | Failed]]:
    """The whole list at every poll, from its bytes."""
    memo, now = RowMemo(), dict[int, Shown]()
    waiting = list(reversed(shown))
    for sent in polled:
        while waiting and waiting[-1][0] <= sent.at_ms:
            _, number, one = waiting.pop()
            now[number] = one
        yield sent, sent.failed or parse(_body(now), memo)


def _body(now: dict[int, Shown]) -> bytes:
    listed = [_wire(BUSY[number][0], shown) for number, shown in sorted(now.items()) if shown.stock.listed]
    return json.dumps({"status": 200, "data": listed}).encode()


def _wire(offer: Offer, shown: Shown) -> dict[str, Any]:
    stock = shown.stock
    offered = replace(offer, remaining=stock.remaining, stock_error=stock.stock_error, price=shown.price)
    return {**row(offered), **({"remainingCount": None} if shown.garbled else {})}


def _live(database: Database, answers: Iterable[tuple[Sent, Listing | Failed]]) -> None:
    """Every poll decided and committed by itself, as the daemon does; but in one transaction, to be quick."""
    ids, settings = RowIds(), Settings((), {}, (), {FEED.source: MINUTE})
    world, new_id = World(feeds={FEED: FeedState(START)}), map("{:012}".format, count()).__next__

    def live(connection: Connection) -> None:
        for sent, answer in answers:
            poll = Poll(FEED, from_ms(sent.at_ms), timedelta(milliseconds=sent.took_ms), answer)
            now = poll.at + poll.duration
            decision, changes = decide(world, poll, settings, now, new_id)
            ids.absorb(commit(connection, decision, ids, to_ms(now)).added)
            absorb(world, changes)

    database.write(live)


def _database(file: Path) -> Database:
    return Database.open(f"sqlite:///{file}", holder="test")


def _tables(file: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(file)) as connection:
        return [connection.execute(sql).fetchall() for sql in TABLES]
