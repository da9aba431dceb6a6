"""The export is the view, row for row, whatever the history."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.moment import from_ms
from monitor.core.product import ProductKey
from monitor.store.export import COLUMNS, POLLS_AT_ONCE, Chosen, observations, write_csv, write_jsonl
from tests.store.ground import H800, Monitor, listing, new_store, seen
from tests.store.test_housekeeping import DAY, keep_house, random_history
from tests.store.test_world_property import FEEDS

IN_ORDER = (
    f"SELECT {', '.join(COLUMNS)} FROM observation o ORDER BY poll_id, (SELECT p.id FROM product p"
    " JOIN source s ON s.id = p.source_id WHERE s.name = o.source AND p.aidc_id = o.aidc_id"
    " AND p.product_code = o.product_code)"
)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine, feeds=FEEDS)


def exported(monitor: Monitor) -> list[tuple[object, ...]]:
    return monitor.write(lambda c: list(observations(c)))


@pytest.mark.parametrize("seed", range(8))
def test_the_export_equals_the_view(monitor: Monitor, seed: int) -> None:
    random_history(monitor, seed, 150)
    assert exported(monitor) == monitor.rows(IN_ORDER)


@pytest.mark.parametrize("days", [31, 401])
def test_the_export_equals_the_view_after_housekeeping(monitor: Monitor, days: int) -> None:
    random_history(monitor, 5, 300)
    keep_house(monitor, days * DAY)
    random_history(monitor, 6, 20)
    assert exported(monitor) == monitor.rows(IN_ORDER)


def test_the_export_goes_on_from_slice_to_slice(monitor: Monitor) -> None:
    for number in range(POLLS_AT_ONCE + 20):
        monitor.poll(listing({"PRD-1": seen(number // 300)}), later=timedelta(seconds=15))
    assert exported(monitor) == monitor.rows(IN_ORDER)


def test_a_database_without_polls_has_no_rows(monitor: Monitor) -> None:
    assert exported(monitor) == []


def test_progress_is_told_up_to_the_last_poll(monitor: Monitor) -> None:
    for _ in range(POLLS_AT_ONCE + 1):
        monitor.poll(listing({"PRD-1": seen(1)}))
    told: list[tuple[int, int]] = []
    monitor.write(lambda c: write_csv(c, io.StringIO(), lambda done, of: told.append((done, of))))
    assert told == [(POLLS_AT_ONCE, POLLS_AT_ONCE + 1), (POLLS_AT_ONCE + 1, POLLS_AT_ONCE + 1)]


def test_csv_has_a_header_and_quotes_what_upstream_wrote(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(3, 'no "stock",\nsorry', H800)}))
    out = io.StringIO(newline="")
    monitor.write(lambda c: write_csv(c, out, lambda _done, _of: None))
    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert row["stock_error"] == 'no "stock",\nsorry'
    assert (row["available"], row["price"], row["invalid_reason"]) == ("0", "19.9", "")


def test_jsonl_has_an_object_a_line_with_numbers_as_numbers(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(3, None, H800), "PRD-2": seen(0, "库存不足")}))
    out = io.StringIO()
    monitor.write(lambda c: write_jsonl(c, out, lambda _done, _of: None))
    one, two = (json.loads(line) for line in out.getvalue().splitlines())
    assert tuple(one) == COLUMNS
    assert (one["remaining_count"], one["available"], one["price_unit"]) == (3, 1, 11)
    assert (two["stock_error"], two["available"], two["name"]) == ("库存不足", 0, None)


@pytest.mark.parametrize("seed", range(4))
def test_a_part_of_the_export_equals_that_part_of_the_view(monitor: Monitor, seed: int) -> None:
    random_history(monitor, seed, 150)
    at = monitor.rows("SELECT at FROM poll ORDER BY id LIMIT 1 OFFSET 30")[0][0]
    assert isinstance(at, int)
    whole = [row for row in monitor.rows(IN_ORDER) if row[1] >= at]  # type: ignore[operator]
    source, code = COLUMNS.index("source"), COLUMNS.index("product_code")
    wanted = whole[-1][source : code + 1]
    chosen = Chosen(from_ms(at), frozenset({ProductKey(*wanted)}))  # type: ignore[arg-type]
    part = monitor.write(lambda c: list(observations(c, chosen=chosen)))
    assert part == [row for row in whole if row[source : code + 1] == wanted]
