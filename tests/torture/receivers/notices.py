"""N13 and N14: a URL that cannot be read, and two channels that would tell of each other's loss."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.torture.receivers.cases import says
from tests.torture.receivers.scene import Scene
from tests.torture.receivers.tally import Tally

PAIR: Final = ("left", "right")
CANARY: Final = "canary0url5d41402a"
UNREADABLE: Final = {
    "no-scheme": CANARY,
    "unknown": f"nosuchservice://{CANARY}",
    "incomplete": f"slack://{CANARY}",
    "two-at-once": f"json://127.0.0.1/{CANARY}, json://127.0.0.2/{CANARY}",
    "port": f"json://127.0.0.1:99999/{CANARY}",
    "optional": f"json://127.0.0.1/{CANARY}?optional=yes",
}


def play(folder: Path) -> Tally:
    tally = _refused_at_start(folder / "unreadable")
    tally += _no_storm(folder / "mutual")
    return tally


def _refused_at_start(folder: Path) -> Tally:
    """Every bad URL in one go, by the name of its channel; the URL itself, which is a secret, nowhere."""
    with Scene.built(folder) as scene:
        scene.channels = dict(UNREADABLE)
        scene.add_watch("rule", "PRD-1", *UNREADABLE)
        scene.configure()
        daemon = scene.spawn()
        code, said = daemon.exit_code(within_s=60), daemon.said
        tally = Tally(counts={"N13: unreadable URLs": len(UNREADABLE)})
        if code != 3:
            tally.violations.append(f"N13: with unreadable URLs it ended with {code}, not with 3")
        missing = [name for name in UNREADABLE if f"channel {name}:" not in said]
        tally.violations += [f"N13: not a word about the URL of channel {name}" for name in missing]
        if CANARY in said:
            tally.violations.append("N13: a URL stands in what the daemon said of it")
        return tally


def _no_storm(folder: Path) -> Tally:
    """Each has one notice to tell, about the other; that it fails raises no third. `status` tells of both."""
    with Scene.built(folder) as scene:
        for name in PAIR:
            scene.add_channel(name, "slack")
            scene.town.doors[name].usual = says(404, b"no_service")
        scene.notify = PAIR
        scene.add_watch("rule", "PRD-1", *PAIR)
        scene.stock(0, "PRD-1")
        scene.configure()
        daemon = scene.start()
        for edges in range(1, 5):
            scene.stock(edges % 2, "PRD-1")
            scene.patiently(lambda n=edges: _ended(scene) >= 2 * n + 2, 30)  # type: ignore[misc]
        violations = list(_storm(scene))
        daemon.stop(within_s=30)
        return Tally(violations, {"N14: losses that nobody could be told of": 8})


def _storm(scene: Scene) -> Iterator[str]:
    tries = {name: len(scene.visits(name)) for name in PAIR}
    if tries != dict.fromkeys(PAIR, 5):
        yield f"N14: four changes and one notice make five tries at each, not {tries}"
    states = {delivery.state for delivery in scene.deliveries()}
    if states != {"failed"}:
        yield f"N14: all should have failed, the states are {states}"
    status = _status(scene)
    if not all(name in status for name in PAIR) or "failed" not in status.lower():
        yield f"N14: `monitor status` does not tell of the losses:\n{status}"


def _ended(scene: Scene) -> int:
    return sum(delivery.state not in {"pending", "retry"} for delivery in scene.deliveries())


def _status(scene: Scene) -> str:
    command = [sys.executable, "-m", "monitor", "status", "--config", str(scene.config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
