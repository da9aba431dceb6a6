"""The nursery: what it forks is a daemon like any other."""

import os
import signal
from pathlib import Path

from tests.acceptance.daemon import Stage, until
from tests.torture.nursery import Nursery


def test_a_forked_daemon_polls_tells_and_stops(tmp_path: Path) -> None:
    with Stage.built(tmp_path) as stage, Nursery() as nursery:
        stage.shelf.stock(3)
        pid = nursery.fork(stage.config, stage.environ, stage.output)
        until(lambda: stage.hooked, stage.output.read_text, 30)
        os.kill(pid, signal.SIGTERM)
        assert nursery.ended(pid) == 0
        assert stage.hooked[0].title.startswith("IN STOCK 3 nodes")


def test_a_held_daemon_does_nothing_until_it_may_and_a_killed_one_is_known_as_such(tmp_path: Path) -> None:
    with Stage.built(tmp_path) as stage, Nursery() as nursery:
        pid = nursery.fork(stage.config, stage.environ, stage.output, held=True)
        until(lambda: f"{pid} (python) T" in _stat(pid), lambda: _stat(pid), 10)
        assert not stage.database.exists()
        os.kill(pid, signal.SIGCONT)
        until(stage.database.exists, stage.output.read_text, 30)
        os.kill(pid, signal.SIGKILL)
        assert nursery.ended(pid) == -signal.SIGKILL


def _stat(pid: int) -> str:
    name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition(" (")
    return f"{name} (python) {rest.rpartition(') ')[2]}"
