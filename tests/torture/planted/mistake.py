"""A known mistake, as a value: what to change in the source, whom it would hurt, where it should be found."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Mistake:
    """`text` stands exactly once in `file`, and `instead` is what a hasty engineer might write there.

    `nearest`: the tests with which the search begins. `breaks`: the guarantee, "" for another promise.
    """

    name: str
    file: str
    text: str
    instead: str
    harm: str
    nearest: tuple[str, ...]
    breaks: str = ""

    def planted_in(self, source: str) -> str:
        """The source with the mistake. Raises ValueError when it does not fit (any more)."""
        if (found := source.count(self.text)) != 1:
            raise ValueError(f"{self.name}: its text stands {found} times in {self.file}, not once")
        changed = source.replace(self.text, self.instead)
        try:
            compile(changed, self.file, "exec")
        except SyntaxError as error:
            raise ValueError(f"{self.name}: {self.file} would not compile: {error}") from error
        return changed


@contextmanager
def planted(checkout: Path, mistake: Mistake) -> Iterator[None]:
    """That checkout has the mistake, and then its own source again.

    Each gets a time of change that no other file ever had: compiled modules are told apart by full seconds
    and by their size, which is the same for many a mistake.
    """
    file = checkout / mistake.file
    source, status = file.read_text("utf-8"), file.stat()
    changed = mistake.planted_in(source)
    try:
        file.write_text(changed, "utf-8")
        moment = next(_moments)
        os.utime(file, (moment, moment))
        yield
    finally:
        file.write_text(source, "utf-8")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


_moments: Final = count(1_000_000)
