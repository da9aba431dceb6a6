"""What a sandboxed life may have done, and what must be told after it was cut short. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from tests.torture.receivers.visits import MARKS
from tests.torture.sandbox.calls import Call, sockets, written

STATE: Final = "/var/lib/gpu-stock-monitor"
STATES: Final = (STATE, "/var/lib/private/gpu-stock-monitor")
PRIVATE: Final = ("/tmp", "/var/tmp", "/dev/null")
"""/tmp is the unit's own, and goes with it."""
SOCKETS: Final = frozenset(
    {"/run/systemd/notify", "/run/systemd/journal/socket", "/run/systemd/journal/stdout", "127.0.0.1", "::1"}
    | {"/var/run/nscd/socket"}  # glibc asks there first for names of hosts and users
)
KEEPERS: Final = ("/run", "/var/log/journal", "/var/lib/systemd", "/tmp", "/var/tmp")
"""Where systemd itself keeps its books while it runs a unit."""
EDITED: Final = ("/etc/gpu-stock-monitor/monitor.toml",)
"""By the harness, which asks for a reload."""
MADE: Final = frozenset({"d /var/lib", "d /var/lib/private"})
"""Folders in which systemd makes the state directory."""


def outside_filter(calls: Iterable[Call], allowed: Collection[str]) -> Iterator[str]:
    for name, times in sorted(Counter(call.name for call in calls).items()):
        if name not in allowed:
            yield f"{name} is not among the system calls that the unit allows; it was tried {times} times"


def outside_state(calls: Iterable[Call]) -> Iterator[str]:
    """Only what succeeded; what the sandbox refused is `refused`."""
    for path, call in written(calls, STATE):
        if call.failed is None and not _is_in(path, (*STATES, *PRIVATE)):
            yield f"{call.name} wrote to {path}: {call.arguments[:200]}"


def strange_sockets(calls: Iterable[Call]) -> Iterator[str]:
    for address in sorted(sockets(calls) - SOCKETS):
        yield f"it spoke to {address}, which is neither its provider, its receivers nor systemd"


def refused(calls: Iterable[Call]) -> list[str]:
    """Writes that the sandbox refused."""
    return [path for path, call in written(calls, STATE) if call.failed in {"EROFS", "EACCES", "EPERM"}]


def changed_elsewhere(listing: str, uid: str) -> Iterator[str]:
    """`listing`: owner, kind and path of what is newer than the unit's start, as `find` prints it."""
    for line in listing.splitlines():
        owner, entry = line.split(" ", 1)
        path = entry.partition(" ")[2]
        if owner == uid and not _is_in(path, STATES):
            yield f"{path} belongs to the unit's user, and is outside of its state directory"
        elif owner != uid and entry not in MADE and not _is_in(path, (*KEEPERS, *EDITED, *STATES)):
            yield f"{path} of {owner} was changed while the unit ran"


def told_once(messages: Sequence[str], code: str, words: str, what: str) -> Iterator[str]:
    """`what` happened; a change that fell into it is told by one message, or by marked repeats of it."""
    told = [message for message in messages if words in message and code in message]
    if not told:
        yield f"{what}: {words} of {code} was never told"
    if any(not any(mark in message for mark in MARKS) for message in told[1:]):
        yield f"{what}: {words} of {code} was told {len(told)} times without a mark"


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder.rstrip("/") or path.startswith(folder.rstrip("/") + "/") for folder in folders)
