"""Keeps Python's collector of cyclic garbage from holding up the loop. Not pure: it is the process's own.

A full pass looks at every object: 15 ms for what is imported, ten times that while thousands of products
change at once, and it comes again and again just then. Here hardly anything is a cycle.
"""

import gc
from typing import Final

YOUNG: Final = 2_000
MIDDLE: Final = 20
OLD: Final = 100


def settle() -> None:
    """Once all is loaded: leave that alone for good, and look at the rest in small portions."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
