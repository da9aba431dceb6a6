"""Survivors that somebody has looked at, and why each may live: kept in looked_at.toml."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("looked_at.toml")


@dataclass(frozen=True, slots=True)
class Group:
    """`mutants`: identities (see mutation.py) in which `*` stands for any text."""

    kind: str
    why: str
    mutants: tuple[str, ...]

    def covers(self, identity: str) -> bool:
        return any(_matches(pattern, identity) for pattern in self.mutants)


def read(file: Path = FILE) -> list[Group]:
    groups = tomllib.loads(file.read_text("utf-8"))["group"]
    return [Group(group["kind"], group["why"], tuple(group["mutants"])) for group in groups]


def sorted_out(survivors: Iterable[str], groups: list[Group]) -> tuple[dict[str, int], list[str]]:
    """How many survivors there are of each kind, and those that nobody has looked at."""
    counts = dict.fromkeys((group.kind for group in groups), 0)
    unknown: list[str] = []
    for identity in survivors:
        group = next((group for group in groups if group.covers(identity)), None)
        if group is None:
            unknown.append(identity)
        else:
            counts[group.kind] += 1
    return counts, unknown


def _matches(pattern: str, identity: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), identity, re.DOTALL) is not None
