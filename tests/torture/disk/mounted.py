"""A real file system that is full to the last byte, under a real process in a mount namespace of its own."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.acceptance.daemon import Daemon
from tests.torture.disk.faults import READ_ONLY, FaultyDisk
from tests.torture.disk.running import Outcome, Running
from tests.torture.disk.truth import Watch
from tests.torture.scene import Log, Scene
from tests.torture.syscalls.lives import Past

MOUNTED: Final = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"'
NAME: Final = "a full tmpfs"


def play(scene: Scene, _: Past, folder: Path) -> Outcome:
    """Filled while it runs; two edges are shown meanwhile, and told when there is room."""
    disk = folder / "disk"
    scene.set_up(folder, "disk/monitor.db")
    disk.mkdir()
    scene.upstream.shelf.stock(0)
    with _process(scene, disk) as run:
        run.wait(lambda: run.log.lines("poll ok"), "the first poll")
        filler = scene.database.parent / "filler"
        fill(filler)
        run.show(3)
        run.show(0)
        run.wait(lambda: run.is_in_trouble, "the log to say that the database is in trouble")
        filler.unlink()
        recovered_s = run.recover()
        run.show(5)
        run.settle()
        found = run.judged(0, run.seen())
    return Outcome(True, tuple(one for one in found if one != "disk was left behind"), recovered_s)


def fill(file: Path) -> None:
    """To the last byte."""
    with file.open("wb", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue


@contextmanager
def _process(scene: Scene, disk: Path) -> Iterator[Running]:
    """Its files are to be seen through /proc: the mount is in its own namespace, and goes with it.

    SQLite follows that link the wrong way, so it is given a copy.
    """
    log = Log(scene.folder / "output")
    mount = ("unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(disk))
    command = (sys.executable, "-m", "monitor", "run", "--config", str(scene.folder / "monitor.toml"))
    daemon = Daemon([*mount, *command], {**scene.environ, "MONITOR_LOG": "DEBUG"}, log.file)
    try:
        scene.database = Path(f"/proc/{daemon.process.pid}/root{disk}/monitor.db")
        scene.readable = partial(_copied, scene.database, scene.folder.with_name(f"{scene.folder.name}.copy"))
        nothing = FaultyDisk(READ_ONLY, scene.database)
        yield Running(scene, daemon.process.pid, log, Watch(scene), Past(), nothing)
        code = daemon.stop()
        assert code == 0, f"it ended with {code}: {log.tail()}"
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(str(error)) from error
    finally:
        daemon.kill()
        shutil.rmtree(scene.folder.with_name(f"{scene.folder.name}.copy"), ignore_errors=True)


def _copied(file: Path, folder: Path) -> Path:
    """Of now; the log grows at its end only, so that what is copied later fits to what came before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        for name in ("monitor.db", "monitor.db-wal"):
            shutil.copy(file.with_name(name), folder)
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error
    return folder / "monitor.db"
