"""What the recorded run knows to be true: each state that a commit made, and all that its caller was told.

Kept outside the database: as lines of a file that no power cut of ours touches.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.store.rows import Reader

_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"


def digest_of(connection: Reader) -> str:
    """Of everything that the database says: its schema and every row. Two states that differ differ here."""
    schema = [tuple(row) for row in connection.exec_driver_sql(_SCHEMA)]
    said = hashlib.sha256(repr(schema).encode())
    for kind, name, _ in schema:
        if kind == "table":
            rows = [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
            said.update(f"{name}: {rows}".encode())
    return said.hexdigest()


@dataclass(slots=True)
class Expected:
    """What a caller was told, and so must be found after any later cut.

    `stock`: by the time of the poll and the product's code. `deliveries`: how far each has come at least,
    and the state in which it ended. `copies`: the backups that were made, with what they hold.
    """

    stock: dict[tuple[int, str], int] = field(default_factory=dict)
    polls: set[int] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    progress: dict[int, int] = field(default_factory=dict)
    ends: dict[int, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    upgraded_from: str | None = None

    def learn(self, told: Mapping[str, Any]) -> None:
        match told["what"]:
            case "poll":
                self.polls.add(told["at"])
                self.events.update(told["events"])
                self.stock.update({(told["at"], code): count for code, count in told["stock"].items()})
            case "delivery":
                self.progress[told["id"]] = told["progress"]
                self.ends.pop(told["id"], None)
                if told["end"] is not None:
                    self.ends[told["id"]] = told["end"]
            case "copy":
                self.copies[told["name"]] = told["digest"]
            case "upgrade":
                self.upgraded_from = told["digest"]
            case "forgotten":
                for known in (self.stock, self.polls, self.events, self.progress, self.ends):
                    known.clear()
            case what:
                raise ValueError(f"nobody tells {what}")


@dataclass(frozen=True, slots=True)
class Truth:
    """`states[n]`: the digest after acknowledgement n; `told[m]`: what was told under number m."""

    states: dict[int, str]
    told: dict[int, dict[str, Any]]

    def expected_after(self, told: int) -> Expected:
        expected = Expected()
        for number in range(1, told + 1):
            expected.learn(self.told[number])
        return expected


def read_truth(lines: Iterable[str]) -> Truth:
    states: dict[int, str] = {}
    told: dict[int, dict[str, Any]] = {}
    for line in lines:
        said = json.loads(line)
        if "state" in said:
            states[said["state"]] = said["digest"]
        else:
            told[said["told"]] = said
    return Truth(states, told)


def write_truth(file: Path, said: Mapping[str, Any]) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(said) + "\n")
