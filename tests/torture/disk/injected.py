"""One running daemon, one error of its disk at its Nth call, and whether it gets over it by itself."""

from pathlib import Path
from time import time
from typing import Final

from tests.torture.disk.faults import Fault
from tests.torture.disk.running import Outcome, Running, running
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past, make_up

COUNTS: Final = (3, 0)
"""What is in stock, one after the other, while the disk is bad."""


def play(scene: Scene, fault: Fault, past: Past, folder: Path) -> Outcome:
    """Raises AssertionError or TimeoutError when the daemon does not get on."""
    with running(scene, past, folder, fault) as run:
        run.disk.arm()
        recovered_s = _lasting(run) if fault.is_lasting else _once(run)
        was_struck = run.disk.is_struck
        code = run.stop()
    lives = [run.seen()]
    if code == 0 and run.disk.is_struck and not was_struck:
        # It struck the stop: whoever starts next finds all in order, and tells nothing again.
        code, after = make_up(scene)
        lives.append(after)
    return Outcome(run.disk.is_struck, run.judged(code, *lives), recovered_s)


def _once(run: Running) -> float | None:
    """Each count is told before the next; how long that took with the fault in it."""
    recovered_s = None
    for count in COUNTS:
        run.show(count)
        run.settle()
        if run.disk.struck_at is not None and recovered_s is None:
            recovered_s = time() - max(run.disk.struck_at, run.watch.changes[-1].at)
    return recovered_s


def _lasting(run: Running) -> float | None:
    """As above until it strikes; what comes then is only shown, and told after the fault's end."""
    for count in COUNTS:
        run.show(count)
        run.settle(unless=lambda: run.disk.is_struck)
    if not run.disk.is_struck:
        return None
    run.wait(lambda: run.is_in_trouble, "the log to say that the database is in trouble")
    run.disk.end()
    return run.recover()
