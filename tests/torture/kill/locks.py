"""Waits for whoever may still be at work in a folder of a run that was cut off."""

import fcntl
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO, Final

PATIENCE_S: Final = 30.0


def wait_for_lock(file: Path) -> IO[bytes]:
    """Holds it until the stream is closed. Raises TimeoutError when another does not let go."""
    stream = file.open("ab")
    deadline, pause = monotonic() + PATIENCE_S, Event()
    while not _takes(stream):
        if monotonic() > deadline:
            stream.close()
            raise TimeoutError(f"somebody still holds {file}")
        pause.wait(0.05)
    return stream


def _takes(stream: IO[bytes]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
