"""The polls of each feed since a time, as bare numbers: a year of them in half a second.

SQLite hands each column over as one text of JSON: to make an object of every row would take thrice as long.
"""

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.core.moment import to_ms
from monitor.core.product import Feed
from monitor.store.poll_times import first_poll_since
from monitor.store.rows import Reader

FEEDS: Final = (
    "SELECT s.name AS source, f.source_id, f.aidc_id"
    " FROM (SELECT DISTINCT source_id, aidc_id FROM poll WHERE id >= ?) f"
    " JOIN source s ON s.id = f.source_id ORDER BY s.name, f.aidc_id"
)
"""A look at each poll, but none at its source."""

_POLLS: Final = (
    "SELECT json_group_array(id) AS ids, json_group_array(at) AS times FROM (SELECT id, at FROM poll"
    " WHERE id >= ? AND source_id = ? AND aidc_id IS ? AND outcome = '{}' ORDER BY id)"
)


@dataclass(frozen=True, slots=True)
class Polls:
    """Ids and milliseconds, in order of the ids."""

    ids: Sequence[int]
    times: Sequence[int]


@dataclass(frozen=True, slots=True)
class PollLog:
    """The polls of one feed."""

    feed: Feed
    source_id: int
    ok: Polls
    failed: Polls


def poll_logs(connection: Reader, since: datetime) -> Iterator[PollLog]:
    """Of each feed that was polled since then."""
    first = first_poll_since(connection, to_ms(since))
    for row in connection.exec_driver_sql(FEEDS, (first,)).all():
        place = (first, row.source_id, row.aidc_id)
        yield PollLog(
            Feed(row.source, row.aidc_id),
            row.source_id,
            _polls(connection, "ok", place),
            _polls(connection, "failed", place),
        )


def _polls(connection: Reader, outcome: str, place: tuple[int, int, int | None]) -> Polls:
    row = connection.exec_driver_sql(_POLLS.format(outcome), place).one()
    return Polls(array("q", json.loads(row.ids)), array("q", json.loads(row.times)))
