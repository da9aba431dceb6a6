"""Runs one program to its end or its deadline, in the caller's thread: input in, the end of its output out.

It gets a process group of its own, which is killed as a whole at the deadline. Nothing of it is inherited but
what is passed here.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Final

OUTPUT_KEPT_BYTES: Final = 4_000
_LOOK_S: Final = 0.05
"""So often it is asked whether it has ended: what it left behind may hold its output open for ever."""
_DIES_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is that of the exit, minus the signal that killed it, or None when its deadline passed."""

    code: int | None
    output: bytes


def run(argv: Sequence[str], given: bytes, environ: Mapping[str, str], deadline_s: float) -> Ended:
    """Output and errors come as one, of which the end is kept. Raises OSError when it cannot be started."""
    process = subprocess.Popen(  # noqa: S603 - what the user's configuration names, and never through a shell
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={name.encode(): value.encode(errors="surrogateescape") for name, value in environ.items()},
        start_new_session=True,
    )
    try:
        return _Conversation(process, given, time.monotonic() + deadline_s).held()
    finally:
        _end(process)


class _Conversation:
    """Neither side may block the other: the program may read nothing, and write without end."""

    def __init__(self, process: "subprocess.Popen[bytes]", given: bytes, until_s: float) -> None:
        self._process = process
        self._given = memoryview(given)
        self._until_s = until_s
        self._output = bytearray()
        self._pipes = selectors.DefaultSelector()

    def held(self) -> Ended:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        with self._pipes, self._process.stdin as to, self._process.stdout as out:
            self._watch(to, selectors.EVENT_WRITE)
            self._watch(out, selectors.EVENT_READ)
            while (left_s := self._until_s - time.monotonic()) > 0:
                if self._process.poll() is not None:
                    self._read_what_is_there(out)
                    return Ended(self._process.returncode, bytes(self._output))
                self._move(min(left_s, _LOOK_S), to)
            return Ended(None, bytes(self._output))

    def _watch(self, pipe: IO[bytes], event: int) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipes.register(pipe, event)

    def _move(self, wait_s: float, to: IO[bytes]) -> None:
        """What can be written and read now; without open pipes it only waits."""
        if not self._pipes.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(wait_s)
            return
        for key, _ in self._pipes.select(wait_s):
            if key.fileobj is to:
                self._write(to)
            elif not self._read(key.fd):
                self._pipes.unregister(key.fileobj)

    def _write(self, to: IO[bytes]) -> None:
        """A program that does not read to the end is no mistake."""
        with suppress(BlockingIOError):
            try:
                self._given = self._given[os.write(to.fileno(), self._given) :]
            except BrokenPipeError:
                self._given = self._given[:0]
            if not self._given:
                self._pipes.unregister(to)
                with suppress(BrokenPipeError):
                    to.close()

    def _read(self, fd: int) -> bool:
        """False at the end."""
        try:
            read = os.read(fd, 65_536)
        except BlockingIOError:
            return True
        self._output += read
        del self._output[:-OUTPUT_KEPT_BYTES]
        return bool(read)

    def _read_what_is_there(self, out: IO[bytes]) -> None:
        with suppress(BlockingIOError):
            while read := os.read(out.fileno(), 65_536):
                self._output += read
                del self._output[:-OUTPUT_KEPT_BYTES]
                if time.monotonic() > self._until_s:
                    return


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Of one that runs, its whole group is killed; what a finished one left behind on purpose lives on."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_DIES_WITHIN_S)
