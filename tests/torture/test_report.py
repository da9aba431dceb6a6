"""The torture suite's own book-keeping: a violation, a crash and a quick run cannot pass for a good one."""

import json
import subprocess
import sys
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


def test_violations_that_a_harness_did_not_keep_are_counted() -> None:
    run = Run(seed=7, folder=Path(), quick=False)
    assert record_of("fuzz", "fuzzes", run, Result({}, ["one"], left_out=9), 1.0).violation_count == 10


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


def test_a_quick_run_cannot_take_the_place_of_a_whole_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--quick", "--write"])
    assert ended.value.code == 2
    assert "--write keeps results of whole runs" in capsys.readouterr().err


def test_the_help_tells_of_each_harness_and_of_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = capsys.readouterr().out
    assert [harness.name for harness in HARNESSES if harness.about not in told] == []
    assert "1 a harness found a violation" in told
    assert told.endswith("the others begin anew:\nkill, clocks, mutants\n")


def test_what_a_harness_starts_can_be_interrupted_though_a_shell_ignores_it_in_the_background() -> None:
    child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    started = f"""
import contextlib, io, subprocess, sys
from tests.torture.__main__ import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(["--help"])
subprocess.run([sys.executable, "-c", {child!r}], check=True)
"""
    background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", started]
    done = subprocess.run(background, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_every_harness_is_there(harness: Harness) -> None:
    from importlib import import_module

    assert callable(import_module(harness.module).torture)
