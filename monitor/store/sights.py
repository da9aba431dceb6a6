"""What was seen anew of each product since a time, with its attributes of then: for replaying it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.core.moment import to_ms
from monitor.core.product import Absent, Attributes, Invalid, Observation, ProductKey, Seen
from monitor.core.replay import Past, Sight
from monitor.store.answers import Answers, StoredFeed, answers, feeds_polled
from monitor.store.codec import ATTRIBUTES, attribute_column, attributes_of
from monitor.store.poll_times import first_poll_since
from monitor.store.rows import Reader, Row

_PRODUCTS = (
    "SELECT p.id, s.name AS source, p.source_id, p.aidc_id, p.product_code, "
    + ", ".join(f"p.{name}" for name in ATTRIBUTES)
    + " FROM product p JOIN source s ON s.id = p.source_id ORDER BY s.name, p.aidc_id, p.product_code"
)
_CHANGES = "SELECT poll_id, field, old, new FROM product_change WHERE product_id = ? ORDER BY poll_id"
# From the last span before that told how many were left: what came between it and the time asked for was not.
_SPANS = (
    "SELECT s.first_poll_id, s.kind, s.remaining_count, s.stock_error, s.reason,"
    " f.valid + f.invalid + f.unusable AS row_count"
    " FROM snapshot s LEFT JOIN poll f ON f.id = s.first_poll_id"
    " WHERE s.product_id = ?1 AND s.first_poll_id >= coalesce((SELECT max(first_poll_id) FROM snapshot"
    " WHERE product_id = ?1 AND first_poll_id <= ?2 AND kind = 'valid'), 0) ORDER BY s.first_poll_id"
)

Wanted = Callable[[ProductKey, Sequence[Attributes]], bool]
"""Is this product, with each set of attributes that it had, to be read?"""


Progress = Callable[[int, int], None]
"""(done, of), in products."""


@dataclass(frozen=True, slots=True)
class Replayable:
    """`past` of one product, the answers that it was seen in, and each set of attributes that it had."""

    past: Past
    answers: Answers
    attributes: Sequence[Attributes]


def replayable(
    connection: Reader, since: datetime, wanted: Wanted, progress: Progress = lambda _done, _of: None
) -> Iterator[Replayable]:
    """Each product that was polled since then and is wanted, one at a time."""
    first = first_poll_since(connection, to_ms(since))
    covering = _Covering(connection, first)
    products = connection.exec_driver_sql(_PRODUCTS).all()
    for number, product in enumerate(products):
        progress(number, len(products))
        key = ProductKey(product.source, product.aidc_id, product.product_code)
        attributes = _Attributes(product[5:], connection.exec_driver_sql(_CHANGES, (product.id,)).all())
        if not wanted(key, attributes.all_of_them()):
            continue
        found = covering.of(product.source_id, product.aidc_id)
        if found is not None and found.ids:
            spans = connection.exec_driver_sql(_SPANS, (product.id, first)).all()
            sights = tuple(_sights(spans, attributes, found))
            past = Past(key, found.feed, sights, found.answered)
            yield Replayable(past, found, attributes.all_of_them())
    progress(len(products), len(products))


class _Covering:
    """The answers that say something of a data centre, read once where centres have the same feeds."""

    def __init__(self, connection: Reader, first_poll_id: int) -> None:
        self._connection = connection
        self._first = first_poll_id
        self._feeds = feeds_polled(connection, first_poll_id)
        self._found: dict[tuple[StoredFeed, ...], Answers | None] = {}

    def of(self, source_id: int, aidc_id: int) -> Answers | None:
        feeds = tuple(one for one in self._feeds if one.covers(source_id, aidc_id))
        if feeds not in self._found:
            self._found[feeds] = answers(self._connection, feeds, len(self._feeds), self._first)
        return self._found[feeds]


class _Attributes:
    """A product's attributes at each poll, from those of now and the changes before."""

    def __init__(self, now: Sequence[Any], changes: Sequence[Row]) -> None:
        values = dict(zip(ATTRIBUTES, now, strict=True))
        for change in reversed(changes):
            values[change.field] = attribute_column(change.field, change.old)
        self._begins = [0]
        self._sets = [attributes_of(list(values.values()))]
        for change in changes:
            values[change.field] = attribute_column(change.field, change.new)
            then = attributes_of(list(values.values()))
            if self._begins[-1] == change.poll_id:
                self._sets[-1] = then
            else:
                self._begins.append(change.poll_id)
                self._sets.append(then)

    def all_of_them(self) -> Sequence[Attributes]:
        return self._sets

    def begins_after(self, poll_id: int) -> list[int]:
        """The polls after that one with which an attribute changed."""
        return self._begins[bisect_right(self._begins, poll_id) :]

    def at(self, poll_id: int) -> Attributes:
        return self._sets[bisect_right(self._begins, poll_id) - 1]


def _sights(spans: Sequence[Row], attributes: _Attributes, found: Answers) -> Iterator[Sight]:
    """Of spans before the first answer only the order is true: they say what it was then."""
    start = found.answered.times[0]
    for span, later in zip(spans, [*spans[1:], None], strict=False):
        until = later.first_poll_id if later is not None else None
        for poll_id in _polls_of(span, until, attributes):
            at_ms = found.at(poll_id) if poll_id >= found.ids[0] else start - 1
            yield Sight(at_ms, _observation(span, attributes.at(poll_id)))
        if span.kind == "absent" and span.row_count != 0:
            second = found.clear_after(span.first_poll_id)
            if second is not None and (until is None or second < found.at(until)):
                yield Sight(max(second, start), Absent(sure=True))


def _polls_of(span: Row, until: int | None, attributes: _Attributes) -> Iterable[int]:
    """The first poll of the span, and those within it with which an attribute changed."""
    changed = attributes.begins_after(span.first_poll_id) if span.kind == "valid" else []
    return [span.first_poll_id, *(poll_id for poll_id in changed if until is None or poll_id < until)]


def _observation(span: Row, attributes: Attributes) -> Observation:
    match span.kind:
        case "valid":
            return Seen(span.remaining_count, span.stock_error, attributes)
        case "invalid":
            return Invalid(span.reason)
        case _:
            return Absent(sure=span.row_count == 0)
