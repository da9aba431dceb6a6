"""A seeded part of the table through the real daemon; and a daemon that lies is found out."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

from tests.fakes.internet import Answer
from tests.torture.receivers.cases import Case, all_cases
from tests.torture.receivers.harness import chosen
from tests.torture.receivers.judge import audit
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.table import play
from tests.torture.receivers.visits import Reply
from tests.torture.report import Run

ENDS = {"phone": "sent", "hung": "pending"}


def test_the_cases_have_names_of_their_own_and_cover_the_group() -> None:
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names) > 90
    assert {name.split("-")[0] for name in names} == {f"n{number}" for number in range(1, 9)}


def test_a_quick_run_leaves_out_what_takes_long(tmp_path: Path) -> None:
    quick, full = (chosen(Run(1, tmp_path, quick=is_quick)) for is_quick in (True, False))
    assert not any(case.is_slow for case in quick)
    assert len(full) == len(all_cases()) > len(quick)


def test_whatever_a_receiver_does_the_outbox_tells_the_truth(tmp_path: Path) -> None:
    tally = play(tmp_path, _some(Random(1), 40))
    assert tally.violations == []
    assert tally.counts["cases"] == 40


def test_a_hung_receiver_holds_up_no_other_and_a_false_row_is_found(tmp_path: Path) -> None:
    with Scene.built(tmp_path) as scene:
        scene.add_channel("phone", "slack")
        scene.add_channel("hung", "json", [Reply(answer=Answer(fault="hang"))] * 9)
        scene.add_watch("rule", "PRD-1", "phone", "hung")
        scene.stock(0, "PRD-1")
        scene.configure()
        daemon = scene.start()
        scene.stock(3, "PRD-1")
        assert scene.patiently(lambda: {d.channel: d.state for d in scene.deliveries()} == ENDS, 30)
        assert scene.patiently(lambda: len(scene.visits("hung")) == 1, 30)
        daemon.kill()
        assert list(audit(scene.deliveries(), scene.visits("phone", "hung"), [], {"hung"})) == []
        with closing(sqlite3.connect(tmp_path / "monitor.db")) as connection, connection:
            connection.execute("UPDATE transition SET event_id = '000000000000'")
        lies = list(audit(scene.deliveries(), scene.visits("phone"), [], {"hung"}))
        assert len(lies) == 2
        assert lies[0].startswith("counts as sent, but the receiver does not have it")
        assert "of which the database knows nothing" in lies[1]


def _some(random: Random, count: int) -> list[Case]:
    """Of those that need neither a long wait nor a time-out."""
    fast = [case for case in all_cases() if not case.is_slow and not case.answers_s and case.waits_s <= 3]
    return random.sample(fast, count)
