"""Keeps C's allocator from setting memory aside for each thread. Not pure: it is the process's own.

Every send has a thread of its own. Each arena that a thread once had keeps up to a megabyte of free pages
for good, and only a moment in which several threads work makes one: a month of those was 3 MB more.
"""

import ctypes
from contextlib import suppress
from typing import Final

M_ARENA_MAX: Final = -8
"""From malloc.h of the GNU C library."""


def share_one_arena() -> None:
    """Before there are threads; the interpreter's lock leaves them little to wait for one another.

    Other C libraries have no arenas, or do not let us choose.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
