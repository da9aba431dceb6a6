"""A few faults of each kind are got over. And a daemon that does not get over one is found out."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.requirements import require_that
from tests.torture import seccomp
from tests.torture.disk import started, tasks
from tests.torture.disk.faults import WRITES, Fault
from tests.torture.disk.harness import RECOVERED_WITHIN_S, Tally, missing, torture
from tests.torture.disk.running import Outcome, running
from tests.torture.points import WRONG_IN_A_ROW, Points, Task, play_all
from tests.torture.report import Run
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past, pasts


@pytest.fixture(autouse=True)
def _needs() -> None:
    require_that(seccomp.is_possible(), "notifications of system calls: Linux 5.5 on x86_64 or aarch64")


def test_faults_are_got_over_without_a_restart(tmp_path: Path) -> None:
    result = torture(Run(seed=1, folder=tmp_path, quick=True))
    assert result.violations == []
    assert int(result.counts["faults"]) == 8


def test_edges_that_vanish_from_the_database_are_found_out(tmp_path: Path) -> None:
    with Scene.built(tmp_path) as scene, running(scene, Past(), tmp_path / "run") as run:
        run.show(3)
        run.settle()
        code = run.stop()
        assert run.judged(code, run.seen()) == ()
        with closing(sqlite3.connect(scene.database, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM transition")
        found = run.judged(code, run.seen())
    assert [one for one in found if "which is not in the database" in one]
    assert [one for one in found if "the upstream showed ['fired'], but stored are []" in one]


def test_what_a_start_takes_to_get_over_an_error_is_measured(tmp_path: Path) -> None:
    late_enough_to_live_on = Fault(WRITES, 32, errno.ENOSPC, is_lasting=False)
    with Scene.built(tmp_path / "scene") as scene:
        known = pasts(scene, tmp_path / "pasts")
        outcome = started.play(scene, late_enough_to_live_on, known["a stop"], tmp_path / "run")
    assert outcome.is_reached
    assert outcome.violations == ()
    assert outcome.recovered_s is not None


def test_a_recovery_that_takes_too_long_and_a_fault_that_never_struck_are_said() -> None:
    tally = Tally(lambda _: None)
    tally.note("a fault for ever", 1, Outcome(True, (), RECOVERED_WITHIN_S + 1))
    assert [one for one in tally.violations if "4.00 s after the fault's end" in one]
    task: Task[Outcome] = Task("a fault once", Points(), lambda *_: pytest.fail("not to be played"))
    assert list(missing(tally, [task])) == ["a fault once: no fault struck"]


def test_a_daemon_that_never_gets_on_ends_the_runs_and_is_said(tmp_path: Path) -> None:
    def play(*_: object) -> Outcome:
        raise AssertionError("it hangs")

    task = Task("a fault for ever", Points(), lambda *_: tasks._tried(play))
    tally = Tally(lambda _: None)
    with Scene.built(tmp_path) as scene:
        play_all([task], [scene], tmp_path, tally.note)
    assert len(tally.violations) == WRONG_IN_A_ROW
    assert list(missing(tally, [task])) == ["a fault for ever: given up, as every run goes wrong"]


def test_a_run_that_fails_is_a_violation_and_not_the_end() -> None:
    def play() -> Outcome:
        raise AssertionError("waited 60 s for nothing")

    outcome = tasks._tried(play)
    assert outcome.is_reached
    assert "waited 60 s for nothing" in outcome.violations[0]
