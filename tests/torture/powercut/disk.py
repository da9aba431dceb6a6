"""A disk that loses power: what is surely there, what may be, and each image that the next start may find.

Pure. The model is harsher than a journalled file system: every unsynced operation is lost or kept on its
own, a write also in part, its growth of the file apart from its data, and each name apart from the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from tests.torture.powercut.operations import (
    Acknowledged,
    Change,
    Create,
    OfNames,
    Operation,
    Rename,
    Sync,
    SyncNames,
    Told,
    Truncate,
    Unlink,
    Write,
)

Image = dict[str, bytes]
Part = tuple[int, int]
WHOLE: Final[tuple[Part, ...]] = ((0, 1 << 62),)


@dataclass(frozen=True, slots=True)
class Fate:
    """What a power cut leaves of one unsynced operation.

    `parts`: the ranges of the data (from its first byte on) that reached the disk. `is_kept`: the growth of
    the file, for a write; all of it, for the other operations.
    """

    parts: tuple[Part, ...] = WHOLE
    is_kept: bool = True


KEPT: Final = Fate()
LOST: Final = Fate((), is_kept=False)


@dataclass(slots=True)
class _File:
    """What is surely on the disk: bytes beyond `size` were written, but nobody sees them yet."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0

    def copy(self) -> "_File":
        return _File(bytearray(self.data), self.size)

    def undergo(self, change: Write | Truncate, fate: Fate) -> None:
        match change:
            case Write():
                self._reach(change.end)
                for start, stop in fate.parts:
                    piece = change.data[start:stop]
                    self.data[change.offset + start : change.offset + start + len(piece)] = piece
                if fate.is_kept:
                    self.size = max(self.size, change.end)
            case Truncate():
                if fate.is_kept:
                    self._reach(change.size)
                    self.data[change.size :] = bytes(len(self.data) - change.size)
                    self.size = change.size

    def content(self) -> bytes:
        return bytes(self.data[: self.size])

    def _reach(self, end: int) -> None:
        if len(self.data) < end:
            self.data.extend(bytes(end - len(self.data)))


class Disk:
    """Follows operations; `image` is what the next start finds if the power is cut now."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}
        self.pending: list[Change] = []
        """What no sync has covered, in order."""

    def follow(self, operation: Operation) -> None:
        match operation:
            case Write() | Truncate() | Create() | Rename() | Unlink():
                self.pending.append(operation)
            case Sync():
                self._settle(lambda change: _file_of(change) == operation.file)
            case SyncNames():
                self._settle(lambda change: isinstance(change, OfNames))
            case Acknowledged() | Told():
                pass
            case _:
                assert_never(operation)

    def image(self, fates: Sequence[Fate]) -> Image:
        """`fates`: one for each of `pending`."""
        names = dict(self._names)
        files: dict[int, _File] = {}
        for change, fate in zip(self.pending, fates, strict=True):
            if isinstance(change, Write | Truncate):
                if change.file not in files:
                    files[change.file] = self._file(change.file).copy()
                files[change.file].undergo(change, fate)
            elif fate.is_kept:
                _rename(names, change)
        return {name: (files.get(file) or self._file(file)).content() for name, file in names.items()}

    def _settle(self, is_settled: Callable[[Change], bool]) -> None:
        rest: list[Change] = []
        for change in self.pending:
            if not is_settled(change):
                rest.append(change)
            elif isinstance(change, Write | Truncate):
                self._files.setdefault(change.file, _File()).undergo(change, KEPT)
            else:
                _rename(self._names, change)
        self.pending = rest

    def _file(self, file: int) -> _File:
        return self._files.get(file) or _File()


def _file_of(change: Change) -> int | None:
    return change.file if isinstance(change, Write | Truncate) else None


def _rename(names: dict[str, int], change: OfNames) -> None:
    match change:
        case Create():
            names[change.name] = change.file
        case Rename():
            names.pop(change.old, None)
            names[change.new] = change.file
        case Unlink():
            names.pop(change.name, None)
        case _:
            assert_never(change)
