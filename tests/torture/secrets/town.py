"""The daemon at DEBUG among channels that hold canaries; the provider and receivers quote them back."""

import base64
import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.acceptance.daemon import CHECKOUT, Daemon, Stage
from tests.fakes.internet import Answer, FakeInternet
from tests.torture.secrets.canaries import Secrets
from tests.torture.secrets.scanner import SPELLINGS

CHANNELS: Final = ("hook", "mail", "slack", "telegram", "discord", "feishu", "dingtalk")
HOSTS: Final = {
    "hook": "127.0.0.1",
    "slack": "hooks.slack.com",
    "telegram": "api.telegram.org",
    "discord": "discord.com",
    "feishu": "open.feishu.cn",
    "dingtalk": "oapi.dingtalk.com",
}
SAID_BACK: Final = (
    "plain",
    "URL-quoted",
    "URL-quoted whole",
    "form-quoted",
    "HTML",
    "JSON",
    "JSON with slashes",
)
CONFIG: Final = """
[source]
base_url = "{provider}"
api_key = {{ env = "CANARY_API_KEY" }}
interval = "1s"
timeout = "1s"
[storage]
url = "sqlite:///monitor.db"
[monitor]
blind_after = "5s"
notify = ["mail", "hook"]
heartbeat_url = {{ env = "CANARY_HEARTBEAT" }}
{channels}
[defaults]
min_gap = "0s"
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
"""
CHANNEL: Final = """
[channels.{name}]
url = {{ env = "CANARY_{name}" }}
"""


@dataclass
class Town:
    """`upstream` is a provider that can say anything; `stage.provider` one that is well."""

    stage: Stage
    secrets: Secrets
    upstream: FakeInternet
    found: dict[str, bytes] = field(default_factory=dict)

    def configure(self, provider: str) -> None:
        channels = "".join(CHANNEL.format(name=name) + self._signing(name) for name in CHANNELS)
        self.stage.config.touch(0o600)
        self.stage.config.write_text(CONFIG.format(provider=provider, channels=channels))

    def quoted(self, recipient: str) -> str:
        """All that the recipient was ever told, as the rudest would say it back; safe inside of JSON."""
        texts = [canary.text for canary in self.secrets.of(recipient)]
        logins = [f"{canary.user}:{canary.text}" for canary in self.secrets.of(recipient) if canary.user]
        coded = [base64.b64encode(login.encode()).decode() for login in logins]
        return " ".join([SPELLINGS[spelling](text) for text in texts for spelling in SAID_BACK] + coded)

    def answer_all(self, answer: Callable[[str], Answer]) -> None:
        """`answer` is given what the receiver knows."""
        for channel, host in HOSTS.items():
            self.stage.internet.answers[host] = answer(self.quoted(channel))

    def call(self, name: str, *arguments: str, within_s: float = 60.0, **environ: str) -> int:
        """One call of the command line; what it printed is kept."""
        done = subprocess.run(
            [*self.stage.command[:3], "--debug", *arguments],
            env={**self.stage.environ, "MONITOR_CONFIG": str(self.stage.config), **environ},
            capture_output=True,
            cwd=CHECKOUT,
            timeout=within_s,
            check=False,
        )
        self.keep(f"stdout of monitor {name}", done.stdout)
        self.keep(f"stderr of monitor {name}", done.stderr)
        return done.returncode

    def keep(self, place: str, data: bytes) -> None:
        self.found[place] = self.found.get(place, b"") + data

    def keep_process(self, daemon: Daemon) -> None:
        """What other users of the machine see of it."""
        for name in ("cmdline", "comm"):
            self.keep(f"/proc/PID/{name}", Path(f"/proc/{daemon.process.pid}/{name}").read_bytes())

    def keep_database(self) -> None:
        """Its files as they lie there, and what its rows say: a page that was freed counts, too."""
        for file in self.stage.folder.glob("monitor.db*"):
            self.keep(f"file {file.name}", file.read_bytes())
        with (
            suppress(sqlite3.Error),
            sqlite3.connect(f"file:{self.stage.database}?mode=ro", uri=True) as rows,
        ):
            self.keep("rows of the database", "\n".join(rows.iterdump()).encode())

    def keep_messages(self) -> None:
        """Bodies only: address and headers of a request are where its secrets belong."""
        for request in list(self.stage.internet.requests):
            self.keep(f"messages to {request.host}", request.body + b"\n")
        for delivered in list(self.stage.mailbox.delivered):
            self.keep("mails", bytes(delivered.message))

    def _signing(self, name: str) -> str:
        return f'secret = {{ env = "CANARY_SIGN_{name}" }}\n' if name in {"feishu", "dingtalk"} else ""


@contextmanager
def built(folder: Path, secrets: Secrets) -> Iterator[Town]:
    (folder / "upstream").mkdir(parents=True)
    with ExitStack() as stack:
        stage = stack.enter_context(Stage.built(folder))
        town = Town(stage, secrets, stack.enter_context(FakeInternet(folder / "upstream")))
        stage.environ |= {**stage.internet.environment, **_environ(stage, secrets), "MONITOR_LOG": "DEBUG"}
        town.configure(f"http://127.0.0.1:{town.upstream.port}")
        yield town


def answer_of_stock(remaining: int) -> Answer:
    row = {"productCode": "PRD-TRAIN-1", "aidcId": 1, "gpuName": "NVIDIA-H800A", "remainingCount": remaining}
    return Answer(body=json.dumps({"status": 200, "message": "OK", "data": [row]}))


def _environ(stage: Stage, secrets: Secrets) -> Mapping[str, str]:
    port = stage.internet.port
    mail = stage.mail_url.removeprefix("mailto://")
    login = f"hookuser:{quote(secrets.hook_password.text, safe='')}@127.0.0.1:{port}"
    return {
        "CANARY_API_KEY": secrets.api_key.text,
        "CANARY_HEARTBEAT": f"http://127.0.0.1:{port}/{secrets.heartbeat.text}",
        "CANARY_hook": f"json://{login}/{secrets.hook_token.text}?+X-Canary={secrets.hook_query.text}",
        "CANARY_mail": f"mailto://mailuser:{quote(secrets.mail_password.text, safe='')}@{mail}",
        "CANARY_slack": f"slack://T1JJ3T3L2/A1BRTD4JD/{secrets.slack.text}/",
        "CANARY_telegram": f"tgram://123456789:{secrets.telegram.text}/12315544",
        "CANARY_discord": f"discord://123456789012345678/{secrets.discord.text}",
        "CANARY_feishu": f"feishu://{secrets.feishu.text}",
        "CANARY_SIGN_feishu": secrets.feishu_secret.text,
        "CANARY_dingtalk": f"dingtalk://{secrets.dingtalk.text}",
        "CANARY_SIGN_dingtalk": secrets.dingtalk_secret.text,
    }
