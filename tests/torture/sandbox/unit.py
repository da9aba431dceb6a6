"""The installed unit in a booted machine, with a provider and receivers in the hands of the harness."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.container import Machine, until
from tests.acceptance.provider import Provider, Shelf
from tests.acceptance.service import API_KEY, CONFIG, UNIT, Service, service
from tests.fakes.mailbox import Delivered, Mailbox, Manners
from tests.torture.receivers.visits import words_of

CA: Final = "/etc/gpu-stock-monitor/ca.pem"
HOSTS: Final = {"hook": "127.0.0.1", "slack": "hooks.slack.com"}
_CONFIG: Final = """
[source]
base_url = "{provider}"
api_key = {{ credential = "alaya-api-key" }}
interval = "1s"
timeout = "5s"
[monitor]
notify = ["hook"]
[defaults]
min_gap = "0s"
[channels.hook]
url = {{ credential = "hook" }}
[channels.slack]
url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
[channels.mail]
url = "mailto://127.0.0.1:{mail}?from=monitor@example.test&to=ops@example.test&mode=insecure"
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
"""


@dataclass(frozen=True, slots=True)
class Unit:
    service: Service
    provider: Provider
    mailbox: Mailbox

    @property
    def shelf(self) -> Shelf:
        return self.provider.shelf

    def configure(self, more: str = "") -> None:
        text = _CONFIG.format(provider=self.provider.url, mail=self.mailbox.port)
        self.service.machine.write(CONFIG, text + more)

    def start(self) -> None:
        """Until it is active and has asked twice: what is out of stock has been seen so."""
        self.control("start")
        until(lambda: self.service.show("ActiveState") == "active", 120, "the unit to be active")
        self.polled(2)

    def polled(self, times: int = 2) -> None:
        asked = self.provider.requests
        until(lambda: self.provider.requests >= asked + times, 60, f"{times} polls")

    def control(self, *arguments: str) -> None:
        done = self.service.control(*arguments)
        assert done.returncode == 0, f"systemctl {arguments}: {done.stderr}"

    def told(self, channel: str, words: str) -> list[str]:
        """The messages that this channel took and that hold these words."""
        if channel == "mail":
            texts = [f"{one.message['subject']}\n{one.message.get_content()}" for one in self._mailed]
        else:
            requests = list(self.service.receiver.requests)
            texts = [words_of(request) for request in requests if request.host == HOSTS[channel]]
        return [text for text in texts if words in text]

    def wait_until_told(self, words: str, *channels: str) -> None:
        for channel in channels or ("hook",):
            until(lambda c=channel: self.told(c, words), 60, f"{words!r} through {channel}")  # type: ignore[misc]

    def wait_for_restart(self, within_s: float = 60) -> None:
        def is_back() -> bool:
            return self.restarts() > 0 and self.service.show("ActiveState") == "active"

        until(is_back, within_s, "systemd to start it again")

    def restarts(self) -> int:
        return int(self.service.show("NRestarts"))

    def pid(self) -> int:
        """Of the main process, as this host sees it."""
        return host_pid(self.service.machine.pid, int(self.service.show("MainPID")))

    @property
    def _mailed(self) -> Sequence[Delivered]:
        return list(self.mailbox.delivered)


@contextmanager
def unit(debian: Machine, scratch: Path, settings: str = "") -> Iterator[Unit]:
    """Booted afresh and configured, with nothing in stock; not started. `settings`: more of [Service]."""
    with service(debian, scratch) as booted, Provider(API_KEY) as provider, Mailbox(Manners()) as mailbox:
        lent = {**booted.receiver.environment, "REQUESTS_CA_BUNDLE": CA}
        lines = [f"Environment={name}={value}" for name, value in lent.items()]
        drop_in = "\n".join(["[Service]", *lines, settings, ""])
        booted.machine.write(f"/etc/systemd/system/{UNIT}.service.d/torture.conf", drop_in)
        booted.machine.write(CA, booted.receiver.ca_file.read_text())
        # Mail asks for this machine's own name: the answer is to come from here, and not from the network.
        booted.machine.shell('echo "127.0.1.1 $(hostname)" >>/etc/hosts')
        booted.machine.shell("systemctl daemon-reload; touch /srv/marker")
        unit = Unit(booted, provider, mailbox)
        unit.configure()
        yield unit


def host_pid(init: int, inner: int) -> int:
    """The process that is `inner` in the machine whose first process is `init`."""
    space = Path(f"/proc/{init}/ns/pid").readlink()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            ids = next(line for line in status.read_text().splitlines() if line.startswith("NSpid:")).split()
            if ids[-1] == str(inner) and (status.parent / "ns/pid").readlink() == space:
                return int(ids[1])
        except OSError:
            continue
    raise LookupError(f"no process {inner} in the machine")
