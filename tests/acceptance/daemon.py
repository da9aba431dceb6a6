"""The real process `monitor run` between a stand-in of the provider, a webhook receiver and a mailbox."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final, Self

from tests.acceptance.provider import Provider, Shelf
from tests.fakes.internet import FakeInternet
from tests.fakes.mailbox import Mailbox, Manners

API_KEY: Final = "canary-api-key-5d41402a"
HOOK_TOKEN: Final = "canary-hook-token-9f86d081"
CHECKOUT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 30.0

CONFIG: Final = """
[source]
base_url = "{provider}"
api_key = {{ env = "TEST_API_KEY" }}
interval = "1s"
timeout = "{timeout}"
[storage]
url = "sqlite:///monitor.db"
[monitor]
blind_after = "{blind_after}"
notify = ["{notify}"]
[channels.hook]
url = {{ env = "TEST_HOOK_URL" }}
language = "en"
[channels.mail]
url = "{mail}"
language = "zh"
[defaults]
min_gap = "0s"
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
notify = ["hook", "mail"]
"""


@dataclass(frozen=True, slots=True)
class Told:
    title: str
    body: str

    @property
    def event(self) -> str:
        found = re.search(r"(?:event|事件) ([0-9a-z]{12})", self.body)
        assert found, self.body
        return found[1]


class Daemon:
    """One `monitor run`. What it says is kept in a file beside its configuration."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._said_before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=dict(environ),
                cwd=CHECKOUT,
            )

    @property
    def said(self) -> str:
        with self._log.open("rb") as stream:
            stream.seek(self._said_before)
            return stream.read().decode()

    def says(self, words: str, times: int = 1) -> None:
        """Wait until it has said so."""
        self.until(lambda: self.said.count(words) >= times, f"the daemon to say {words!r} {times} times")

    def until(self, condition: Callable[[], object], waiting_for: str, within_s: float = PATIENCE_S) -> None:
        until(condition, lambda: f"{waiting_for}; it said:\n{self.said[-4000:]}", within_s)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self, within_s: float = 10.0, times: int = 1) -> int:
        """SIGTERM, and its exit code."""
        for _ in range(times):
            self.process.send_signal(signal.SIGTERM)
        return self.exit_code(within_s)

    def exit_code(self, within_s: float = 10.0) -> int:
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"it did not end within {within_s:g} s; it said:\n{self.said[-4000:]}"
            ) from None


@dataclass
class Stage:
    """Everything around the daemon. `start` one, and change the world with the other attributes."""

    folder: Path
    provider: Provider
    internet: FakeInternet
    mailbox: Mailbox
    daemons: list[Daemon] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()

    @classmethod
    @contextmanager
    def built(cls, folder: Path) -> Iterator[Self]:
        with ExitStack() as stack:
            stage = cls(
                folder,
                stack.enter_context(Provider(API_KEY)),
                stack.enter_context(FakeInternet(folder)),
                stack.enter_context(Mailbox(Manners())),
            )
            stage.environ = {
                **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                "PYTHONPATH": str(CHECKOUT),
                "TEST_API_KEY": API_KEY,
                "TEST_HOOK_URL": f"json://127.0.0.1:{stage.internet.port}/{HOOK_TOKEN}",
            }
            stage.command = (sys.executable, "-m", "monitor", "run", "--config", str(stage.config))
            stage.configure()
            try:
                yield stage
            finally:
                for daemon in stage.daemons:
                    daemon.kill()

    @property
    def config(self) -> Path:
        return self.folder / "monitor.toml"

    @property
    def database(self) -> Path:
        return self.folder / "monitor.db"

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def shelf(self) -> Shelf:
        return self.provider.shelf

    @property
    def hooked(self) -> list[Told]:
        """What the webhook accepted, oldest first."""
        payloads = [request.json() for request in list(self.internet.requests)]
        return [Told(payload["title"], payload["message"]) for payload in payloads]

    @property
    def mailed(self) -> list[Told]:
        messages = [delivered.message for delivered in list(self.mailbox.delivered)]
        return [
            Told(str(message["subject"]), message.get_content().replace("\r\n", "\n")) for message in messages
        ]

    def configure(self, more: str = "", **settings: str) -> None:
        """Write monitor.toml; `more` is put at its end."""
        usual = {"timeout": "5s", "blind_after": "60s", "notify": "hook", "provider": self.provider.url}
        text = CONFIG.format(**{**usual, "mail": self.mail_url, **settings}) + more
        self.config.touch(0o600)
        self.config.write_text(text, "utf-8")

    @property
    def mail_url(self) -> str:
        address = f"127.0.0.1:{self.mailbox.port}"
        return f"mailto://{address}?from=monitor@example.test&to=ops@example.test&mode=insecure"

    def spawn(self, *before: str, **environ: str) -> Daemon:
        daemon = Daemon([*before, *self.command], {**self.environ, **environ}, self.output)
        self.daemons.append(daemon)
        return daemon

    def start(self, *before: str, **environ: str) -> Daemon:
        """A daemon that has stored its first poll."""
        polls = self.polls() if self.database.exists() else 0
        daemon = self.spawn(*before, **environ)
        daemon.says('"started"')
        daemon.until(lambda: self.polls() > polls, "the first poll")
        return daemon

    def polls(self, where: str = "1") -> int:
        return int(str(self.rows(f"SELECT count(*) FROM poll WHERE {where}")[0][0]))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()

    def after_polls(self, daemon: Daemon, count: int = 2) -> None:
        """Wait until so many more polls were stored: what they had to cause has been decided."""
        polls = self.polls()
        daemon.until(lambda: self.polls() >= polls + count, f"{count} more polls")

    def all_sent(self, daemon: Daemon) -> None:
        waiting = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'retry')"
        daemon.until(lambda: self.rows(waiting) == [(0,)], "all deliveries to end")


def until(condition: Callable[[], object], waiting_for: Callable[[], str], within_s: float) -> None:
    deadline, pause = monotonic() + within_s, Event()
    while not condition():
        if monotonic() > deadline:
            raise AssertionError(f"waited {within_s:g} s for {waiting_for()}")
        pause.wait(0.02)
