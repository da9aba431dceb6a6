"""Windows and statistics of a made-up past, held against the log of what was truly in stock."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection, connect

import pytest

from monitor.core.hours import local_clock
from monitor.core.moment import to_ms
from monitor.core.odds import MEDIAN
from monitor.core.product import ProductKey
from monitor.core.stats import of_product
from monitor.core.watched import Folded, fold
from monitor.store.history import product_keys
from monitor.store.product_record import product_records
from monitor.store.readonly import reading
from tests.cli.calling import call

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=21)
CLOCK = local_clock(UTC, SINCE, UNTIL)
SILENCE_MS = 60_000

Opening = tuple[int, int]
Told = tuple[int | None, int, int, int | None]
"""Unseen, opened, last seen and closed."""


@dataclass(frozen=True)
class Poll:
    """`after_hole`: between the answer before and this one others failed, or the monitor was off."""

    id: int
    at: int
    after_hole: bool


@dataclass(frozen=True)
class Past:
    """`truth`: from when to when each product was in stock; `garbled`: the polls that could not tell."""

    truth: Mapping[ProductKey, Sequence[Opening]]
    polls: Sequence[Poll]
    garbled: Mapping[ProductKey, frozenset[int]]
    found: Mapping[ProductKey, Folded[int]]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Three weeks of eight products, with failed polls, garbled rows and hours without a monitor."""
    file = tmp_path_factory.mktemp("past") / "m.db"
    words = ("--history", "21d", "--products", "8", "--seed", "3", "--until", f"{UNTIL:%Y-%m-%d}")
    assert call("simulate", *words, "--into", file).exit_code == 0
    with closing(connect(file)) as connection:
        polls, garbled = list(answered(connection)), garbled_of(connection)
    with reading(f"sqlite:///{file}") as reader:
        records = list(product_records(reader, SINCE, UNTIL, set(product_keys(reader))))
    found = {r.key: fold(r.sights, r.answered_ms, r.holes, CLOCK.start_ms, CLOCK.end_ms) for r in records}
    return Past(truth_of(Path(f"{file}.truth.jsonl")), polls, garbled, found)


def test_the_windows_are_found_exactly(past: Past) -> None:
    assert sum(len(openings) for openings in past.truth.values()) > 200
    for key, folded in past.found.items():
        expected = list(told_one_by_one(past, key))
        assert [(p.unseen_at, p.opened_at, p.last_at, p.closed_at) for p in folded.pieces] == expected


def test_how_long_windows_truly_last_lies_within_the_bounds(past: Past) -> None:
    """Of those that polls saw open: the bounds hold whatever a poll could not tell."""
    checked = 0
    for key, folded in past.found.items():
        for quantile in of_product(folded, CLOCK).lasts:
            if quantile.low is None or quantile.share != MEDIAN:
                continue
            lengths = sorted(closed - opened for opened, closed in seen(past.truth[key], folded))
            median = timedelta(milliseconds=lengths[len(lengths) // 2])
            assert quantile.low <= median <= (quantile.high or timedelta.max)
            checked += 1
    assert checked >= 5


def test_the_odds_are_those_of_the_truth(past: Past) -> None:
    for key, folded in past.found.items():
        lengths = [closed - opened for opened, closed in seen(past.truth[key], folded)]
        for odds in of_product(folded, CLOCK).odds:
            if odds.shortest is not None and odds.longest is not None:
                outlast = sum(length > odds.horizon / timedelta(milliseconds=1) for length in lengths)
                assert odds.shortest - 0.05 <= outlast / len(lengths) <= odds.longest + 0.05


def test_time_in_stock_is_that_of_the_truth(past: Past) -> None:
    for key, folded in past.found.items():
        told = of_product(folded, CLOCK)
        truly = sum(closed - opened for opened, closed in past.truth[key]) / (CLOCK.end_ms - CLOCK.start_ms)
        assert told.available_share == pytest.approx(truly, rel=0.1, abs=0.002)


def told_one_by_one(past: Past, key: ProductKey) -> Iterator[Told]:
    """The plainest way: ask the truth at each poll, and forget everything at one that could not tell."""
    unseen: int | None = None
    opened: tuple[int | None, int] | None = None
    last = 0
    openings, garbled = past.truth[key], past.garbled.get(key, frozenset())
    begins = [opening for opening, _ in openings]
    for poll in past.polls:
        if poll.after_hole or poll.id in garbled:
            if opened is not None:
                yield (*opened, last, None)
            opened = unseen = None
        if poll.id in garbled:
            continue
        index = bisect_right(begins, poll.at) - 1
        if index >= 0 and poll.at < openings[index][1]:
            opened, last = opened or (unseen, poll.at), poll.at
        else:
            if opened is not None:
                yield (*opened, last, poll.at)
            opened, unseen = None, poll.at
    if opened is not None:
        yield (*opened, last, None)


def seen(openings: Sequence[Opening], folded: Folded[int]) -> list[Opening]:
    """The openings that a poll saw come."""
    begins = [opening for opening, _ in openings]
    watched = [p.opened_at for p in folded.pieces if p.unseen_at is not None]
    return [openings[bisect_right(begins, at) - 1] for at in watched]


def answered(connection: Connection) -> Iterator[Poll]:
    failed = True
    before = 0
    for poll_id, at, outcome in connection.execute("SELECT id, at, outcome FROM poll ORDER BY id"):
        if outcome == "ok":
            yield Poll(poll_id, at, failed or at - before > SILENCE_MS)
            before = at
        failed = outcome != "ok"


def garbled_of(connection: Connection) -> dict[ProductKey, frozenset[int]]:
    found: dict[ProductKey, set[int]] = {}
    rows = connection.execute(
        "SELECT s.name, p.aidc_id, p.product_code, n.first_poll_id, n.until_poll_id FROM snapshot n"
        " JOIN product p ON p.id = n.product_id JOIN source s ON s.id = p.source_id"
        " WHERE n.kind = 'invalid' OR (n.kind = 'absent' AND n.until_poll_id = n.first_poll_id + 1)"
    )
    for source, aidc_id, code, first, until in rows:
        found.setdefault(ProductKey(source, aidc_id, code), set()).update(range(first, until))
    return {key: frozenset(polls) for key, polls in found.items()}


def truth_of(file: Path) -> dict[ProductKey, list[Opening]]:
    found: dict[ProductKey, list[Opening]] = {}
    for line in file.read_text("utf-8").splitlines():
        told = json.loads(line)
        if told["kind"] == "opening":
            key = ProductKey(told["source"], told["aidc_id"], told["product_code"])
            closed = told["closed_at"] or UNTIL.isoformat()
            moments = (to_ms(datetime.fromisoformat(at)) for at in (told["opened_at"], closed))
            opened_ms, closed_ms = moments
            found.setdefault(key, []).append((opened_ms, closed_ms))
    return {key: sorted(openings) for key, openings in found.items()}
