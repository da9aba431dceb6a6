"""Makes a failing body small: whatever can be left out without the failure going away is left out. Pure."""

from collections.abc import Callable
from typing import Final

MOST_TRIES: Final = 2_000


def shrunk(body: bytes, fails: Callable[[bytes], bool], tries: int = MOST_TRIES) -> bytes:
    """A body that still fails, and mostly none of whose pieces can go. `fails(body)` must hold."""
    size = max(len(body) // 2, 1)
    while tries > 0:
        at, shrank = 0, False
        while at < len(body) and tries > 0:
            candidate = body[:at] + body[at + size :]
            tries -= 1
            if fails(candidate):
                body, shrank = candidate, True
            else:
                at += size
        if size == 1 and not shrank:
            break
        size = size if shrank and size == 1 else max(size // 2, 1)
    return body
