"""Reads what strace wrote of one unit: which calls its processes made, and what they wrote to. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import isabs, join, normpath
from typing import Final

_LINE: Final = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*?)(?:\) += (?P<result>.+)| <unfinished \.\.\.>)$")
_THREAD: Final = re.compile(r"/\* (\d+) in strace's PID NS \*/")
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PATH_OF_FD: Final = re.compile(r"^\d+<(?P<path>/[^>]*)>")
_FOLDER: Final = re.compile(r"^(?:AT_FDCWD|\d+)<(?P<path>/[^>]*)>")
_SOCKET: Final = re.compile(r'sun_path=@?"(?P<path>[^"]*)"')
_ADDRESS: Final = re.compile(r'inet_(?:addr\(|pton\(AF_INET6, )"(?P<address>[^"]*)"')
_WRITING_FLAGS: Final = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")
_OPENS: Final = frozenset({"open", "openat", "openat2", "creat"})
_CHANGES: Final = frozenset(
    {"mkdir", "mkdirat", "rmdir", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat"}
    | {"symlink", "symlinkat", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate", "mknod"}
    | {"mknodat", "utimensat", "utime", "utimes", "setxattr", "lsetxattr", "removexattr", "mount"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """`result` is empty when the process ended within the call."""

    name: str
    arguments: str
    result: str

    @property
    def failed(self) -> str | None:
        """EPERM, ENOENT ..."""
        found = re.match(r"-1 (E\w+)", self.result)
        return found[1] if found else None


def read(lines: Iterable[str]) -> list[Call]:
    """What is no call, such as signals and exits, is left out."""
    found = (_LINE.match(line.rstrip("\n")) for line in lines)
    return [Call(m["name"], m["arguments"], m["result"] or "") for m in found if m]


def of_program(traces: Mapping[int, Sequence[Call]], program: str) -> list[Call]:
    """Of every process that became this program, from then on, with all that it started.

    `traces`: by the id of the thread, as strace names its files.
    """
    calls: list[Call] = []
    for own in traces.values():
        starts = [n for n, call in enumerate(own) if _becomes(call, program)]
        if starts:
            calls += own[starts[0] :]
            calls += _started_by(own[starts[0] :], traces)
    return calls


def written(calls: Iterable[Call], folder: str) -> Iterator[tuple[str, Call]]:
    """(path, call) of each call that writes, makes, moves or removes; relative paths lie in `folder`."""
    for call in calls:
        if call.name in _OPENS and any(flag in call.arguments for flag in _WRITING_FLAGS):
            opened = _PATH_OF_FD.match(call.result)
            yield (opened["path"] if opened else _paths(call, folder)[0]), call
        elif call.name in _CHANGES:
            for path in _paths(call, folder):
                yield path, call


def sockets(calls: Iterable[Call]) -> set[str]:
    """Addresses that were connected, sent or bound to: of the file system, and of the network."""
    patterns = (_SOCKET, _ADDRESS)
    texts = [call.arguments for call in calls if call.name in {"connect", "bind", "sendto", "sendmsg"}]
    return {found[1] for text in texts for pattern in patterns for found in pattern.finditer(text)}


def _becomes(call: Call, program: str) -> bool:
    return call.name == "execve" and call.result == "0" and f'"{program}"' in call.arguments


def _started_by(own: Sequence[Call], traces: Mapping[int, Sequence[Call]]) -> Iterator[Call]:
    for call in own:
        if call.name in {"clone", "clone3", "fork", "vfork"} and (thread := _THREAD.search(call.result)):
            started = traces.get(int(thread[1]), ())
            yield from started
            yield from _started_by(started, traces)


def _paths(call: Call, folder: str) -> list[str]:
    base = _FOLDER.match(call.arguments)
    where = base["path"] if base else folder
    texts = _TEXT.findall(call.arguments)
    if call.name.startswith("symlink"):
        texts = texts[1:]
    return [normpath(text if isabs(text) else join(where, text)) for text in texts[:2]] or ["(unknown)"]
