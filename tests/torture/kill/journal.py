"""The harness's own truth as JSON lines: what was asked, served, heard and killed, in the order it happened.

Each line is one write to the file, made before what it tells of can be seen: a run that is cut off loses
none of it.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Line = dict[str, Any]


class Journal:
    def __init__(self, file: Path) -> None:
        self._stream = file.open("ab", buffering=0)

    @property
    def size(self) -> int:
        return self._stream.tell()

    def write(self, what: str, **facts: object) -> None:
        line = {"what": what, "at": now_ms(), **facts}
        self._stream.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def lines_of(file: Path, start: int = 0) -> Iterator[Line]:
    """From `start`, a size that the journal had."""
    if file.exists():
        with file.open("rb") as stream:
            stream.seek(start)
            yield from map(json.loads, stream)


def now_ms() -> int:
    """As the daemon stores times."""
    return time.time_ns() // 1_000_000
