"""One life of the unit under strace, from its first instruction on: start, poll, send, reload, stop."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.acceptance.container import Machine, until
from tests.acceptance.provider import CODE
from tests.acceptance.service import UNIT
from tests.torture.receivers.tally import Tally
from tests.torture.sandbox import judge
from tests.torture.sandbox.calls import Call, of_program, read, written
from tests.torture.sandbox.filters import allowed, filter_lines, groups_of
from tests.torture.sandbox.unit import Unit, unit

PROGRAM: Final = "/usr/local/bin/monitor"
UNIT_FILE: Final = f"/etc/systemd/system/{UNIT}.service"
CHANNELS: Final = ("hook", "slack", "mail")
LEAST_CALLS: Final = 5000
_NEWER: Final = (
    r"find / \( -path /proc -o -path /sys -o -path /dev \) -prune -o -newer /srv/marker -printf '%u %y %p\n'"
)
ONE_MORE_WATCH: Final = '[[watch]]\nname = "all"\nmatch = {}\nnotify = ["hook"]\n'


def play(debian: Machine, scratch: Path, traces: Path) -> Tally:
    with unit(debian, scratch, "WatchdogSec=60") as one:
        with strace(one.service.machine.pid, traces):
            one.start()
            uid = one.service.machine.shell(f"stat --format=%u /var/lib/{UNIT}/").strip()
            status = Path(f"/proc/{one.pid()}/status").read_text()
            _live(one)
            one.control("stop")
        machine = one.service.machine
        calls = of_program({_thread(f): read(f.open(errors="replace")) for f in traces.iterdir()}, PROGRAM)
        groups = groups_of(machine.shell("systemd-analyze syscall-filter --no-pager"))
        inside = allowed(filter_lines(machine.shell(f"cat {UNIT_FILE}")), groups)
        tally = judged(calls, inside)
        tally.violations += judge.changed_elsewhere(machine.shell(_NEWER), uid)
        tally.violations += _not_confined(status)
        return tally


def judged(calls: list[Call], inside: frozenset[str]) -> Tally:
    tally = Tally(
        [
            *judge.outside_filter(calls, inside),
            *judge.outside_state(calls),
            *judge.strange_sockets(calls),
        ]
    )
    paths = {path for path, call in written(calls, judge.STATE) if call.failed is None}
    if len(calls) < LEAST_CALLS or not any(path.endswith("monitor.db") for path in paths):
        tally.violations.append(f"the trace is not of a whole life: {len(calls)} calls, writes to {paths}")
    names = sorted({call.name for call in calls})
    tally.counts = {
        "system calls of one life": len(calls),
        "different ones": len(names),
        "allowed by the filter": len(inside),
        "paths written": len(paths),
        "writes that the sandbox refused": len(judge.refused(calls)),
        "the calls": " ".join(names),
    }
    return tally


@contextmanager
def strace(init: int, traces: Path) -> Iterator[None]:
    """Follows all that systemd starts from now on; a file for each thread."""
    traces.mkdir(parents=True)
    command = ["strace", "-ff", "-qq", "-y", "-s", "4096", "--pidns-translation", "-e", "signal=none"]
    tracer = subprocess.Popen([*command, "-o", str(traces / "of"), "-p", str(init)])
    try:
        until(lambda: "TracerPid:\t0\n" not in Path(f"/proc/{init}/status").read_text(), 20, "strace")
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)


def _live(one: Unit) -> None:
    one.shelf.stock(3)
    one.wait_until_told(CODE, *CHANNELS)
    one.configure(ONE_MORE_WATCH)
    one.control("reload")
    one.wait_until_told("rule all")
    one.shelf.stock(0)
    one.wait_until_told("SOLD OUT", *CHANNELS)
    one.polled(2)


def _thread(file: Path) -> int:
    return int(file.suffix[1:])


def _not_confined(status: str) -> Iterator[str]:
    """The filter and the rest were in force, or the trace would prove nothing."""
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    wanted = {"Seccomp": "2", "NoNewPrivs": "1", "CapEff": "0000000000000000"}
    for name, value in wanted.items():
        if lines.get(name, "").strip() != value:
            yield f"the process ran with {name} {lines.get(name)}, not {value}"
