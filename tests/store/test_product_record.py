"""What statistics are made of is what the history tells, read in another way."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.core.answer import Failed, Listing
from monitor.core.moment import to_ms
from monitor.core.price import Price
from monitor.core.product import Attributes, Feed, Invalid, ProductKey, Seen
from monitor.core.timeline import common
from monitor.core.watched import Piece, fold, watched
from monitor.core.window import Window
from monitor.store.history import history, product_keys
from monitor.store.product_record import ProductRecord, product_records
from monitor.store.unseen import unseen
from tests.store.ground import FEED, NOON, TIMEOUT, Monitor, key, listing, new_store, seen
from tests.store.test_housekeeping import keep_house

TICK = timedelta(seconds=15)
DAY = timedelta(days=1)
CODES = ("PRD-1", "PRD-2", "PRD-3")
CENTRE = Feed("alaya", 1)
BLOCKED, BLANK = seen(5, "库存不足"), seen(1, " \u3000")
ROWS: list[Seen | Invalid | None] = [seen(0), seen(2), seen(3), BLOCKED, BLANK, Invalid("no count"), None]


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine, feeds=(FEED, CENTRE))


def records(monitor: Monitor, start: datetime, end: datetime) -> dict[ProductKey, ProductRecord]:
    def read(connection: object) -> dict[ProductKey, ProductRecord]:
        keys = set(product_keys(connection))  # type: ignore[arg-type]
        found = product_records(connection, start, end, keys)  # type: ignore[arg-type]
        return {record.key: record for record in found}

    return monitor.write(read)


def answer(chance: random.Random) -> Listing | Failed:
    if chance.random() < 0.1:
        return TIMEOUT
    if chance.random() < 0.05:
        return listing({})
    return listing({code: row for code in CODES if (row := chance.choice(ROWS)) is not None})


def play(monitor: Monitor, chance: random.Random, polls: int) -> None:
    """Answers that stay for a while, failures, silences; now and then another feed asks, too."""
    told = answer(chance)
    for _ in range(polls):
        if chance.random() < 0.4:
            told = answer(chance)
        later = TICK if chance.random() < 0.95 else chance.choice([5, 30]) * TICK
        monitor.poll(told, later=later)
        if chance.random() < 0.1:
            monitor.poll(told, CENTRE, later=timedelta(seconds=1))


@pytest.mark.parametrize("seed", range(6))
def test_the_windows_are_those_of_the_history(monitor: Monitor, seed: int) -> None:
    play(monitor, random.Random(seed), 120)
    end = monitor.now + TICK
    for start in (NOON - TICK, NOON + 20 * TICK, monitor.now - 30 * TICK):
        same_windows(monitor, start, end)
    same_windows(monitor, NOON, NOON + 80 * TICK)


def test_they_are_when_the_polls_were_thinned(monitor: Monitor) -> None:
    play(monitor, random.Random(9), 200)
    monitor.poll(listing({"PRD-1": seen(1)}))
    keep_house(monitor, 40 * DAY)
    same_windows(monitor, NOON, NOON + 40 * DAY)


def same_windows(monitor: Monitor, start: datetime, end: datetime) -> None:
    told = monitor.write(lambda c: history(c, start))
    gaps = monitor.write(lambda c: unseen(c, start, end))
    read = records(monitor, start, end)
    assert {product.key for product in told} == set(read)
    for product in told:
        covering = [gaps[f] for f in gaps if f.aidc_id in (None, product.key.aidc_id)]
        expected = watched(product.spans, common(covering, start, end), start, end)
        record = read[product.key]
        found = fold(record.sights, record.answered_ms, record.holes, to_ms(start), to_ms(end))
        assert list(found.pieces) == [in_ms(window) for window in expected.windows]
        assert [(hole.start, hole.end) for hole in found.dark] == [
            (to_ms(dark.start), to_ms(dark.end)) for dark in expected.dark
        ]


def in_ms(window: Window) -> Piece[int]:
    moments = (window.opened_at, window.unseen_at, window.last_at, window.closed_at, window.until_at)
    opened, unseen_at, last, closed, until = [None if at is None else to_ms(at) for at in moments]
    assert opened is not None
    assert last is not None
    assert until is not None
    return Piece(opened, unseen_at, last, closed, window.peak, until, window.drops, window.drained)


def test_prices_are_those_of_the_moment(monitor: Monitor) -> None:
    for price, unit in ((2, 11), (3, 11), (3, 12)):
        attributes = Attributes("train", price=Decimal(price), price_unit=unit)
        monitor.poll(listing({"PRD-1": Seen(1, None, attributes)}))
    prices = records(monitor, NOON, monitor.now)[key("PRD-1")].prices
    asked = [prices.at(to_ms(NOON + poll * TICK)) for poll in (1, 2, 3)]
    assert asked == [Price(Decimal(2), 11), Price(Decimal(3), 11), Price(Decimal(3), 12)]


def test_what_was_so_before_holds_until_the_first_failure(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    start = monitor.now + TICK
    monitor.poll(TIMEOUT, later=2 * TICK)
    same_windows(monitor, start, monitor.now + TICK)
    record = records(monitor, start, monitor.now + TICK)[key("PRD-1")]
    assert record.sights == [(to_ms(start) - 1, None, 1)]
    assert record.answered_ms == to_ms(start)


def test_of_a_time_without_a_poll_nothing_is_known(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    start, end = NOON + DAY, NOON + 2 * DAY
    record = records(monitor, start, end)[key("PRD-1")]
    found = fold(record.sights, record.answered_ms, record.holes, to_ms(start), to_ms(end))
    assert (found.pieces, len(found.dark)) == ([], 1)


def test_only_the_products_that_are_wanted_are_read(monitor: Monitor) -> None:
    monitor.poll(listing({code: seen(1) for code in CODES}))
    wanted = {key("PRD-2")}
    found = monitor.write(lambda c: list(product_records(c, NOON, monitor.now, wanted)))
    assert [record.key for record in found] == [key("PRD-2")]
