"""What a machine does to a running process: it runs short of things, is stopped, or lives in odd places."""

import resource
import signal
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final

from monitor.simulator.scenario import FaultKind
from tests.acceptance.daemon import Daemon, Stage
from tests.acceptance.provider import OFFER
from tests.requirements import require_root, require_that

MANY_OFFERS: Final = 30_000
"""Some ten megabytes."""
SPARE_BYTES: Final = 4 * 1024 * 1024
STOPPED_S: Final = 3.0
CGROUPS: Final = Path("/sys/fs/cgroup")


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.hooked]


def test_without_descriptors_nothing_is_lost_and_with_them_all_is_well_again(stage: Stage) -> None:
    daemon = stage.start()
    with limited(daemon, resource.RLIMIT_NOFILE, 3):
        stage.shelf.stock(3)
        daemon.says("Too many open files", times=2)
        stage.shelf.fault = FaultKind.RESET
        daemon.says("poll failed")
        stage.shelf.fault = None
        failed = stage.polls("outcome = 'failed'")
        daemon.until(lambda: stage.polls("outcome = 'failed'") > failed, "a poll without a descriptor")
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    assert titles(stage)[0].startswith("BACK IN STOCK 3 nodes")
    stage.all_sent(daemon)
    assert daemon.stop() == 0


def test_without_memory_a_poll_fails_and_with_it_the_next_is_well(stage: Stage) -> None:
    daemon = stage.start()
    with limited(daemon, resource.RLIMIT_AS, virtual_memory(daemon) + SPARE_BYTES):
        stage.shelf.offers = [replace(OFFER, product_code=f"PRD-{n}") for n in range(MANY_OFFERS)]
        daemon.says("MemoryError")
    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    assert titles(stage)[0].startswith("BACK IN STOCK 3 nodes")
    assert daemon.stop() == 0


def test_without_threads_messages_wait_and_with_them_they_are_sent(stage: Stage) -> None:
    daemon = stage.start()
    with no_more_threads(daemon):
        stage.shelf.stock(3)
        daemon.says("no thread to send in", times=2)
        daemon.reload()
        daemon.says('"reloaded"')
        assert titles(stage) == []
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    stage.all_sent(daemon)
    assert daemon.stop() == 0


def test_what_came_while_the_process_was_stopped_is_told_when_it_goes_on(stage: Stage) -> None:
    stage.configure(blind_after="2s")
    daemon = stage.start()
    daemon.process.send_signal(signal.SIGSTOP)
    stage.shelf.stock(3)
    asked, began = stage.provider.requests, monotonic()
    daemon.until(lambda: monotonic() > began + STOPPED_S, "time to pass")
    assert stage.provider.requests <= asked + 1, "one may have been under way"
    daemon.process.send_signal(signal.SIGCONT)
    daemon.until(lambda: any(title.startswith("BACK IN STOCK") for title in titles(stage)), "the stock")
    stage.after_polls(daemon, 3)
    assert '"problems"' not in daemon.said
    told = [title for title in titles(stage) if not title.startswith(("MONITOR BLIND", "MONITOR BACK"))]
    assert len(told) == 1
    assert daemon.stop() == 0


def test_a_place_without_locale_home_umask_and_a_writable_directory_is_good_enough(stage: Stage) -> None:
    for name in ("HOME", "LANG", "LC_ALL", "LC_CTYPE"):
        stage.environ.pop(name, None)
    bare = ("sh", "-c", 'umask 0; cd /proc; exec "$@"', "sh")
    stage.shelf.stock(3)
    daemon = stage.start(*bare, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    assert stage.mailed[0].title.startswith("【有货】3 台")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in stage.folder.glob("monitor.db*")}
    assert set(modes) == {f"monitor.db{end}" for end in ("", "-wal", "-shm", ".lock", ".write")}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o022} == {}
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.said


def test_what_nobody_caught_is_said_and_everything_goes_on(stage: Stage) -> None:
    daemon = with_uncaught_errors(stage)
    for place in ("callback", "task", "thread"):
        daemon.says(f"ZeroDivisionError: of a {place}")
    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")
    assert daemon.stop() == 0


def test_what_crashes_five_times_in_a_row_ends_the_process_with_1_for_its_supervisor(stage: Stage) -> None:
    daemon = with_uncaught_errors(stage)
    daemon.process.send_signal(signal.SIGUSR1)
    assert daemon.exit_code(within_s=30) == 1
    assert daemon.said.count('"pulse crashed"') + daemon.said.count('"poll crashed"') >= 5
    stage.shelf.stock(3)
    daemon = stage.start()
    daemon.until(lambda: stage.hooked and stage.mailed, "the stock to be told")


def with_uncaught_errors(stage: Stage) -> Daemon:
    usual = stage.command
    stage.command = (sys.executable, "-m", "tests.acceptance.uncaught", str(stage.config))
    try:
        return stage.start()
    finally:
        stage.command = usual


@contextmanager
def limited(daemon: Daemon, what: int, soft: int) -> Iterator[None]:
    """From outside, while it runs; the hard limit stays."""
    before = resource.prlimit(daemon.process.pid, what)
    resource.prlimit(daemon.process.pid, what, (soft, before[1]))
    yield
    resource.prlimit(daemon.process.pid, what, before)


def virtual_memory(daemon: Daemon) -> int:
    pages = Path(f"/proc/{daemon.process.pid}/statm").read_text("ascii").split()[0]
    return int(pages) * resource.getpagesize()


@contextmanager
def no_more_threads(daemon: Daemon) -> Iterator[None]:
    """A control group of its own, which has as many threads as it may have. Root has no other limit."""
    require_root()
    home = CGROUPS / "pids" if (CGROUPS / "pids").exists() else CGROUPS
    group = home / f"monitor-test-{uuid.uuid4().hex}"
    require_that(_made(group) and (group / "pids.max").exists(), "a control group that limits threads")
    try:
        (group / "cgroup.procs").write_text(str(daemon.process.pid), "ascii")
        (group / "pids.max").write_text((group / "pids.current").read_text("ascii"), "ascii")
        yield
        (group / "pids.max").write_text("max", "ascii")
    finally:
        (home / "cgroup.procs").write_text(str(daemon.process.pid), "ascii")
        group.rmdir()


def _made(group: Path) -> bool:
    try:
        group.mkdir()
    except OSError:
        return False
    return True
