"""A real daemon between a stand-in of the provider and a town of receivers, with any number of channels."""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final, Self

from tests.acceptance.daemon import Daemon
from tests.acceptance.provider import OFFER, Provider
from tests.fakes.mailbox import Manners
from tests.torture.receivers.judge import Delivery
from tests.torture.receivers.mail import MailRoom
from tests.torture.receivers.services import mark_of, url_of, yes
from tests.torture.receivers.town import Door, Town
from tests.torture.receivers.visits import Reply, Visit
from tests.torture.report import CHECKOUT

API_KEY: Final = "receivers-api-key"
_HEAD: Final = """
[source]
base_url = "{provider}"
api_key = {{ env = "TEST_API_KEY" }}
interval = "1s"
timeout = "5s"
[storage]
url = "sqlite:///monitor.db"
[monitor]
blind_after = "10m"
notify = {notify}
[defaults]
min_gap = "0s"
"""
_CHANNEL: Final = '[channels.{name}]\nurl = "{url}"\n{option}\n'
_WATCH: Final = '[[watch]]\nname = "{name}"\nmatch = {{ product_code = "{code}" }}\nnotify = {notify}\n'
_DELIVERIES: Final = """
SELECT d.channel, d.state, d.reason, d.attempts, t.event_id, t.edge, p.product_code, t.opening,
       (d.next_at - (SELECT max(at) FROM attempt WHERE delivery_id = d.id)) / 1000.0
FROM delivery d JOIN transition t ON t.id = d.transition_id JOIN product p ON p.id = t.product_id
UNION ALL
SELECT d.channel, d.state, d.reason, d.attempts, n.event_id, 'notice', n.subject, '', NULL
FROM delivery d JOIN notice n ON n.id = d.notice_id
"""


@dataclass
class Scene:
    """Add channels and watches, `configure`, `start`; then change the stock and look at the visits.

    `options`: a line more for the table of a channel.
    """

    folder: Path
    provider: Provider
    town: Town
    mail_room: MailRoom
    vault: MailRoom
    channels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    watches: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    notify: Sequence[str] = ()
    daemons: list[Daemon] = field(default_factory=list)

    @classmethod
    @contextmanager
    def built(cls, folder: Path, provider: type[Provider] = Provider) -> Iterator[Self]:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("monitor.*"):
            left.unlink()
        with ExitStack() as stack:
            town = stack.enter_context(Town(folder))
            rooms = [stack.enter_context(MailRoom(town, manners)) for manners in (Manners(), town.locked())]
            scene = cls(folder, stack.enter_context(provider(API_KEY)), town, rooms[0], rooms[1])
            scene.provider.shelf.offers = []
            try:
                yield scene
            finally:
                for daemon in scene.daemons:
                    daemon.kill()

    def add_channel(self, name: str, kind: str, replies: Sequence[Reply] = (), port: int = 0) -> None:
        ports = {
            "port": port or self.town.port, "mail": self.mail_room.port, "vault": self.vault.port,
        }  # fmt: skip
        self.channels[name] = url_of(kind, name, ports)
        self.town.doors[name] = Door(mark_of(kind, name), yes(kind))
        self.town.doors[name].script.extend(replies)

    def add_watch(self, name: str, code: str, *channels: str) -> None:
        self.watches[name] = (code, channels)

    def stock(self, remaining: int, *codes: str) -> None:
        """The provider lists these with so many left; the others stay as they are."""
        shelf = {offer.product_code: offer for offer in self.provider.shelf.offers}
        shelf |= {code: replace(OFFER, product_code=code, remaining=remaining) for code in codes}
        self.provider.shelf.offers = list(shelf.values())

    def configure(self) -> None:
        text = _HEAD.format(provider=self.provider.url, notify=_listed(self.notify))
        for name, url in self.channels.items():
            text += _CHANNEL.format(name=name, url=url, option=self.options.get(name, ""))
        for name, (code, channels) in self.watches.items():
            text += _WATCH.format(name=name, code=code, notify=_listed(channels))
        self.config.touch(0o600)
        self.config.write_text(text, "utf-8")

    def spawn(self) -> Daemon:
        module = "tests.torture.receivers.rude"
        command = [sys.executable, "-m", module, "run", "--config", str(self.config)]
        daemon = Daemon(command, self._environ(), self.folder / "output")
        self.daemons.append(daemon)
        return daemon

    def start(self) -> Daemon:
        """A daemon that has stored two polls: what is out of stock has been seen so."""
        daemon = self.spawn()
        daemon.says('"started"')
        daemon.until(lambda: self.rows("SELECT count(*) FROM poll")[0][0] >= 2, "two polls")  # type: ignore[operator]
        return daemon

    @property
    def config(self) -> Path:
        return self.folder / "monitor.toml"

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return rows_in(self.folder / "monitor.db", sql)

    def deliveries(self) -> list[Delivery]:
        return deliveries_in(self.folder / "monitor.db")

    def visits(self, *doors: str) -> list[Visit]:
        return [visit for visit in list(self.town.visits) if visit.door in doors]

    def words(self, door: str) -> list[str]:
        """Of each message that this door has taken."""
        return [visit.words for visit in self.visits(door) if visit.taken]

    def patiently(self, condition: Callable[[], object], within_s: float) -> bool:
        """Wait for it; whether it came true."""
        deadline, pause = monotonic() + within_s, Event()
        while not condition():
            if monotonic() > deadline:
                return False
            pause.wait(0.05)
        return True

    def _environ(self) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"PYTHONPATH": str(CHECKOUT), "TEST_API_KEY": API_KEY, "SSL_CERT_FILE": str(self.town.ca_file)}
        return {**kept, **self.town.environment, **own}


def rows_in(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(sql).fetchall()


def deliveries_in(file: Path) -> list[Delivery]:
    return [Delivery(*row) for row in rows_in(file, _DELIVERIES)]  # type: ignore[arg-type]


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(f'{name!r}' for name in names)}]"
