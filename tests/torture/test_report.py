"""The torture suite's own book-keeping: a violation, a crash and a quick run cannot pass for a good one."""

import json
from pathlib import Path

import pytest

from tests.torture import __main__ as command
from tests.torture.harnesses import HARNESSES, Harness
from tests.torture.report import (
    CHECKOUT,
    LONGEST_SHOWN,
    MOST_SHOWN,
    Record,
    Result,
    Run,
    page_of,
    read_records,
    record_of,
)


def record(*violations: str, quick: bool = False) -> Record:
    run = Run(seed=7, folder=Path(), quick=quick)
    return record_of("kill", "kills it", run, Result({"cycles": 10_000, "share": 0.123456}, violations), 61.4)


def test_a_record_tells_what_was_done_with_what_seed_and_commit() -> None:
    told = json.loads(record().as_json())
    assert (told["name"], told["seed"], told["seconds"]) == ("kill", 7, 61)
    assert told["counts"] == {"cycles": 10_000, "share": 0.1235}
    assert told["commit"]
    assert record().is_well


def test_all_violations_are_counted_though_not_all_are_kept() -> None:
    bad = record(*map(str, range(MOST_SHOWN + 5)))
    assert not bad.is_well
    assert (bad.violation_count, len(bad.violations)) == (MOST_SHOWN + 5, MOST_SHOWN)


def test_a_violation_tells_no_place_of_this_machine_and_no_whole_log() -> None:
    [told] = record(f"it crashed in {CHECKOUT}/tests/x.py: {'.' * 5_000} the end").violations
    assert told.startswith("it crashed in tests/x.py: ...")
    assert told.endswith("... the end")
    assert len(told) < LONGEST_SHOWN + 10


def test_records_are_read_back_and_put_on_one_page(tmp_path: Path) -> None:
    (tmp_path / "kill.json").write_text(record("lost", quick=True).as_json(), "utf-8")
    [read] = read_records(tmp_path, ["soak", "kill"])
    assert read == record("lost", quick=True)
    row = page_of([read]).splitlines()[-1]
    assert row.startswith("| **kill**: kills it | cycles 10,000, share 0.123 (quick run) | 1 | 61 | 7 |")


def test_a_harness_that_crashes_is_a_violation(tmp_path: Path) -> None:
    harness = Harness("broken", "crashes", "tests.torture.no_such_module")
    crashed = command._run(harness, tmp_path / "broken", 1, quick=True)
    assert not crashed.is_well
    assert "the harness crashed" in crashed.violations[0]


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_every_harness_is_there(harness: Harness) -> None:
    from importlib import import_module

    assert callable(import_module(harness.module).torture)
