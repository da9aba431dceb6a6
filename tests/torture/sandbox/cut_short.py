"""Lives that end badly: killed for want of memory, stopped, and on a disk that stands still.

Each time the stock comes while the monitor is away; systemd starts it again, and it is told once.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.acceptance.container import Booted, Machine, until
from tests.acceptance.provider import CODE
from tests.torture.receivers.tally import Tally
from tests.torture.sandbox import judge
from tests.torture.sandbox.unit import Unit, unit

MEMORY: Final = Path("/sys/fs/cgroup/memory")
ROOM_BYTES: Final = 4_000_000
"""For what it allocates from then on; the plugins of two more channels take some 20 MB."""
MORE_CHANNELS: Final = """
[channels.more]
url = "zulip://bot@org/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0/stream"
[channels.even-more]
url = "kodi://127.0.0.1/"
"""
STATE: Final = "/var/lib/private/gpu-stock-monitor"
IN_STOCK: Final = "BACK IN STOCK"


def out_of_memory(debian: Machine, scratch: Path) -> Tally:
    """The kernel kills it, as it would at MemoryMax: through a memory group of this host."""
    what = "out of memory"
    if not (MEMORY / "memory.limit_in_bytes").exists():
        return Tally([f"{what}: not shown, since this host has no memory groups of version 1"])
    with unit(debian, scratch, "RestartSec=3") as one:
        one.start()
        with memory_group(one.pid()) as group:
            one.configure(MORE_CHANNELS)
            one.service.control("reload")
            until(lambda: _killed(group), 60, "the kernel to kill it")
            one.shelf.stock(3)
        return _recovered(one, what)


def stopped(debian: Machine, scratch: Path) -> Tally:
    with unit(debian, scratch) as one:
        one.start()
        one.control("kill", "--kill-who=main", "--signal=STOP")
        one.shelf.stock(3)
        tally = _recovered(one, "stopped")
        tally.violations += _tripped(one, "stopped")
        return tally


def on_a_frozen_disk(debian: Machine, scratch: Path, image: Path) -> Tally:
    """The writer hangs within a commit; loop and polls live. It says so past the outbox, and is replaced."""
    what = "on a frozen disk"
    with unit(debian, scratch, "WatchdogSec=20") as one, disk(one.service.machine, image):
        one.start()
        with frozen(one.service.machine):
            one.shelf.stock(3)
            one.wait_until_told("DATABASE TROUBLE")
            until(lambda: "Watchdog timeout" in one.service.log(), 180, "the watchdog")
        tally = _recovered(one, what)
        tally.violations += _tripped(one, what)
        if not any(CODE in message for message in one.told("hook", "DATABASE TROUBLE")):
            tally.violations.append(f"{what}: DATABASE TROUBLE does not name {CODE}, which matched")
        one.service.control("stop")
        return tally


def _recovered(one: Unit, what: str) -> Tally:
    one.wait_for_restart()
    with suppress(AssertionError):  # the judge says so, too
        one.wait_until_told(IN_STOCK)
    one.polled(3)
    tally = Tally(list(judge.told_once(one.told("hook", CODE), CODE, IN_STOCK, what)))
    if one.restarts() != 1:
        tally.violations.append(f"{what}: systemd started it {one.restarts()} times again, not once")
    tally.count("recovered by systemd", 1)
    return tally


def _tripped(one: Unit, what: str) -> Iterator[str]:
    if "Watchdog timeout" not in one.service.log():
        yield f"{what}: the watchdog did not bite"


@contextmanager
def memory_group(pid: int) -> Iterator[Path]:
    """What the process allocates from now on must fit into a few megabytes."""
    group = MEMORY / f"torture-{pid}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(f"{ROOM_BYTES}")
        (group / "cgroup.procs").write_text(f"{pid}")
        yield group
    finally:
        until(lambda: not (group / "cgroup.procs").read_text(), 30, "the memory group to be empty")
        group.rmdir()


def _killed(group: Path) -> bool:
    return "oom_kill 0" not in (group / "memory.oom_control").read_text()


@contextmanager
def disk(machine: Booted, image: Path) -> Iterator[None]:
    """A file system of its own for the state directory."""
    image.write_bytes(b"")
    subprocess.run(["truncate", "--size=64M", str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    found = ["losetup", "--find", "--show", str(image)]
    device = subprocess.run(found, check=True, capture_output=True, text=True).stdout.strip()
    try:
        number = device.removeprefix("/dev/loop")
        node = f"mknod /dev/state b 7 {number}; mkdir -p -m 700 {STATE}; mount /dev/state {STATE}"
        machine.shell(node)
        yield
    finally:
        machine.run("umount", "--lazy", STATE, check=False)
        subprocess.run(["losetup", "--detach", device], check=True)


@contextmanager
def frozen(machine: Booted) -> Iterator[None]:
    machine.shell(f"fsfreeze --freeze {STATE}")
    try:
        yield
    finally:
        machine.shell(f"fsfreeze --unfreeze {STATE}")
