"""SIGTERM, with the real process: in whatever it is doing, it ends with 0 and soon."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from monitor.simulator.scenario import FaultKind
from tests.acceptance.daemon import Daemon, Stage, until
from tests.fakes.internet import Answer
from tests.torture.nursery import Nursery


def test_an_idle_daemon_stops_at_once(stage: Stage) -> None:
    daemon = stage.start()
    assert daemon.stop(within_s=5) == 0
    assert '"stopped"' in daemon.said


def test_a_daemon_that_is_still_starting_stops(stage: Stage) -> None:
    daemon = stage.spawn()
    daemon.until(lambda: handles_sigterm(daemon), "the signals to be minded")
    assert daemon.stop() == 0


def test_a_poll_that_hangs_does_not_hold_it_up(stage: Stage) -> None:
    daemon = polling_without_an_answer(stage)
    assert daemon.stop() == 0


def test_a_second_sigterm_ends_it_without_waiting_for_anything(stage: Stage) -> None:
    daemon = sending_without_an_answer(stage)
    daemon.process.terminate()
    daemon.until(lambda: stops_taking_polls(stage), "the stop to begin")
    began = monotonic()
    assert daemon.stop() == 0
    assert monotonic() - began < 2


def test_a_send_that_hangs_is_left_to_the_next_start_as_a_possible_repeat(stage: Stage) -> None:
    daemon = sending_without_an_answer(stage)
    assert daemon.stop() == 0
    stage.internet.answers["127.0.0.1"] = Answer()
    heard = len(stage.hooked)

    daemon = stage.start()
    daemon.until(lambda: len(stage.hooked) > heard, "the message to be sent again")
    assert stage.hooked[-1].event == stage.hooked[0].event
    assert "(possible repeat)" in stage.hooked[-1].title
    stage.all_sent(daemon)
    assert len(stage.hooked) == heard + 1


@pytest.mark.parametrize("fault", [FaultKind.HANG, None])
def test_the_database_is_left_closed(stage: Stage, fault: FaultKind | None) -> None:
    daemon = stage.start()
    stage.shelf.fault = fault
    assert daemon.stop() == 0
    assert not (stage.folder / "monitor.db-wal").exists()


def test_a_start_that_waits_for_the_database_does_not_hold_it_up(stage: Stage) -> None:
    with written_by_another(stage):
        daemon = stage.spawn()
        daemon.until(lambda: handles_sigterm(daemon), "the signals to be minded")
        assert daemon.stop() == 0
    stage.start()


def test_a_commit_that_waits_for_the_database_does_not_hold_it_up_and_its_poll_is_made_up_for(
    stage: Stage,
) -> None:
    daemon = stage.start()
    with written_by_another(stage):
        stage.shelf.stock(3)
        asked = stage.provider.requests
        daemon.until(lambda: stage.provider.requests > asked, "a poll whose commit waits")
        assert daemon.stop() == 0, daemon.said
    assert stage.rows("SELECT * FROM transition") == []
    daemon = stage.start()
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    stage.all_sent(daemon)
    assert len(stage.hooked) == len(stage.mailed) == 1


def test_at_any_moment_of_a_start_that_makes_the_database_it_ends_and_leaves_no_half(stage: Stage) -> None:
    """Until the signals are minded, SIGTERM kills, as it does any process."""
    with Nursery() as nursery:
        codes = [stopped_after(nursery, stage, moment * 0.01) for moment in range(20)]
    assert set(codes) <= {0, -signal.SIGTERM}
    assert 0 in codes
    daemon = stage.spawn()
    daemon.says('"started"')
    daemon.until(stage.polls, "a stored poll")
    assert stage.rows("PRAGMA integrity_check") == [("ok",)]
    assert daemon.stop() == 0


def stopped_after(nursery: Nursery, stage: Stage, seconds: float) -> int:
    """The exit code of a start without a database that is to stop so soon after it began."""
    for file in stage.folder.glob("monitor.db*"):
        file.unlink()
    pid = nursery.fork(stage.config, stage.environ, stage.output, held=True)
    until(lambda: "State:\tT" in Path(f"/proc/{pid}/status").read_text(), lambda: "it to be held", 10)
    os.kill(pid, signal.SIGCONT)
    began = monotonic()
    until(lambda: monotonic() >= began + seconds, lambda: "the moment to come", 10)
    os.kill(pid, signal.SIGTERM)
    return nursery.ended(pid, within_s=10)


@contextmanager
def written_by_another(stage: Stage) -> Iterator[None]:
    """Another process has the right to write, and keeps it."""
    with Path(f"{stage.database}.write").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def polling_without_an_answer(stage: Stage) -> Daemon:
    daemon = stage.start()
    stage.shelf.fault = FaultKind.HANG
    asked = stage.provider.requests
    daemon.until(lambda: stage.provider.requests > asked, "a poll that is not answered")
    return daemon


def sending_without_an_answer(stage: Stage) -> Daemon:
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(fault="hang")
    stage.shelf.stock(3)
    daemon.until(lambda: stage.internet.requests, "a send that is not answered")
    return daemon


def stops_taking_polls(stage: Stage) -> bool:
    """The scheduler is paused: the outbox still waits for its lane."""
    return "stopping" in stage.output.read_text()


def handles_sigterm(daemon: Daemon) -> bool:
    """Bit 14 of the signals that the process catches is SIGTERM."""
    with Path(f"/proc/{daemon.process.pid}/status").open() as status:
        [caught] = [line.split()[1] for line in status if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> 14 & 1)


def test_a_reload_that_waits_for_a_send_does_not_hold_it_up(stage: Stage) -> None:
    daemon = sending_without_an_answer(stage)
    stage.config.write_text(stage.config.read_text().replace('language = "en"', 'language = "zh"'))
    daemon.reload()
    stage.after_polls(daemon, 1)
    assert daemon.stop() == 0
    assert '"reloaded"' not in daemon.said
