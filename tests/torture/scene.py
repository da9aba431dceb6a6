"""One provider and three hooks, for many lives of daemons one after the other; with what both ends saw.

What the upstream served and what the hooks accepted is the truth that a judge compares the database with.
"""

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, Final, Self

from monitor.simulator.server import Simulator
from tests.acceptance.daemon import API_KEY, Told, until
from tests.acceptance.provider import Provider
from tests.fakes.internet import FakeInternet
from tests.torture.nursery import Nursery

HOOKS: Final = ("a", "b", "c")
PATIENCE_S: Final = 60.0
_CONFIG: Final = """
[source]
base_url = "{provider}"
api_key = {{ env = "TEST_API_KEY" }}
interval = "1s"
timeout = "5s"
[storage]
url = "sqlite:///{database}"
[monitor]
blind_after = "60s"
notify = ["a"]
[defaults]
min_gap = "0s"
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
notify = ["a", "b", "c"]
"""
_WAITING: Final = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'retry')"


class Upstream(Provider):
    """The provider, with the counts that it has served, oldest first, and when: in seconds since 1970."""

    def __init__(self, api_key: str) -> None:
        super().__init__(api_key)
        self._simulator = Simulator(self.shelf, time, api_key=api_key)

    @property
    def served(self) -> list[int]:
        return [count for count, _ in self.served_at]

    @property
    def served_at(self) -> list[tuple[int, float]]:
        begin = self._simulator._started_at_s
        return [(served.remaining, begin + served.at_s) for served in list(self._simulator.served_log)]

    def forget(self) -> None:
        self._simulator.served_log.clear()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that a hook said yes to."""

    channel: str
    told: Told


class Log:
    """What one daemon wrote, line by line, from where the file ended before."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begin = file.stat().st_size if file.exists() else 0

    def lines(self, *messages: str) -> list[dict[str, Any]]:
        """The whole lines that say one of these."""
        return [line for line in map(_line, self.text().splitlines()) if line.get("message") in messages]

    def tail(self) -> str:
        """What it said last, for a person."""
        return self.text()[-4000:]

    def text(self) -> str:
        if not self.file.exists():
            return ""
        with self.file.open("rb") as stream:
            stream.seek(self._begin)
            return stream.read().decode(errors="replace")


class Scene:
    """Where lives are played; `set_up` makes it as new, in another folder.

    `readable` gives the file to be read when it is not where the daemon has it.
    """

    def __init__(self, upstream: Upstream, internet: FakeInternet, nursery: Nursery) -> None:
        self.upstream = upstream
        self.internet = internet
        self.nursery = nursery
        self.folder = Path()
        self.database = Path()
        self.readable: Callable[[], Path] = lambda: self.database
        self.environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environ["TEST_API_KEY"] = API_KEY

    @classmethod
    @contextmanager
    def built(cls, folder: Path) -> Iterator[Self]:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            upstream = stack.enter_context(Upstream(API_KEY))
            internet = stack.enter_context(FakeInternet(folder))
            yield cls(upstream, internet, stack.enter_context(Nursery()))

    def set_up(self, folder: Path, database: str = "monitor.db") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = folder / database
        self.readable = lambda: self.database
        self.internet.forget()
        self.begin()
        hooks = [
            f'[channels.{name}]\nurl = "json://127.0.0.1:{self.internet.port}/{name}"\nlanguage = "en"\n'
            for name in HOOKS
        ]
        config = folder / "monitor.toml"
        config.touch(0o600)
        text = _CONFIG.format(provider=self.upstream.url, database=database) + "".join(hooks)
        config.write_text(text, "utf-8")

    def begin(self) -> None:
        """Of the next life alone is told what was served and accepted."""
        self.upstream.forget()
        self.internet.requests.clear()

    def is_alive(self, pid: int) -> bool:
        return Path(f"/proc/{pid}").exists()

    @property
    def accepted(self) -> list[Accepted]:
        """By all hooks, oldest first."""
        return [
            Accepted(request.path.strip("/"), Told(payload["title"], payload["message"]))
            for request in list(self.internet.requests)
            for payload in [request.json()]
        ]

    def fork(self, gate: str | None = None, level: str = "INFO") -> tuple[int, Log]:
        log = Log(self.folder / "output")
        environ = {**self.environ, "MONITOR_LOG": level}
        return self.nursery.fork(self.folder / "monitor.toml", environ, log.file, gate=gate), log

    def stop(self, pid: int) -> int:
        """SIGTERM, and how it ended."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        return self.nursery.ended(pid)

    def drain(self, pid: int, log: Log) -> None:
        """Until a poll is stored and no delivery waits, or it has ended. The daemon logs at DEBUG."""
        wait_for(lambda: log.lines("poll ok") or not self.is_alive(pid), log, "a poll to be stored")
        if self.is_alive(pid):
            wait_for(lambda: self.rows(_WAITING) == [(0,)], log, "all deliveries to end")

    def wait(self, pid: int, log: Log, condition: Callable[[], object], what: str) -> None:
        """As `wait_for`, of a daemon that has to stay alive meanwhile."""
        wait_for(lambda: condition() or not self.is_alive(pid), log, what)
        assert condition() or self.is_alive(pid), f"it ended; waited for {what}; it said:\n{log.tail()}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.readable()}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()


def wait_for(condition: Callable[[], object], log: Log, what: str) -> None:
    until(condition, lambda: f"{what}; it said:\n{log.tail()}", PATIENCE_S)


def _line(text: str) -> dict[str, Any]:
    """Empty for one that was cut, and for what is no record."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
