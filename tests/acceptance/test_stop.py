"""SIGTERM, with the real process: in whatever it is doing, it ends with 0 and soon."""

from pathlib import Path
from time import monotonic

import pytest

from monitor.simulator.scenario import FaultKind
from tests.acceptance.daemon import Daemon, Stage
from tests.fakes.internet import Answer


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
