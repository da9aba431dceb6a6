"""The view `observation` tells what every stored poll saw, as if every row had been kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.core.product import Seen, is_available
from tests.store.viewed import empty, poll, product, seen

COLUMNS = (
    "poll_id, at, source, aidc_id, product_code, name, remaining_count, stock_error, available,"
    " invalid_reason, price, price_unit"
)


@pytest.fixture
def rows() -> Iterator[sqlite3.Connection]:
    with closing(empty()) as connection:
        yield connection


def span(
    rows: sqlite3.Connection,
    first: int,
    until: int | None,
    remaining: int | None = 3,
    stock_error: str | None = None,
    reason: str | None = None,
) -> None:
    rows.execute(
        "INSERT INTO snapshot VALUES (1, ?, ?, ?, ?, ?)", (first, until, remaining, stock_error, reason)
    )


def test_its_columns_are_those_that_were_promised(rows: sqlite3.Connection) -> None:
    found = [name for (_, name, *_) in rows.execute("PRAGMA table_info(observation)")]
    assert found == COLUMNS.split(", ")


def test_a_span_gives_one_row_to_each_ok_poll_of_it(rows: sqlite3.Connection) -> None:
    product(rows, 1)
    for poll_id in range(1, 7):
        poll(rows, poll_id, "failed" if poll_id == 3 else "ok")
    span(rows, 2, 5, remaining=3)
    span(rows, 5, None, remaining=0)
    assert seen(rows, "poll_id, at, source, product_code, remaining_count, available") == [
        (2, 20, "default", "PRD-1", 3, 1),
        (4, 40, "default", "PRD-1", 3, 1),
        (5, 50, "default", "PRD-1", 0, 0),
        (6, 60, "default", "PRD-1", 0, 0),
    ]


def test_there_is_no_row_while_the_product_is_absent(rows: sqlite3.Connection) -> None:
    product(rows, 1)
    for poll_id in (1, 2, 3):
        poll(rows, poll_id)
    span(rows, 1, 2)
    span(rows, 2, 3, remaining=None)
    span(rows, 3, None)
    assert seen(rows, "poll_id") == [(1,), (3,)]


def test_an_invalid_row_is_told_with_its_reason_and_is_neither_in_nor_out(rows: sqlite3.Connection) -> None:
    product(rows, 1)
    poll(rows, 1)
    span(rows, 1, None, remaining=None, reason="remainingCount is null")
    assert seen(rows, "remaining_count, available, invalid_reason") == [
        (None, None, "remainingCount is null")
    ]


def test_polls_of_another_data_centre_say_nothing_of_the_product(rows: sqlite3.Connection) -> None:
    product(rows, 1, aidc_id=1)
    poll(rows, 1, aidc_id=1)
    poll(rows, 2, aidc_id=2)
    poll(rows, 3, aidc_id=None)
    span(rows, 1, None)
    assert seen(rows, "poll_id") == [(1,), (3,)]


def test_attributes_are_those_of_the_poll(rows: sqlite3.Connection) -> None:
    product(rows, 1, name="third")
    for poll_id in range(1, 6):
        poll(rows, poll_id)
    span(rows, 1, None)
    for field_name, poll_id, old, new in (
        ("name", 2, None, "second"),
        ("name", 4, "second", "third"),
        ("price", 3, "19.90", "20"),
        ("price_unit", 5, "7", "11"),
        ("gpu_name", 5, "H20", "H800"),
    ):
        rows.execute("INSERT INTO product_change VALUES (1, ?, ?, ?, ?)", (field_name, poll_id, old, new))
    assert seen(rows, "poll_id, name, price, price_unit") == [
        (1, None, "19.90", 7),
        (2, "second", "19.90", 7),
        (3, "second", "20", 7),
        (4, "third", "20", 7),
        (5, "third", "20", 11),
    ]


def test_a_change_of_one_product_does_not_touch_another(rows: sqlite3.Connection) -> None:
    product(rows, 1)
    product(rows, 2)
    poll(rows, 1)
    span(rows, 1, None)
    rows.execute("INSERT INTO product_change VALUES (2, 'name', 9, 'other', 'now')")
    assert seen(rows, "product_code, name") == [("PRD-1", "now")]


BLANKS = "".join(chr(code) for code in range(0x110000) if chr(code).isspace())


@pytest.mark.parametrize("remaining", [0, 3])
@pytest.mark.parametrize(
    "error", [None, "", " ", BLANKS, "x", f"{BLANKS}x{BLANKS}", "\u200b", "库存不足", "0"]
)
def test_available_means_the_same_as_in_the_core(
    rows: sqlite3.Connection, remaining: int, error: str | None
) -> None:
    product(rows, 1)
    poll(rows, 1)
    span(rows, 1, None, remaining=remaining, stock_error=error)
    assert seen(rows, "available") == [(int(is_available(Seen(remaining, error))),)]


def test_a_lookup_by_poll_or_product_scans_no_table_of_history(rows: sqlite3.Connection) -> None:
    for poll_id in range(1, 3):
        poll(rows, poll_id)
    plan = rows.execute("EXPLAIN QUERY PLAN SELECT * FROM observation WHERE poll_id = 2").fetchall()
    scanned = {step.split()[1] for (*_, step) in plan if step.startswith("SCAN")}
    assert not scanned & {"poll", "snapshot", "product_change"}
    plan = rows.execute("EXPLAIN QUERY PLAN SELECT * FROM observation WHERE product_code = 'x'").fetchall()
    scanned = {step.split()[1] for (*_, step) in plan if step.startswith("SCAN")}
    assert not scanned & {"snapshot", "product_change"}


def test_a_year_of_history_is_told_at_a_reasonable_cost() -> None:
    """Not a benchmark: it fails when a lookup walks all spans of a product."""
    with closing(empty()) as rows:
        product(rows, 1)
        rows.execute("BEGIN")
        rows.executemany(
            "INSERT INTO poll VALUES (?, 1, NULL, ?, 38, 'ok', NULL, NULL, 1, 0, 0)",
            ((poll_id, poll_id) for poll_id in range(1, 20_001)),
        )
        rows.executemany(
            "INSERT INTO snapshot VALUES (1, ?, ?, ?, NULL, NULL)",
            ((first, first + 2 if first < 19_999 else None, first % 5) for first in range(1, 20_001, 2)),
        )
        rows.execute("COMMIT")
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        rows.set_progress_handler(count, 1000)
        found = rows.execute("SELECT count(*) FROM observation WHERE product_code = 'PRD-1'").fetchone()
        assert found == (20_000,)
        assert steps < 20_000 * 200 / 1000
        steps = 0
        assert rows.execute("SELECT count(*) FROM observation WHERE poll_id = 19999").fetchone() == (1,)
        assert steps <= 1
