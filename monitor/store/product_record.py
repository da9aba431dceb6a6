"""What was seen of each product since a time, as bare numbers: what statistics of a long time are made of.

Quick: the polls are read once for all products, and each product's spans in one query.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Final

from monitor.core.moment import to_ms
from monitor.core.price import Changed, PriceLog
from monitor.core.product import Attributes, Feed, ProductKey
from monitor.core.timeline import Stretch, common
from monitor.core.watched import NOT_KNOWN, Hole, Sight
from monitor.store.codec import ATTRIBUTES, attributes_of
from monitor.store.poll_log import PollLog, Polls, poll_logs
from monitor.store.poll_times import first_poll_since
from monitor.store.rows import Reader, Row
from monitor.store.unseen import patience, unseen_of
from monitor.store.view import BLANKS

_ABSENT: Final = -2
_PRODUCTS: Final = (
    "SELECT p.id, s.name AS source, p.source_id, p.aidc_id, p.product_code, "
    + ", ".join(f"p.{name}" for name in ATTRIBUTES)
    + " FROM product p JOIN source s ON s.id = p.source_id ORDER BY s.name, p.aidc_id, p.product_code"
)
_SPANS: Final = (
    "SELECT json_group_array(first_poll_id) AS firsts, json_group_array(CASE"
    f" WHEN remaining_count IS NULL THEN CASE WHEN reason IS NULL THEN {_ABSENT} ELSE {NOT_KNOWN} END"
    f" WHEN stock_error IS NULL OR trim(stock_error, char({BLANKS})) = '' THEN remaining_count ELSE 0 END)"
    " AS shown FROM (SELECT * FROM snapshot WHERE product_id = ?1 AND first_poll_id >= coalesce("
    "(SELECT max(first_poll_id) FROM snapshot WHERE product_id = ?1 AND first_poll_id <= ?2), 0)"
    " ORDER BY first_poll_id)"
)
# Had another ok poll missed it, or did the first one list nothing at all?
_WAS_SURE: Final = (
    "SELECT EXISTS (SELECT 1 FROM poll WHERE id > ?1 AND id < ?2 AND source_id = ?3"
    " AND (aidc_id IS NULL OR aidc_id = ?4) AND outcome = 'ok')"
    " OR EXISTS (SELECT 1 FROM poll WHERE id = ?1 AND valid + invalid + unusable = 0)"
)
_NO_END: Final = 2**62
_CHANGES: Final = (
    "SELECT c.product_id, c.field, c.old, poll.at FROM product_change c JOIN poll ON poll.id = c.poll_id"
    " WHERE c.field IN ('price', 'price_unit') AND c.poll_id >= ? ORDER BY c.product_id, c.poll_id"
)


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """`sights` from the one that reached into the time; `holes`: when no feed that covers it was answered.

    All moments are milliseconds; `answered_ms`: the last ok poll.
    """

    product_id: int
    key: ProductKey
    attributes: Attributes
    prices: PriceLog
    sights: Sequence[Sight[int]]
    answered_ms: int
    holes: Sequence[Hole[int]]


@dataclass(frozen=True, slots=True)
class _Place:
    """What was answered of one data centre of a source, whichever feed asked."""

    ok: Polls
    holes: Sequence[Hole[int]]


def product_records(
    connection: Reader, start: datetime, end: datetime, wanted: Collection[ProductKey]
) -> Iterator[ProductRecord]:
    """Of these products, in the order of their keys, one at a time."""
    first_id = first_poll_since(connection, to_ms(start))
    logs = list(poll_logs(connection, start))
    unseen = {log.feed: unseen_of(log, patience(connection, log), start, end) for log in logs}
    changes = _changes(connection, first_id)
    places: dict[tuple[int, int], _Place] = {}
    for row in connection.exec_driver_sql(_PRODUCTS).all():
        key = ProductKey(row.source, row.aidc_id, row.product_code)
        if key not in wanted:
            continue
        at = (row.source_id, row.aidc_id)
        if at not in places:
            places[at] = _place(logs, unseen, at, start, end)
        yield _record(connection, row, key, places[at], changes.get(row.id, ()), (first_id, to_ms(start)))


def _place(
    logs: Sequence[PollLog],
    unseen: Mapping[Feed, Sequence[Stretch]],
    at: tuple[int, int],
    start: datetime,
    end: datetime,
) -> _Place:
    covering = [log for log in logs if log.source_id == at[0] and log.feed.aidc_id in (None, at[1])]
    dark = common([unseen[log.feed] for log in covering], start, end)
    holes = [Hole(to_ms(d.start), to_ms(d.end), to_ms(d.answered_at or d.start)) for d in dark]
    return _Place(_merged([log.ok for log in covering]), holes)


def _merged(many: Sequence[Polls]) -> Polls:
    if len(many) == 1:
        return many[0]
    polls = list(merge(*(zip(polls.ids, polls.times, strict=True) for polls in many)))
    return Polls([id_ for id_, _ in polls], [at for _, at in polls])


def _record(
    connection: Reader,
    row: Row,
    key: ProductKey,
    place: _Place,
    changes: Sequence[Row],
    start: tuple[int, int],
) -> ProductRecord:
    spans = connection.exec_driver_sql(_SPANS, (row.id, start[0])).one()
    firsts, shown = json.loads(spans.firsts), json.loads(spans.shown)
    if _ABSENT in shown:
        shown = list(_told_surely(connection, row, place.ok.ids, firsts, shown))
    attributes = attributes_of(row[5:])
    amounts, units = (
        tuple(Changed(change.at, change.old) for change in changes if change.field == field)
        for field in ("price", "price_unit")
    )
    return ProductRecord(
        row.id,
        key,
        attributes,
        PriceLog(attributes.price, attributes.price_unit, amounts, units),
        _sights(place.ok, firsts, shown, start),
        place.ok.times[-1] if place.ok.times else start[1],
        place.holes,
    )


def _told_surely(
    connection: Reader, row: Row, ids: Sequence[int], firsts: Sequence[int], shown: Sequence[int]
) -> Iterator[int]:
    """What was shown, with every absence told as out, or as not known where a single poll saw it."""
    for count, first, until in zip(shown, firsts, [*firsts[1:], _NO_END], strict=True):
        if count != _ABSENT:
            yield count
            continue
        saw_it = bisect_left(ids, until) - bisect_left(ids, first)
        place = (first, until, row.source_id, row.aidc_id)
        is_sure = saw_it > 1 or connection.exec_driver_sql(_WAS_SURE, place).scalar()
        yield 0 if is_sure else NOT_KNOWN


def _sights(
    ok: Polls, firsts: Sequence[int], shown: Sequence[int], start: tuple[int, int]
) -> list[Sight[int]]:
    """What was so when the time began is told from just before that."""
    first_id, start_ms = start
    reaches_in = bool(firsts) and firsts[0] < first_id
    if not ok.ids:
        return [(start_ms - 1, None, shown[0])] if reaches_in else []
    indexes = [min(bisect_left(ok.ids, first), len(ok.ids) - 1) for first in firsts]
    befores = [ok.times[index - 1] if index else None for index in indexes]
    froms = [ok.times[index] for index in indexes]
    if reaches_in:
        froms[0], befores[0] = start_ms - 1, None
    return list(zip(froms, befores, shown, strict=True))


def _changes(connection: Reader, first_id: int) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in connection.exec_driver_sql(_CHANGES, (first_id,)):
        found.setdefault(row.product_id, []).append(row)
    return found
