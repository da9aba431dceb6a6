"""How the polls of a feed went, read by walking back from the newest one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.core.answer import FailureKind
from monitor.core.moment import from_ms
from monitor.core.product import Feed
from monitor.store.rows import Reader, Row

EMPTIES_COUNTED: Final = 3

_COLUMNS = "id, at, duration_ms, outcome, reason, valid + invalid + unusable AS row_count"
_OF_FEED = f"SELECT {_COLUMNS} FROM poll WHERE source_id = ? AND aidc_id IS ?"
_NEWEST = f"{_OF_FEED} ORDER BY id DESC LIMIT 1"
_NEWEST_OK = f"{_OF_FEED} AND outcome = 'ok' ORDER BY id DESC LIMIT 1"
_NEWEST_FILLED = f"{_OF_FEED} AND outcome = 'ok' AND valid + invalid + unusable > 0 ORDER BY id DESC LIMIT 1"
# A list of rows that are no use was not empty: the count begins anew after it.
_NEWEST_USELESS = (
    "SELECT coalesce(max(id), ?1) FROM poll WHERE id > ?1 AND source_id = ?2 AND aidc_id IS ?3"
    f" AND outcome = 'failed' AND reason GLOB '{FailureKind.NO_USABLE_ROW.value}*'"
)
_EMPTIES = (
    f"SELECT count(*) FROM (SELECT 1 FROM poll WHERE id > ({_NEWEST_USELESS}) AND source_id = ?2"
    " AND aidc_id IS ?3 AND (outcome = 'ok' OR reason = ?4) LIMIT ?5)"
)
_EVER_LISTED = "SELECT EXISTS (SELECT 1 FROM product WHERE source_id = ?1 AND (?2 IS NULL OR aidc_id = ?2))"


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """`ever_listed`: by this feed or by another that covered the same products.

    `empties`: empty answers in a row, other failures left out, counted to three: then they are believed.
    `last_failure` is the reason of the newest poll, if that one failed.
    """

    feed: Feed
    last_poll_at: datetime | None = None
    last_ok_at: datetime | None = None
    ever_listed: bool = False
    empties: int = 0
    last_failure: str | None = None


def read_feed(connection: Reader, feed: Feed, source_id: int | None) -> StoredFeed:
    """`last_ok_at` is when the answer was there, `last_poll_at` when the request was sent."""
    if source_id is None:
        return StoredFeed(feed)
    key = (source_id, feed.aidc_id)
    ever_listed = bool(connection.exec_driver_sql(_EVER_LISTED, key).scalar())
    newest = connection.exec_driver_sql(_NEWEST, key).one_or_none()
    if newest is None:
        return StoredFeed(feed, ever_listed=ever_listed)
    is_ok = newest.outcome == "ok"
    last_ok = newest if is_ok else connection.exec_driver_sql(_NEWEST_OK, key).one_or_none()
    return StoredFeed(
        feed,
        from_ms(newest.at),
        None if last_ok is None else from_ms(last_ok.at + last_ok.duration_ms),
        ever_listed,
        _empties(connection, key, last_ok),
        None if is_ok else newest.reason,
    )


def _empties(connection: Reader, key: tuple[int, int | None], last_ok: Row | None) -> int:
    filled = last_ok
    if last_ok is not None and last_ok.row_count == 0:
        filled = connection.exec_driver_sql(_NEWEST_FILLED, key).one_or_none()
    after = 0 if filled is None else filled.id
    values = (after, *key, FailureKind.EMPTY_LIST.value, EMPTIES_COUNTED)
    return int(connection.exec_driver_sql(_EMPTIES, values).scalar_one())
