"""What others do to the database of a running daemon: hold its locks, or forbid it to write, for a time."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from tests.torture.disk.running import Outcome, Running, running
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past


@dataclass(frozen=True, slots=True)
class Siege:
    """A trouble that lasts for so long; None: until the daemon has told of it past its outbox."""

    trouble: Callable[[Running], AbstractContextManager[None]]
    for_s: float | None

    def play(self, scene: Scene, past: Past, folder: Path) -> Outcome:
        """One edge is told before; two are shown meanwhile, if there is time, and told after the end."""
        with running(scene, past, folder) as run:
            run.show(3)
            run.settle()
            with self.trouble(run):
                self._endure(run)
            recovered_s = run.recover()
            run.wait(lambda: scene.upstream.served[-1] == 5, "the last count to be served")
            run.settle()
            code = run.stop()
        return Outcome(True, run.judged(code, run.seen()), recovered_s)

    def _endure(self, run: Running) -> None:
        began_at = monotonic()

        def is_over() -> bool:
            return run.has_told_of_trouble if self.for_s is None else monotonic() - began_at >= self.for_s

        for count in (0, 5):
            run.show(count, unless=is_over)
        run.wait(is_over, "the trouble to be over")


@contextmanager
def write_lock(run: Running) -> Iterator[None]:
    """Held by another of our own programs."""
    with Path(f"{run.scene.database}.write").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def transaction(run: Running) -> Iterator[None]:
    """Kept open by a foreign program, which knows nothing of our lock."""
    with closing(sqlite3.connect(run.scene.database, isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def read_only(run: Running) -> Iterator[None]:
    """As the kernel does after an error of the device: whatever would change a file fails, opening included.

    `mount -o remount,ro` cannot do it: the mount is busy as long as the daemon has its files open.
    """
    run.disk.arm()
    yield
    run.disk.end()


SIEGES: Final = {
    "the write lock held for 1 s": Siege(write_lock, 1.0),
    "the write lock held for 10 s": Siege(write_lock, 10.0),
    "the write lock held until it is told": Siege(write_lock, None),
    "a transaction open for 1 s": Siege(transaction, 1.0),
    "a transaction open for 10 s": Siege(transaction, 10.0),
    "a transaction open until it is told": Siege(transaction, None),
    "read-only for 3 s": Siege(read_only, 3.0),
    "read-only until it is told": Siege(read_only, None),
}
