"""The kernel's notifications of system calls, as little of them as a harness needs (Linux 5.5 or newer).

A process puts itself under a filter; from then on each watched call of any of its threads waits, before
anything has happened, until whoever holds the listener has answered. See `gate` for that side.
"""

import ctypes
import fcntl
import os
import platform
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NUMBERS: Final = {
    "x86_64": {
        "write": 1,
        "pwrite64": 18,
        "writev": 20,
        "pwritev": 296,
        "pwritev2": 328,
        "fsync": 74,
        "fdatasync": 75,
        "sendto": 44,
        "sendmsg": 46,
        "sendmmsg": 307,
        "connect": 42,
        "rename": 82,
        "renameat": 264,
        "renameat2": 316,
        "truncate": 76,
        "ftruncate": 77,
        "unlink": 87,
        "unlinkat": 263,
        "openat": 257,
    },
    "aarch64": {
        "write": 64,
        "pwrite64": 68,
        "writev": 66,
        "pwritev": 70,
        "pwritev2": 287,
        "fsync": 82,
        "fdatasync": 83,
        "sendto": 206,
        "sendmsg": 211,
        "sendmmsg": 269,
        "connect": 203,
        "renameat": 38,
        "renameat2": 276,
        "truncate": 45,
        "ftruncate": 46,
        "unlinkat": 35,
        "openat": 56,
    },
}
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_MACHINE: Final = platform.machine()
NAMES: Final = {number: name for name, number in _NUMBERS.get(_MACHINE, {}).items()}
"""Every call that changes a file or leaves the process for a network, by its number on this machine.

Of `openat` only those that would write, or make the file.
"""
PATH_AT: Final = {
    **dict.fromkeys(("rename", "unlink", "truncate"), 0),
    **dict.fromkeys(("renameat", "renameat2", "unlinkat", "openat"), 1),
}
"""Which argument points to a path. Of the other calls the first one is a descriptor."""

_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1
_NEW_LISTENER: Final = 8
_RECEIVE: Final = 0xC0502100
_SEND: Final = 0xC0182101
_CONTINUE: Final = 1
_NOTIFICATION: Final = struct.Struct("=QIIiIQ6Q")
_RESPONSE: Final = struct.Struct("=QqiI")
# Classic BPF: load a word of the call, compare, return.
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _FLAGS_AT = 0, 32
_FLAGS_THAT_WRITE: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000


@dataclass(frozen=True, slots=True)
class Notification:
    """A call that waits: of the thread `thread`, with its raw arguments."""

    cookie: int
    thread: int
    name: str
    arguments: tuple[int, ...]


def is_possible() -> bool:
    """The kernel knows notifications, and this machine's numbers are known."""
    try:
        known = Path("/proc/sys/kernel/seccomp/actions_avail").read_text("ascii").split()
    except OSError:
        return False
    return _MACHINE in _NUMBERS and "user_notif" in known


def watch_this_thread() -> int:
    """From here on this thread, and all that it starts, waits at each call in NAMES. Returns the listener."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = _program()
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(instructions))
    _check(libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    return _check(libc.syscall(_SECCOMP[_MACHINE], _SET_MODE_FILTER, _NEW_LISTENER, program))


def receive(listener: int) -> Notification | None:
    """The next call that waits; None when its thread is gone already."""
    buffer = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except (FileNotFoundError, InterruptedError):
        return None
    cookie, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
    return Notification(cookie, thread, NAMES[number], tuple(arguments))


def answer(listener: int, asked: Notification, error: int = 0) -> bool:
    """Let the call happen, or let it fail with `error`. False: it waits no more (a signal, or its end)."""
    response = _RESPONSE.pack(asked.cookie, 0, -error, 0 if error else _CONTINUE)
    try:
        fcntl.ioctl(listener, _SEND, bytearray(response))
    except (FileNotFoundError, InterruptedError):
        return False
    return True


def _program() -> bytes:
    """Jumps count the instructions that are skipped."""

    def instruction(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_so, if_not, value)

    (opens,) = (number for number, name in NAMES.items() if name == "openat")
    others = sorted(NAMES.keys() - {opens})
    return b"".join(
        [
            instruction(_LOAD, _NUMBER_AT),
            *(
                instruction(_JUMP_IF_EQUAL, number, if_so=len(others) - place + 3)
                for place, number in enumerate(others)
            ),
            instruction(_JUMP_IF_EQUAL, opens, if_not=2),
            instruction(_LOAD, _FLAGS_AT),
            instruction(_JUMP_IF_ANY_BIT, _FLAGS_THAT_WRITE, if_so=1),
            instruction(_RETURN, _ALLOW),
            instruction(_RETURN, _NOTIFY),
        ]
    )


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
