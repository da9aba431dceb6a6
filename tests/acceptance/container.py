"""Debian 12 machines for tests: run a command on a bare one, or boot one with a real systemd.

A root made once by debootstrap, an overlay for each test, systemd-nspawn to run or boot it. Mounts live in
a namespace of their own and vanish with the machine. The network is the host's, so loopback ports are
shared with the test. What pip and TLS need of the host (resolver, CA bundle, pip's configuration) is lent
for the run, never written into a root. `MONITOR_TEST_CACHE` moves the cache out of ~/.cache.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic, monotonic_ns
from typing import IO, Final

from tests.requirements import require, require_root

BARE: Final = ("python3", "python3-venv", "make", "ca-certificates")
BOOTABLE: Final = (*BARE, "systemd", "dbus")

_CA_BUNDLE: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_CONFIG: Final = Path("/etc/pip.conf")
_UNIFIED_CGROUPS: Final = Path("/sys/fs/cgroup/cgroup.controllers")
_SEARCH_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OVERLAY: Final = (
    'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"'
    ' && shift 2 && exec "$@"'
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A Debian root. What is put under `files` before it starts is in it; what a run changes, after it.

    `layers`: folders that lie over each other, the topmost first.
    """

    layers: tuple[Path, ...]
    scratch: Path

    @property
    def files(self) -> Path:
        return self.scratch / "upper"

    def start(self, *command: str, directory: str = "/") -> subprocess.Popen[str]:
        """Run one command, without any service manager; its output and errors come as one stream."""
        return self._spawn(
            "--as-pid2",
            f"--chdir={directory}",
            *_lent_environment("--setenv="),
            *command,
            output=subprocess.PIPE,
        )

    @contextmanager
    def booted(self) -> Iterator["Booted"]:
        """Boot it, and wait until systemd has started everything."""
        with (self.scratch / "console").open("w") as console:
            process = self._spawn("--boot", output=console)
        try:
            machine = Booted(_pid_1(process))
            until(machine.is_up, within_s=60, waiting_for="the container to boot")
            yield machine
        finally:
            stop(process)

    def _spawn(self, *arguments: str, output: IO[str] | int) -> subprocess.Popen[str]:
        spawn = [
            "systemd-nspawn", "--quiet", f"--directory={self.scratch / 'merged'}", "--register=no",
            "--keep-unit", "--console=pipe", "--resolv-conf=replace-host",
            f"--machine=monitor-{monotonic_ns()}",
            *(f"--bind-ro={path}" for path in (_CA_BUNDLE, _PIP_CONFIG) if path.exists()),
        ]  # fmt: skip
        layers = ":".join(map(str, self.layers))
        overlay = ["unshare", "--mount", "sh", "-c", _OVERLAY, "sh", layers, str(self.scratch)]
        hierarchy = {} if _UNIFIED_CGROUPS.exists() else {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "0"}
        return subprocess.Popen(
            [*overlay, *spawn, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **hierarchy},
        )


@dataclass(frozen=True, slots=True)
class Booted:
    """A machine whose systemd runs. `pid` is that of its PID 1, as the host sees it."""

    pid: int

    def run(
        self,
        *command: str,
        text: str = "",
        directory: str = "/",
        within_s: float = 60,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root, as a person would after logging in, and type `text` into it."""
        enter = [
            "nsenter", f"--target={self.pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root",
            "--wd", "env", "--ignore-environment", f"--chdir={directory}", f"PATH={_SEARCH_PATH}",
            "LANG=C.UTF-8", *_lent_environment(),
        ]  # fmt: skip
        done = subprocess.run(
            [*enter, *command],
            input=text,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def shell(self, script: str, directory: str = "/", within_s: float = 60) -> str:
        """Run lines of shell, each of which must succeed; their output."""
        return self.run("sh", "-euc", script, directory=directory, within_s=within_s).stdout

    def write(self, path: str, text: str) -> None:
        """Put a file there, as if with an editor."""
        self.run("sh", "-euc", 'mkdir -p "$(dirname "$1")"; cat >"$1"', "sh", path, text=text)

    def is_up(self) -> bool:
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in {
            "running",
            "degraded",
        }


@contextmanager
def machine(packages: Sequence[str], scratch: Path, over: Machine | None = None) -> Iterator[Machine]:
    """A machine with these packages, or one that begins as the machine `over` now is.

    Its changes go to the new folder `scratch`, and away with it.
    """
    require("debootstrap", "systemd-nspawn", "nsenter", "unshare")
    require_root()
    for part in ("upper", "work", "merged"):
        (scratch / part).mkdir(parents=True)
    try:
        yield Machine((over.files, *over.layers) if over else (_base_root(packages),), scratch)
    finally:
        shutil.rmtree(scratch)


def until(condition: Callable[[], object], within_s: float, waiting_for: str) -> None:
    """Wait for another process: ask again and again, until it is so or the time is over."""
    deadline, pause = monotonic() + within_s, Event()
    while not condition():
        if monotonic() > deadline:
            raise AssertionError(f"waited {within_s:g} s for {waiting_for}")
        pause.wait(0.1)


def stop(process: subprocess.Popen[str]) -> None:
    """Halt a machine: politely, then at once."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _base_root(packages: Sequence[str]) -> Path:
    """Made once, and shared by every run: half a minute and 300 MB each."""
    chosen = os.environ.get("MONITOR_TEST_CACHE")
    cache = Path(chosen) if chosen else Path.home() / ".cache" / "gpu-stock-monitor-tests"
    downloads, root = cache / "downloads", cache / "-".join(packages)
    downloads.mkdir(parents=True, exist_ok=True)
    with (cache / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            _debootstrap(packages, downloads, root)
    return root


def _debootstrap(packages: Sequence[str], downloads: Path, root: Path) -> None:
    unfinished = root.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--cache-dir={downloads}", f"--include={','.join(packages)}",
         "bookworm", str(unfinished)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, f"debootstrap failed:\n{made.stdout[-2000:]}{made.stderr}"
    unfinished.rename(root)


def _lent_environment(prefix: str = "") -> list[str]:
    """How pip reaches its index on this host, but for folders that only the host has."""
    lent = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
        if not value.startswith(("/", "file:"))
    }
    return [f"{prefix}{name}={value}" for name, value in {**lent, "PIP_CERT": str(_CA_BUNDLE)}.items()]


def _pid_1(process: subprocess.Popen[str]) -> int:
    """The container's init: the only child of nspawn, once that has replaced unshare."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    found: list[int] = []

    def is_there() -> bool:
        assert process.poll() is None, "the container ended before it booted"
        inits = [pid for pid in map(int, children.read_text().split()) if _is_init(pid)]
        found[:] = inits
        return bool(inits)

    until(is_there, within_s=20, waiting_for="the container's init")
    return found[0]


def _is_init(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return False
    spaces = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    return len(spaces) > 2 and spaces[-1] == "1" and command == "systemd"
