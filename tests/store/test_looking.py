"""What there is now, and hearing that it changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.product import Absent, Invalid, Seen
from monitor.store.listening import Ear
from monitor.store.looking import newest_poll, polled, stock_now
from tests.store.ground import FEED, H800, TIMEOUT, Monitor, key, listing, new_store, seen


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine)


@pytest.fixture
def ear(monitor: Monitor, tmp_path: Path) -> Iterator[Ear]:
    opened = Ear(tmp_path / "monitor.db")
    yield opened
    opened.close()


def test_nothing_is_known_before_the_first_poll(monitor: Monitor) -> None:
    assert monitor.write(newest_poll) == 0
    assert monitor.write(stock_now) == {}
    (feed,) = monitor.write(lambda c: polled(c, [FEED]))
    assert (feed.last_poll_at, feed.last_ok_at) == (None, None)


def test_each_product_is_told_as_the_newest_poll_saw_it(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(0, "out", H800), "PRD-2": seen(1), "PRD-3": seen(1)}))
    monitor.poll(listing({"PRD-1": seen(4, None, H800), "PRD-2": Invalid("no count")}))
    stock = monitor.write(stock_now)
    assert stock[key("PRD-1")] == (H800, Seen(4, None, H800))
    assert stock[key("PRD-2")][1] == Invalid("no count")
    assert stock[key("PRD-3")][1] == Absent(sure=True)


def test_polls_are_told_apart_from_products(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    ok_at = monitor.now
    monitor.poll(TIMEOUT)
    (feed,) = monitor.write(lambda c: polled(c, [FEED]))
    assert (feed.last_ok_at, feed.last_poll_at) == (ok_at, monitor.now)
    assert feed.last_failure == TIMEOUT.reason
    assert monitor.write(newest_poll) == 2


def test_the_ear_hears_each_commit_once(monitor: Monitor, ear: Ear) -> None:
    assert ear.heard()
    assert not ear.heard()
    monitor.poll(listing({"PRD-1": seen(1)}))
    assert ear.heard()
    assert not ear.heard()


def test_what_could_not_be_used_is_heard_again(monitor: Monitor, ear: Ear) -> None:
    assert ear.heard()
    ear.forget()
    assert ear.heard()


def test_the_ear_turns_to_a_file_that_took_the_place_of_the_old_one(
    monitor: Monitor, ear: Ear, tmp_path: Path
) -> None:
    assert ear.heard()
    assert not ear.look_again()
    for file in tmp_path.glob("monitor.db*"):
        file.unlink()
    assert ear.look_again()
    assert not ear.heard()
    with new_store(tmp_path) as engine:
        assert ear.look_again()
        assert ear.heard()
        Monitor(engine).poll(listing({"PRD-1": seen(1)}))
        assert ear.heard()


def test_a_file_that_is_no_database_is_silent(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"x" * 4096)
    ear = Ear(tmp_path / "monitor.db")
    assert not ear.heard()
    ear.close()
