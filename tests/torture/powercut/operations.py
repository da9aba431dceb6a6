"""What a process did to the files of one folder, as values, in order: what a power cut may undo. Pure.

Files are numbers: a name can lead to one file today and to another tomorrow, and a write belongs to the
file, not to its name.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Create:
    """`name` leads to `file` from now on."""

    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


@dataclass(frozen=True, slots=True)
class Truncate:
    """Or the growing of a file, with zeros."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """What was done to this file before is on the disk: its data and its size, but not its name."""

    file: int


@dataclass(frozen=True, slots=True)
class Rename:
    old: str
    new: str
    file: int


@dataclass(frozen=True, slots=True)
class Unlink:
    name: str


@dataclass(frozen=True, slots=True)
class SyncNames:
    """The folder was synced: all names are on the disk."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A commit has returned. After it the database is what the truth calls state `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class Told:
    """The caller was told; what, stands in the truth under this number."""

    number: int


Mark = Acknowledged | Told
OfNames = Create | Rename | Unlink
Change = Write | Truncate | OfNames
Operation = Change | Sync | SyncNames | Mark
