"""A gate that every write, sync, send, connect, rename and the like of a daemon passes before it happens.

Who guards it sees the calls of all threads in one order, and lets each pass, fail, or be the daemon's end:
exact where strace's `when=` is not, for that counts the calls of each thread for itself.
"""

import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from tests.torture import seccomp

PATIENCE_S: Final = 30.0
LONGEST_PATH: Final = 4096
_gates = count()


@dataclass(frozen=True, slots=True)
class Call:
    """The `number`th of this life, from 1. `file`: what it is about, a path or such as `socket:[7]`."""

    number: int
    name: str
    file: str
    thread: int


@dataclass(frozen=True, slots=True)
class Pass:
    """It happens as if nobody looked."""


@dataclass(frozen=True, slots=True)
class Fail:
    """It does not happen; the caller gets this errno."""

    error: int


@dataclass(frozen=True, slots=True)
class Kill:
    """It does not happen, and its process dies of SIGKILL."""


Verdict = Pass | Fail | Kill
Guard = Callable[[Call], Verdict]


class Gate:
    """One life of one daemon. Have the daemon `enter(gate.address)`; `calls` counts, `killed` tells."""

    def __init__(self, guard: Guard) -> None:
        # An abstract address: a path may be too long for a socket, and would lie about.
        self.address = f"gate-{os.getpid()}-{next(_gates)}"
        self.calls = 0
        self.killed = Event()
        self.errors: list[BaseException] = []
        self._guard = guard
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(f"\0{self.address}")
        self._server.listen(1)
        self._stop, self._stopped = os.pipe()
        self._thread = Thread(target=self._run, name="gate", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The daemon should be gone: from here on its calls would fail."""
        os.close(self._stopped)
        self._thread.join(PATIENCE_S)
        os.close(self._stop)
        self._server.close()
        if self.errors and error is None:
            raise self.errors[0]

    def _run(self) -> None:
        try:
            accepted = self._accept()
            if accepted is None:
                return
            process, listener = accepted
            try:
                self._watch(process, listener)
            finally:
                os.close(listener)
        except BaseException as error:
            self.errors.append(error)

    def _accept(self) -> tuple[int, int] | None:
        ready = select.select([self._server.fileno(), self._stop], [], [])[0]
        if self._stop in ready:
            return None
        connection, _ = self._server.accept()
        with connection:
            process, _, _ = struct.unpack(
                "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            )
            _, [listener], _, _ = socket.recv_fds(connection, 1, 1)
        return process, listener

    def _watch(self, process: int, listener: int) -> None:
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        while True:
            for descriptor, events in waiting.poll():
                if descriptor == self._stop or not events & select.POLLIN:
                    return
                asked = seccomp.receive(listener)
                if asked is not None:
                    self._decide(process, listener, asked)

    def _decide(self, process: int, listener: int, asked: seccomp.Notification) -> None:
        self.calls += 1
        match self._guard(Call(self.calls, asked.name, _file_of(asked), asked.thread)):
            case Pass():
                seccomp.answer(listener, asked)
            case Fail(error):
                seccomp.answer(listener, asked, error)
            case Kill():
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                self.killed.set()


def enter(address: str) -> None:
    """In the process that is to be guarded, while it has one thread: from here on it waits at the gate."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(f"\0{address}")
    made: SimpleQueue[int] = SimpleQueue()

    def hand_over() -> None:
        listener = made.get()
        with connection:
            socket.send_fds(connection, [b"."], [listener])
        os.close(listener)

    # Started before the filter is there, so that its own call needs no permission.
    messenger = Thread(target=hand_over)
    messenger.start()
    made.put(seccomp.watch_this_thread())
    messenger.join()


def _file_of(asked: seccomp.Notification) -> str:
    """What the call is about: a path, or such as `socket:[7]`. Empty when its thread is gone."""
    place = seccomp.PATH_AT.get(asked.name)
    try:
        if place is None:
            return str(Path(f"/proc/{asked.thread}/fd/{asked.arguments[0]}").readlink())
        with Path(f"/proc/{asked.thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(asked.arguments[place])
            return memory.read(LONGEST_PATH).partition(b"\0")[0].decode(errors="replace")
    except OSError:
        return ""
