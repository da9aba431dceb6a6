"""Five months as the harness plays them, one of them on a file; and what is owed when nothing happens."""

from collections import Counter
from pathlib import Path

from tests.torture.clocks.harness import _owed
from tests.torture.clocks.months import ON_FILE_EVERY, Played, play, play_all


def test_five_months_bring_no_objection(tmp_path: Path) -> None:
    seeds = range(ON_FILE_EVERY - 2, ON_FILE_EVERY + 3)
    months = list(play_all(seeds, tmp_path / "months.jsonl"))
    assert [objection for month in months for objection in month.objections] == []
    assert [month.seed for month in months if month.is_on_file] == [ON_FILE_EVERY]
    counts = sum((Counter(month.counts) for month in months), Counter[str]())
    assert counts["polls"] > 5 * 7_000
    assert counts["false"] == 0


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "months.jsonl"
    kept.write_text(
        '{"seed": 1, "is_on_file": false, "cpu_s": 1.0, "counts": {}, "objections": ["x"]}\n{"se', "utf-8"
    )
    assert list(play_all([1], kept)) == [Played(1, False, 1.0, {}, ["x"])]


def test_a_simulation_that_breaks_is_an_objection() -> None:
    month = play(1, days=float("inf"))
    assert "the simulation broke" in month.objections[0]


def test_what_never_happened_is_owed() -> None:
    owed = list(_owed(Counter()))
    assert "owed: no process died before commit" in owed
    assert "owed: nothing was muted: flapping" in owed
