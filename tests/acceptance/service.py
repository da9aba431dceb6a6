"""The service in a booted machine, installed as docs/install.md says, with its provider and its receiver."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.container import BOOTABLE, Booted, Machine, machine, until
from tests.acceptance.page import commands_of
from tests.fakes.internet import FakeInternet, Request

CHECKOUT: Final = Path(__file__).parents[2]
UNIT: Final = "gpu-stock-monitor"
CONFIG: Final = "/etc/gpu-stock-monitor/monitor.toml"
CREDENTIALS: Final = "/etc/gpu-stock-monitor/credentials"
API_KEY: Final = "canary-api-key-5d41402a"
IN_STOCK: Final = "PRD-TRAIN-1"
COMES_LATER: Final = "PRD-TRAIN-2"
NOT_WATCHED: Final = "PRD-TRAIN-3"

_SCENARIO: Final = f"""
[[product]]
product_code = "{IN_STOCK}"
gpu_name = "NVIDIA-H800A-NV-80G"
gpu_count = 8
remaining = 3
[[product]]
product_code = "{COMES_LATER}"
gpu_name = "NVIDIA-H800A-NV-80G"
gpu_count = 8
remaining = 0
[[product]]
product_code = "{NOT_WATCHED}"
gpu_name = "NVIDIA-A100-80G"
gpu_count = 8
remaining = 1
[[event]]
at = "8s"
product_code = "{COMES_LATER}"
remaining = 2
"""
_CONFIG: Final = """
[source]
base_url = "http://127.0.0.1:{port}"
api_key = {{ credential = "alaya-api-key" }}
interval = "1s"
timeout = "5s"
[channels.hook]
url = {{ credential = "hook" }}
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
notify = ["hook"]
"""
_DROP_IN: Final = """
[Service]
LoadCredential=hook:/etc/gpu-stock-monitor/credentials/hook
RestartSec=1
WatchdogSec=4
"""


@dataclass(frozen=True, slots=True)
class Service:
    machine: Booted
    receiver: FakeInternet

    def start(self) -> None:
        """As the page says; returns when the unit is active."""
        self.machine.shell(commands_of(CHECKOUT / "docs/install.md")["3. Service"][0])

    def control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.machine.run("systemctl", *arguments, UNIT, check=False)

    def show(self, name: str) -> str:
        return self.control("show", "--value", f"--property={name}").stdout.strip()

    def log(self) -> str:
        return self.machine.run("journalctl", f"--unit={UNIT}", "--output=cat", "--no-pager").stdout

    def told(self, product_code: str) -> Sequence[str]:
        """The messages that name this product."""
        return [told for told in map(_message, self.receiver.requests) if product_code in told]

    def wait_for_message(self, product_code: str) -> None:
        until(lambda: self.told(product_code), within_s=40, waiting_for=f"a message about {product_code}")

    def wait_for_restart(self) -> None:
        def is_back() -> bool:
            return self.show("NRestarts") == "1" and self.show("ActiveState") == "active"

        until(is_back, within_s=40, waiting_for="systemd to start it again")

    def files_of_others(self) -> str:
        """What in the state directory does not belong to the owner of the directory."""
        state = f"/var/lib/{UNIT}/"
        return self.machine.shell(f'find {state} ! -user "$(stat --format=%u {state})"')


@contextmanager
def installed(scratch: Path) -> Iterator[Machine]:
    """A machine on which the steps of the page have been typed, but for the last."""
    steps = commands_of(CHECKOUT / "docs/install.md")
    with machine(BOOTABLE, scratch) as debian:
        folder = debian.files / "srv"
        folder.mkdir()
        build = [sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={folder}"]
        subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
        (folder / "requirements.txt").write_bytes((CHECKOUT / "requirements.txt").read_bytes())
        with debian.booted() as booted:
            booted.shell(steps["1. Program"][1], directory="/srv", within_s=300)
            booted.shell(steps["2. Configuration and secrets"][0])
            booted.shell(f"echo {API_KEY} | {steps['2. Configuration and secrets'][1]}")
        yield debian


@contextmanager
def service(debian: Machine, scratch: Path) -> Iterator[Service]:
    """The installed machine, booted afresh with a provider that has just opened; the unit is not started."""
    with machine(BOOTABLE, scratch, over=debian) as fresh, FakeInternet(scratch) as receiver:
        port = _free_port()
        provider = f"monitor simulate --port {port} --scenario /srv/scenario.toml"
        with fresh.booted() as booted:
            booted.write(CONFIG, _CONFIG.format(port=port))
            booted.write(f"{CREDENTIALS}/hook", f"json://127.0.0.1:{receiver.port}/hook")
            booted.write(f"/etc/systemd/system/{UNIT}.service.d/test.conf", _DROP_IN)
            booted.write("/srv/scenario.toml", _SCENARIO)
            booted.shell(f"systemd-run --quiet --unit=provider {provider}")
            yield Service(booted, receiver)


def _message(request: Request) -> str:
    content = request.json()
    return f"{content['title']}\n{content['message']}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
