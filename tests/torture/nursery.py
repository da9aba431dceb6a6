"""A preloaded process that forks real daemons: a start costs milliseconds, not a second of imports.

Talk to it through `Nursery`. Each child runs what `monitor run` runs, in a process of its own, and opens the
database after the fork. One JSON line asks for a child, one line answers with its process id; the exit of
each child is a line as well.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

from tests.torture.gate import enter
from tests.torture.report import CHECKOUT

PATIENCE_S: Final = 30.0
LATE_IMPORTS: Final = (
    "anyio._backends._asyncio",
    "apscheduler.executors.asyncio",
    "h11",
    "httpcore",
    "sqlalchemy.dialects.sqlite",
)
"""What the libraries import only when they are used: each daemon would pay for it anew."""


class Nursery:
    """The other side: `fork` daemons, and wait for their ends. Kill them by their process ids."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            text=True,
        )
        self._born: SimpleQueue[int] = SimpleQueue()
        self._exits: dict[int, SimpleQueue[int]] = {}
        self._reader = Thread(target=self._read, name="nursery", daemon=True)
        self._reader.start()
        assert self._born.get(timeout=PATIENCE_S) == 0, "the nursery is not ready"

    def fork(
        self,
        config: Path,
        environ: Mapping[str, str],
        log: Path,
        *,
        held: bool = False,
        gate: str | None = None,
    ) -> int:
        """The process id of a new daemon. `held`: it stops itself, and starts when it gets SIGCONT.

        `gate`: the address of a `Gate`, which it enters before it does anything.
        """
        asked = {"config": str(config), "environ": dict(environ), "log": str(log), "held": held, "gate": gate}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._born.get(timeout=PATIENCE_S)

    def ended(self, pid: int, within_s: float = PATIENCE_S) -> int:
        """How the child ended: its exit code, or the negative number of the signal. Raises TimeoutError."""
        try:
            return self._exits.setdefault(pid, SimpleQueue()).get(timeout=within_s)
        except Empty:
            raise TimeoutError(f"process {pid} did not end within {within_s:g} s") from None

    def close(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "born" in said:
                self._born.put(said["born"])
            else:
                self._exits.setdefault(said["ended"], SimpleQueue()).put(said["code"])


def _serve() -> None:
    """In the preloaded process: no thread but this one, so that a fork copies nothing half-done."""
    _preload()
    children: set[int] = set()
    wakeup, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _say({"born": 0})
    asked = os.fdopen(sys.stdin.fileno(), "rb", buffering=0)
    rest = b""
    while True:
        ready = _wait_for(asked.fileno(), wakeup)
        if wakeup in ready:
            os.read(wakeup, 4096)
        _reap(children)
        if asked.fileno() in ready:
            came = asked.read(65536)
            if not came:
                break
            *lines, rest = (rest + came).split(b"\n")
            for line in lines:
                pid = _fork(json.loads(line))
                children.add(pid)
                _say({"born": pid})
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _preload() -> None:
    """Everything that a daemon imports, apprise and its plugins for JSON and mail included."""
    import_module("monitor.config.loading")
    import_module("monitor.daemon.app")
    import_module("alembic.command")
    for late in LATE_IMPORTS:
        import_module(late)
    from monitor.config.loading import load
    from monitor.notify.channel import Channel

    load(CHECKOUT / "monitor.example.toml")
    Channel.load("warm", "json://127.0.0.1:9/warm")
    Channel.load("warm", "mailto://127.0.0.1:9?from=a@example.test&to=b@example.test&mode=insecure")


def _wait_for(*descriptors: int) -> list[int]:
    import select

    return select.select(descriptors, [], [])[0]


def _reap(children: set[int]) -> None:
    for pid in list(children):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            children.discard(pid)
            _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _fork(asked: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = _be_a_daemon(asked)
    finally:
        os._exit(code)


def _be_a_daemon(asked: Mapping[str, Any]) -> int:
    from monitor.config.loading import load
    from monitor.core.errors import MonitorError
    from monitor.daemon.app import serve

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(asked["environ"])
    if asked["held"]:
        os.kill(os.getpid(), signal.SIGSTOP)
    if asked["gate"]:
        enter(asked["gate"])
    load_again = partial(load, Path(asked["config"]))
    try:
        return asyncio.run(serve(load_again(), load_again, os.environ))
    except MonitorError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_code


def _say(line: Mapping[str, object]) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    _serve()
