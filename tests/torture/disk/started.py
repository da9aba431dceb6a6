"""One error of the disk while a daemon starts: it goes on, or ends with a sentence; the next one works."""

from pathlib import Path
from time import time
from typing import Final

from tests.torture.disk.faults import Fault
from tests.torture.disk.running import Outcome, Running, starting
from tests.torture.disk.truth import is_settled
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past, make_up

REFUSED: Final = 6
"""The exit code for a database that cannot be used."""


def play(scene: Scene, fault: Fault, past: Past, folder: Path) -> Outcome:
    """Three nodes are in stock from the first poll on."""
    scene.upstream.shelf.stock(3)
    with starting(scene, past, folder, fault, is_armed=True) as run:
        code, recovered_s = _lived(run, is_lasting=fault.is_lasting)
    found = () if code == 0 else _of_refusal(run, code)
    first = run.seen()
    code, after = make_up(scene)
    run.watch.look()
    return Outcome(run.disk.is_struck, (*found, *run.judged(code, first, after)), recovered_s)


def _lived(run: Running, *, is_lasting: bool) -> tuple[int, float | None]:
    """The exit code, and how soon after the fault's end its first edge was told.

    Until then, or until it has ended. A disk that is bad for ever is mended once it runs.
    """

    def is_on() -> bool:
        if not run.scene.is_alive(run.pid):
            return True
        if is_lasting and run.disk.is_struck:
            return run.is_in_trouble
        return run.watch.look() >= 1 and is_settled(run.scene, 1)

    run.wait(is_on, "the start, or its end")
    over_at = time() if is_lasting else run.disk.struck_at
    run.disk.end()
    if not run.scene.is_alive(run.pid):
        return run.scene.nursery.ended(run.pid), None
    run.wait(lambda: run.watch.look() >= 1, "the first poll")
    run.settle()
    told_at = time()
    run.recover()
    recovered_s = told_at - max(over_at, run.watch.changes[0].at) if run.disk.is_struck and over_at else None
    return run.stop(), recovered_s


def _of_refusal(run: Running, code: int) -> tuple[str, ...]:
    text = run.log.text()
    if code != REFUSED or "Traceback" in text or not text.strip():
        return (f"it ended with {code} and said: {run.log.tail()!r}",)
    return ()
