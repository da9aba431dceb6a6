"""Finds polls by time without an index on it: ids grow with time, so a bisection over ids will do.

A wall clock that stepped back makes the answer inexact by as much as it stepped, and nothing worse.
"""

from datetime import timedelta
from typing import Final

from monitor.store.rows import Reader

THIN_AFTER: Final = timedelta(days=30)
"""Of older polls the housekeeping keeps those that tell something, and one an hour."""

# Asked for together in one SELECT, SQLite would find them by a look at every row.
_ENDS: Final = "SELECT coalesce((SELECT min(id) FROM poll), 1), coalesce((SELECT max(id) FROM poll), 0) + 1"
_NEXT: Final = "SELECT id, at FROM poll WHERE id >= ? ORDER BY id LIMIT 1"


def first_poll_since(connection: Reader, at_ms: int) -> int:
    """The id of the first poll at or after that time; one more than the newest id if there is none."""
    low, high = connection.exec_driver_sql(_ENDS).one()
    while low < high:
        middle = (low + high) // 2
        poll_id, at = connection.exec_driver_sql(_NEXT, (middle,)).one()
        if at < at_ms:
            low = poll_id + 1
        else:
            high = middle
    return int(low)
