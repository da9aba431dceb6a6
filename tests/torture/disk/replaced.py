"""The file of the database is deleted under a running daemon, or another lies in its place."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Final

from tests.torture.disk.faults import READ_ONLY
from tests.torture.disk.running import Outcome, Running, running, starting
from tests.torture.disk.truth import complaints
from tests.torture.scene import Scene
from tests.torture.syscalls.lives import Past

BACK, GONE = "BACK IN STOCK", "SOLD OUT"
REFUSED: Final = 6


def deleted(scene: Scene, past: Past, folder: Path, pattern: str = "monitor.db") -> Outcome:
    """A new one takes over, and knows the states: nothing is told twice, and the next edges are told."""
    with running(scene, past, folder) as run:
        run.show(3)
        run.settle()
        for file in folder.glob(pattern):
            file.unlink()
        run.show(0)
        _until_told(run, BACK, GONE)
        recovered_s = time() - run.watch.changes[-1].at
        run.show(5)
        _until_told(run, BACK, GONE, BACK)
        code = run.stop()
    return Outcome(True, tuple(_faults(run, code, BACK, GONE, BACK)), recovered_s)


def all_deleted(scene: Scene, past: Past, folder: Path) -> Outcome:
    """Log, index and locks as well."""
    return deleted(scene, past, folder, "monitor.db*")


def replaced_by_another(scene: Scene, past: Past, folder: Path) -> Outcome:
    """One in which nothing was in stock: what is there now is news to it, and the old log is not replayed."""
    other = folder.with_name(f"{folder.name}.other")
    with running(scene, past, folder) as run:
        run.show(3)
        run.settle()
        shutil.copy(next(file for file in past.files if file.name == "monitor.db"), other)
        other.rename(scene.database)
        replaced_at = time()
        _until_told(run, BACK, BACK)
        recovered_s = time() - replaced_at
        run.show(0)
        _until_told(run, BACK, BACK, GONE)
        code = run.stop()
    kinds = [kind for (kind,) in scene.rows("SELECT edge FROM transition ORDER BY id")]
    found = [] if kinds == ["fired", "resolved"] else [f"the other database holds {kinds}"]
    return Outcome(True, (*found, *_faults(run, code, BACK, BACK, GONE)), recovered_s)


def replaced_by_rubbish(scene: Scene, past: Past, folder: Path) -> Outcome:
    """It is refused and left as it is, until a good one comes; what was shown meanwhile is told then."""
    good, rubbish = folder.with_name(f"{folder.name}.good"), folder.with_name(f"{folder.name}.rubbish")
    rubbish.write_bytes(b"rubbish!" * 2000)
    with running(scene, past, folder) as run:
        run.show(3)
        run.settle()
        with closing(sqlite3.connect(scene.database)) as source, closing(sqlite3.connect(good)) as copy:
            source.backup(copy)
        before = rubbish.read_bytes()
        rubbish.rename(scene.database)
        run.show(0)
        run.wait(lambda: run.is_in_trouble, "the log to say that the database is in trouble")
        is_untouched = scene.database.read_bytes() == before
        good.rename(scene.database)
        recovered_s = run.recover()
        run.show(5)
        run.settle()
        code = run.stop()
    found = () if is_untouched else ("the rubbish in its place was written to",)
    return Outcome(True, (*found, *run.judged(code, run.seen())), recovered_s)


def damaged_at_the_start(scene: Scene, past: Past, folder: Path) -> Outcome:
    """Refused with a sentence, and not one byte of it is changed."""
    spoilt = folder.with_name(f"{folder.name}.spoilt")
    spoilt.mkdir()
    files = tuple(Path(shutil.copy(file, spoilt)) for file in past.files)
    (spoilt / "monitor.db").write_bytes(b"SQLite format 4" + (spoilt / "monitor.db").read_bytes()[15:])
    before = (spoilt / "monitor.db").read_bytes()
    with starting(scene, Past(files), folder, READ_ONLY) as run:
        code = scene.nursery.ended(run.pid)
    shutil.rmtree(spoilt)
    return Outcome(True, tuple(_of_refusal(run, code, before)))


def _of_refusal(run: Running, code: int, before: bytes) -> Iterator[str]:
    if code != REFUSED or "damaged" not in run.log.text() or "Traceback" in run.log.text():
        yield f"it ended with {code} and said {run.log.tail()!r}"
    if run.scene.database.read_bytes() != before:
        yield "the damaged database was written to"


def _until_told(run: Running, *words: str) -> None:
    run.wait(lambda: all(len(told) >= len(words) for told in run.told().values()), f"{words} to be told")


def _faults(run: Running, code: int, *words: str) -> Iterator[str]:
    """The hooks are the truth: the database began anew."""
    for channel, told in run.told().items():
        if told != list(words):
            yield f"{channel} was told {told} and not {list(words)}"
    events = [(one.channel, one.told.event) for one in run.seen().accepted]
    if len(set(events)) != len(events):
        yield f"an event was told twice: {events}"
    if code:
        yield f"it ended with {code}"
    if (said := run.scene.rows("PRAGMA integrity_check")) != [("ok",)]:
        yield f"the database is not whole: {said}"
    yield from complaints(run.log)


REPLACEMENTS: Final = {
    "the file deleted": deleted,
    "all of its files deleted": all_deleted,
    "replaced by another database": replaced_by_another,
    "replaced by rubbish, then put back": replaced_by_rubbish,
    "damaged at the start": damaged_at_the_start,
}
