"""From what strace saw to operations on the files of one folder. Pure.

What it cannot read is an error and no guess: a write that was missed would make every image a wrong one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.torture.powercut.operations import (
    Acknowledged,
    Create,
    Operation,
    Rename,
    Sync,
    SyncNames,
    Told,
    Truncate,
    Unlink,
    Write,
)

READ: Final = (
    *("openat", "close", "pwrite64", "write", "ftruncate", "fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat"),
)
REFUSED: Final = (
    *("open", "creat", "writev", "pwritev", "pwritev2", "fallocate", "truncate", "link", "linkat"),
    *("copy_file_range", "sendfile", "dup", "dup2", "dup3", "sync", "syncfs", "sync_file_range"),
)
"""Seen as well, so that a process which begins to use one of them on its files is noticed."""

NOT_DATA: Final = "-shm"
"""Shared memory: it is written through a mapping, never synced, and made anew after a power cut."""

_LINE = re.compile(r"(?P<thread>\d+)\s+(?P<rest>.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<rest>.*)", re.DOTALL)
_CALL = re.compile(r"(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<result>-?\d+)", re.DOTALL)
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_MARK = re.compile(rb"(ACK|TOLD) (\d+)\n")


@dataclass(slots=True)
class Tape:
    """Names and files as they stand after the processes that were read; the next one goes on from there."""

    folder: Path
    names: dict[str, int] = field(default_factory=dict)
    files: int = 0

    def read(self, lines: Iterable[str]) -> Iterator[Operation]:
        """The operations of one process. Its marks are lines that it writes to its standard output."""
        descriptors: dict[int, int | None] = {}
        for name, arguments, result in _calls(lines):
            if result < 0:
                continue
            yield from self._operations(name, arguments, result, descriptors)

    def _operations(
        self, name: str, arguments: list[str | bytes], result: int, descriptors: dict[int, int | None]
    ) -> Iterator[Operation]:
        """`descriptors`: the file of each that matters; None is the folder itself."""
        if name == "openat":
            yield from self._opened(arguments, result, descriptors)
            return
        if name in {"rename", "renameat", "renameat2", "unlink", "unlinkat"}:
            yield from self._renamed(name, [a for a in arguments if isinstance(a, bytes)])
            return
        if name == "write" and (mark := _MARK.fullmatch(_bytes(arguments[1]))):
            yield (Acknowledged if mark[1] == b"ACK" else Told)(int(mark[2]))
            return
        descriptor = int(arguments[0]) if arguments and str(arguments[0]).isdecimal() else -1
        if name == "close":
            descriptors.pop(descriptor, None)
        elif descriptor in descriptors:
            yield _of_file(name, arguments, result, descriptors[descriptor])
        elif any(self._name_of(argument) for argument in arguments if isinstance(argument, bytes)):
            raise ValueError(f"{name} of {arguments} is not understood")

    def _opened(
        self, arguments: list[str | bytes], descriptor: int, descriptors: dict[int, int | None]
    ) -> Iterator[Operation]:
        descriptors.pop(descriptor, None)
        if _bytes(arguments[1]) == bytes(self.folder):
            descriptors[descriptor] = None
        elif (name := self._name_of(arguments[1])) is not None:
            if name not in self.names:
                self.files += 1
                self.names[name] = self.files
                yield Create(name, self.files)
            elif "O_TRUNC" in str(arguments[2]):
                yield Truncate(self.names[name], 0)
            descriptors[descriptor] = self.names[name]

    def _renamed(self, name: str, paths: list[bytes]) -> Iterator[Operation]:
        known = [self._name_of(path) for path in paths]
        match known:
            case [str(old), str(new)]:
                file = self.names[new] = self.names.pop(old)
                yield Rename(old, new, file)
            case [str(gone)]:
                del self.names[gone]
                yield Unlink(gone)
            case _:
                if any(known):
                    raise ValueError(f"{name} of {paths} is not understood")

    def _name_of(self, path: str | bytes) -> str | None:
        """The name of a file in the folder; None for all other paths, and for shared memory."""
        there = Path(_bytes(path).decode())
        return there.name if there.parent == self.folder and not there.name.endswith(NOT_DATA) else None


def _of_file(name: str, arguments: list[str | bytes], result: int, file: int | None) -> Operation:
    match name:
        case "fsync" | "fdatasync":
            return SyncNames() if file is None else Sync(file)
        case "pwrite64" if file is not None:
            return Write(file, int(arguments[3]), _bytes(arguments[1])[:result])
        case "ftruncate" if file is not None:
            return Truncate(file, int(arguments[1]))
    raise ValueError(f"{name} on a file of the folder is not understood")


def _calls(lines: Iterable[str]) -> Iterator[tuple[str, list[str | bytes], int]]:
    """Whole calls: strace cuts in two those that another thread's call came into."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        thread, text = found["thread"], found["rest"].rstrip("\n")
        if text.endswith(_UNFINISHED):
            begun[thread] = text.removesuffix(_UNFINISHED)
            continue
        if resumed := _RESUMED.match(text):
            text = begun.pop(thread) + resumed["rest"]
        if call := _CALL.match(text):
            yield call["name"], _arguments(call["args"]), int(call["result"])


def _arguments(text: str) -> list[str | bytes]:
    """Strings as bytes, all else as strace printed it."""
    return [_argument(piece) for piece in text.split(", ")]


def _argument(piece: str) -> str | bytes:
    found = _STRING.fullmatch(piece)
    if found is None:
        return piece
    if found[2]:
        raise ValueError("strace cut a string short: give it a larger -s")
    return bytes.fromhex(found[1].replace("\\x", ""))


def _bytes(argument: str | bytes) -> bytes:
    if isinstance(argument, str):
        raise TypeError(f"{argument} is no string")
    return argument
