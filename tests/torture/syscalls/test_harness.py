"""A few kills of each life: nothing is lost. And what a daemon must not do is found out."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.requirements import require_that
from tests.torture import seccomp
from tests.torture.gate import Call
from tests.torture.points import Points, Task
from tests.torture.report import Run
from tests.torture.scene import Scene
from tests.torture.syscalls.harness import Tally, Tried, missing, torture
from tests.torture.syscalls.judge import violations
from tests.torture.syscalls.lives import LIVES, KillAt, Past, play


@pytest.fixture(autouse=True)
def _needs() -> None:
    require_that(seccomp.is_possible(), "notifications of system calls: Linux 5.5 on x86_64 or aarch64")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Scene.built(tmp_path) as scene:
        yield scene


def second_connect() -> KillAt:
    """The first goes to the provider, the second to a hook: the edge is committed, and one is claimed."""
    connects: list[Call] = []

    def is_it(call: Call) -> bool:
        if call.name == "connect":
            connects.append(call)
        return len(connects) == 2

    return KillAt(is_it)


def test_kills_anywhere_lose_nothing(tmp_path: Path) -> None:
    result = torture(Run(seed=1, folder=tmp_path, quick=True))
    assert result.violations == []
    assert int(result.counts["kills"]) >= 8


def test_deliveries_that_were_marked_as_sent_before_they_were_are_found_out(
    scene: Scene, tmp_path: Path
) -> None:
    folder = tmp_path / "marked first"

    def mark_all_as_sent() -> None:
        with closing(sqlite3.connect(folder / "monitor.db", isolation_level=None)) as connection:
            connection.execute("UPDATE delivery SET state = 'sent'")

    played = play(scene, LIVES[0], second_connect(), Past(), folder, mark_all_as_sent)
    assert played.at is not None
    assert [found for found in violations(played.history) if "was never told of" in found]


def test_a_commit_that_did_not_last_is_found_out(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "forgetful"

    def forget() -> None:
        for file in folder.glob("monitor.db*"):
            file.unlink()

    played = play(scene, LIVES[2], KillAt.number(10_000), Past(), folder, forget)
    found = violations(played.history)
    assert [one for one in found if "which is not in the database" in one]
    assert [one for one in found if "the log says" in one]


def test_a_run_owes_a_kill_of_each_kind_and_a_repeat() -> None:
    task: Task[Tried] = Task("a life", Points(), lambda *_: pytest.fail("not to be played"))
    owed = list(missing(Tally(print), [task], quick=False))
    assert "a life: no kill landed" in owed
    assert "no kill landed at any rename" in owed
    assert "no kill landed between a hook's yes and its recording" in owed
