"""What can be told of a database from outside: how it stands, and which products it knows.

Nothing is made, upgraded or locked: a daemon that starts in the same moment finds all as it was.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseError
from monitor.store.readonly import reading, reading_as_it_is
from monitor.store.revision import is_behind, revision_of
from monitor.store.sqlite import file_of

KERNEL_LOCKS: Final = Path("/proc/locks")
UNNAMED: Final = "unknown"
"""Who holds it has not written its name yet, or has just taken it back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`revision` None: nothing in it yet. `holder`: process id and words of the monitor that has it open.

    `is_writable`: by this user; of a file that is not there yet, its directory.
    """

    file: Path
    exists: bool
    revision: str | None
    is_behind: bool
    holder: str | None
    is_writable: bool


def standing(url: str) -> Standing:
    """Raises DatabaseError when the database is damaged, newer, not ours, or cannot be read."""
    file = file_of(url)
    if not file.parent.is_dir():
        raise DatabaseError(f"the directory {file.parent} does not exist; make it first")
    exists = file.exists()
    revision = _revision(file) if exists else None
    places = [file.parent, file] if exists else [file.parent]
    return Standing(
        file,
        exists,
        revision,
        is_behind(revision, file),
        holder_of(file),
        all(os.access(place, os.W_OK) for place in places),
    )


def product_codes(url: str) -> list[str]:
    """Every product code there is. Raises DatabaseError as reading verbs do."""
    with reading(url) as connection:
        return list(connection.exec_driver_sql("SELECT DISTINCT product_code FROM product").scalars())


def holder_of(file: Path) -> str | None:
    """The process id and words of who holds `file` for its life; None: nobody that is seen from here.

    Asked of the kernel: to try the lock would turn away a daemon that starts just then.
    """
    lock = Path(f"{file}.lock")
    with suppress(OSError):
        inode = lock.stat().st_ino
        if any(_is_on(line, inode) for line in KERNEL_LOCKS.read_text().splitlines()):
            return lock.read_text(errors="replace").strip() or UNNAMED
    return None


def _revision(file: Path) -> str | None:
    with reading_as_it_is(file) as connection:
        return revision_of(connection, file)


def _is_on(line: str, inode: int) -> bool:
    """`1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`; waiting ones begin their second word with `->`."""
    words = line.split()
    return len(words) > 5 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode)
