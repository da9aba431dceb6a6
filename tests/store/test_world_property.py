"""Random histories: the view tells every poll again, and a restart finds the world as it was."""

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.core.answer import Failed, Listing
from monitor.core.product import Absent, Attributes, Feed, Invalid, ProductKey, Seen, is_available
from monitor.core.world import Product, World
from monitor.store.world import Stored, load
from tests.store.ground import FEED, H800, TIMEOUT, Monitor, listing, new_store

FEEDS = (FEED, Feed("other", 1), Feed("other", 2))
CODES = ("PRD-1", "PRD-2", "PRD-3")
Truth = dict[int, dict[ProductKey, tuple[Any, ...]]]


def random_answer(chance: random.Random, feed: Feed) -> Listing | Failed:
    kind = chance.random()
    if kind < 0.1:
        return TIMEOUT
    if kind < 0.2:
        return Listing(())
    rows = {
        code: Invalid(f"reason {chance.randint(1, 2)}") if chance.random() < 0.2 else random_seen(chance)
        for code in CODES
        if chance.random() < 0.75
    }
    return listing(rows, feed.aidc_id or 1, unusable=int(chance.random() < 0.1))


def random_seen(chance: random.Random) -> Seen:
    attributes = H800 if chance.random() < 0.8 else random_attributes(chance)
    return Seen(
        chance.choice((0, 0, 1, 6)), chance.choice((None, None, None, " \u3000", "no stock")), attributes
    )


def random_attributes(chance: random.Random) -> Attributes:
    return replace(
        H800,
        name=chance.choice(("a", "b", None)),
        price=chance.choice((Decimal(1), Decimal("2.50"), None)),
        price_unit=chance.choice((11, 12, None)),
    )


def told(world: World, feed: Feed) -> dict[ProductKey, tuple[Any, ...]]:
    """What the view is to say of a poll that leaves the world like this."""
    return {key: _told(p) for key, p in world.products[feed].items() if not isinstance(p.current, Absent)}


def _told(product: Product) -> tuple[Any, ...]:
    now, known = product.current, product.attributes
    price = None if known.price is None else format(known.price, "f")
    stock: tuple[Any, ...]
    if isinstance(now, Seen):
        stock = (now.remaining, now.stock_error, int(is_available(now)), None)
    else:
        assert isinstance(now, Invalid)
        stock = (None, None, None, now.reason)
    return (known.name, *stock, price, known.price_unit)


def view(monitor: Monitor) -> Truth:
    truth: Truth = {poll_id: {} for (poll_id,) in monitor.rows("SELECT id FROM poll WHERE outcome = 'ok'")}  # type: ignore[misc]
    for row in monitor.rows(
        "SELECT poll_id, source, aidc_id, product_code, name, remaining_count, stock_error, available,"
        " invalid_reason, price, price_unit FROM observation"
    ):
        truth[row[0]][ProductKey(*row[1:4])] = row[4:]  # type: ignore[index,arg-type]
    return truth


def assert_loaded_equals_memory(stored: Stored, monitor: Monitor) -> None:
    world = monitor.world
    assert stored.ids == monitor.ids
    remembered = {key: replace(p, listed=None) for feed in FEEDS for key, p in world.products[feed].items()}
    assert {p.key: p for p in stored.products} == remembered
    assert {(a.rule, a.product): a for a in stored.alerts} == world.alerts
    assert stored.rule_feeds == world.rule_feeds
    assert {(n.kind, n.subject) for n in stored.episodes} == world.episodes
    for found in stored.feeds:
        state = world.feeds[found.feed]
        assert (found.last_ok_at, found.ever_listed) == (state.last_ok_at, state.ever_listed)
        assert found.empties == min(state.empties, 3)
        assert found.last_failure == state.last_failure


@pytest.mark.parametrize("seed", range(12))
def test_the_view_tells_every_poll_again_and_a_restart_finds_the_world_as_it_was(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    truth: Truth = {}
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine, feeds=FEEDS)
        for _ in range(80):
            feed = chance.choice(FEEDS)
            decision, committed = monitor.poll(random_answer(chance, feed), feed)
            assert decision.poll is not None
            assert committed.poll_id is not None
            if decision.poll.reason is None:
                truth[committed.poll_id] = told(monitor.world, feed)
            stored = monitor.write(lambda connection: load(connection, FEEDS, monitor.now))
            assert_loaded_equals_memory(stored, monitor)
        assert view(monitor) == truth
