"""How much a process has of what must not grow."""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """At the end of an hour. `blocks`: what Python has allocated, without the libraries in C.

    `log_bytes`: the largest that the database's log was since the sample before.
    """

    hour: int
    memory_kib: int
    blocks: int
    descriptors: int
    threads: int
    log_bytes: int
    database_bytes: int
    polls: int
    beats: int


def sample(database: Path, largest_log: int) -> dict[str, int]:
    """Of this process; memory is its own, of no file."""
    rollup = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    [anonymous] = [line.split()[1] for line in rollup if line.startswith("Anonymous:")]
    return {
        "memory_kib": int(anonymous),
        "blocks": sys.getallocatedblocks(),
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1,
        "threads": threading.active_count(),
        "log_bytes": largest_log,
        "database_bytes": database.stat().st_size,
    }
