"""What the outside saw of a life, and what the database holds after the last one."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tests.torture.scene import Log, Scene
from tests.torture.syscalls.judge import Edge, Ending, History, LifeSeen

EXPECTED_FILES: Final = {"monitor.db", "monitor.db.lock", "monitor.db.write", "monitor.toml", "output"}
_EDGES: Final = "SELECT event_id, edge, opening FROM transition ORDER BY id"
_ENDINGS: Final = (
    "SELECT t.event_id, d.channel, d.state, d.reason FROM delivery d"
    " JOIN transition t ON t.id = d.transition_id ORDER BY d.id"
)
_STORED: Final = "SELECT remaining_count FROM snapshot WHERE until_poll_id IS NULL"


def seen(scene: Scene, log: Log, *, is_killed: bool = False) -> LifeSeen:
    """What the upstream, the hooks and the log know of the life that has just ended."""
    decided: Counter[str] = Counter()
    for line in log.lines("poll ok"):
        decided.update({kind: line.get(kind, 0) for kind in ("fired", "resolved")})
    sent = Counter(line["channel"] for line in log.lines("sent"))
    return LifeSeen(tuple(scene.upstream.served), tuple(scene.accepted), sent, decided, is_killed)


def read(scene: Scene, lives: Sequence[LifeSeen], exit_code: int) -> History:
    """After the last daemon has ended."""
    leftovers = sorted({path.name for path in scene.folder.iterdir()} - EXPECTED_FILES)
    try:
        return History(
            lives,
            exit_code,
            [Edge(*row) for row in scene.rows(_EDGES)],
            [Ending(*row) for row in scene.rows(_ENDINGS)],
            next((count for (count,) in scene.rows(_STORED)), None),
            list(_problems(scene)),
            leftovers,
        )
    except sqlite3.Error as error:
        return History(lives, exit_code, (), (), None, [f"it cannot be read: {error}"], leftovers)


def _problems(scene: Scene) -> Iterator[str]:
    yield from (said for (said,) in scene.rows("PRAGMA integrity_check") if said != "ok")
    for table, _, parent, _ in scene.rows("PRAGMA foreign_key_check"):
        yield f"a row of {table} points to a row of {parent} that is not there"
