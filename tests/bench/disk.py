"""Bytes on disk for each observation of thirty days, and whether the view tells every one of them again."""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.core.decision import Decision
from monitor.core.moment import to_ms
from tests.bench.catalogue import OUT_OF_STOCK, aidc_of, code_of
from tests.bench.figures import Details, Figure
from tests.bench.recording import FEED, SOME_TIME, Decider, Recorder
from tests.bench.trace import POLL_EVERY, Trace

POLLS_A_COMMIT: Final = 500
WATCHED: Final = 10
"""So many products are watched, and told of: transitions, deliveries and attempts count, too."""

POLLS_CHECKED: Final = 200
PRODUCTS_CHECKED: Final = 20
_OF_POLL: Final = (
    "SELECT product_code, remaining_count, stock_error, available, at FROM observation WHERE poll_id = ?"
)
_OF_PRODUCT: Final = (
    "SELECT poll_id, remaining_count, stock_error FROM observation"
    " WHERE source = ? AND aidc_id = ? AND product_code = ? ORDER BY poll_id"
)
# Poll ids have no gaps here, so that a span's ends tell how many polls saw it.
_COUNT: Final = (
    "SELECT sum(coalesce(until_poll_id, (SELECT max(id) + 1 FROM poll)) - first_poll_id) FROM snapshot"
    " WHERE kind <> 'absent'"
)


@dataclass(slots=True)
class Truth:
    """What some polls and some products were, kept aside while the trace runs."""

    polls: dict[int, list[int]]
    products: dict[int, list[int]]
    left: list[int]


def disk_per_observation(name: str, trace: Trace) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "monitor.db")
        truth = _record(trace, recorder)
        recorder.checkpoint()
        size = recorder.bytes_of()
        parts = _parts(recorder)
        told_again = _compare(recorder, trace, truth)
        recorder.database.close()
    observations = trace.polls * trace.products
    details: Details = {"MB": size / 1e6, "polls": trace.polls, **parts, "told again exactly": told_again}
    return Figure(f"disk per observation, {name}", size / observations, 0.1, "byte", None, details)


def _record(trace: Trace, recorder: Recorder) -> Truth:
    chance = random.Random(3)
    checked = set(chance.sample(range(trace.polls), min(POLLS_CHECKED, trace.polls)))
    truth = Truth({}, {number: [] for number in chance.sample(range(trace.products), PRODUCTS_CHECKED)}, [])
    truth.left = [0] * trace.products
    decide = Decider(trace.products, WATCHED, SOME_TIME)
    batch: list[Decision] = []
    for number, changes in enumerate(trace.run()):
        batch.append(decide(changes, SOME_TIME + number * POLL_EVERY))
        for product, left in changes.items():
            truth.left[product] = left
        _keep(truth, number, checked)
        if len(batch) == POLLS_A_COMMIT:
            recorder.write(batch)
            batch.clear()
    recorder.write(batch)
    return truth


def _keep(truth: Truth, number: int, checked: set[int]) -> None:
    if number in checked:
        truth.polls[number + 1] = list(truth.left)
    for product, seen in truth.products.items():
        seen.append(truth.left[product])


def _compare(recorder: Recorder, trace: Trace, truth: Truth) -> str:
    """Raises AssertionError where the view and the truth part."""
    with recorder.database.read() as connection:
        for poll_id, left in truth.polls.items():
            at = to_ms(SOME_TIME + (poll_id - 1) * POLL_EVERY)
            rows = {tuple(row) for row in connection.exec_driver_sql(_OF_POLL, (poll_id,))}
            wanted = {
                (code_of(number), stock, None if stock else OUT_OF_STOCK, int(stock > 0), at)
                for number, stock in enumerate(left)
            }
            assert rows == wanted, f"the view tells poll {poll_id} otherwise"
        for number, seen in truth.products.items():
            rows_of_product = connection.exec_driver_sql(
                _OF_PRODUCT, (FEED.source, aidc_of(number), code_of(number))
            ).all()
            assert [tuple(row) for row in rows_of_product] == [
                (poll_id, left, None if left else OUT_OF_STOCK) for poll_id, left in enumerate(seen, 1)
            ], f"the view tells product {number} otherwise"
        counted = connection.exec_driver_sql(_COUNT).scalar_one()
    assert counted == trace.polls * trace.products, f"{counted} observations"
    compared = len(truth.polls) * trace.products + len(truth.products) * trace.polls
    return f"{compared:,} compared, {counted:,} counted"


def _parts(recorder: Recorder) -> Details:
    """Rows of each kind, and the size of the largest tables where SQLite can tell it."""
    with recorder.database.read() as connection:
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("snapshot", "transition", "delivery")
        }
    return {f"{table} rows": int(rows) for table, rows in counts.items()}


def traces(products: int, days: int) -> Sequence[tuple[str, Trace]]:
    from tests.bench.trace import always_ten, at_most_ten

    return (
        (f"{days} days, at most 10 changes a day", Trace(products, days, at_most_ten)),
        (f"{days} days, always 10 changes a day", Trace(products, days, always_ten)),
    )
