"""A monitor without network or waiting: decides listings and commits them, many polls to a transaction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from monitor.core.answer import Listing, Poll, Row
from monitor.core.backoff import Accepted
from monitor.core.decision import Decision, PollRecord, SpanStart
from monitor.core.evaluate import decide
from monitor.core.matching import Criterion, Range, Rule
from monitor.core.moment import to_ms
from monitor.core.product import Attributes, Feed, ProductKey, Seen
from monitor.core.world import FeedState, Settings, World, absorb
from monitor.store.commit import commit
from monitor.store.database import Database
from monitor.store.outbox import claim, record
from monitor.store.row_ids import RowIds
from tests.bench.catalogue import FAMILIES, OUT_OF_STOCK, aidc_of, code_of
from tests.bench.trace import Changes

FEED: Final = Feed("default", None)
CHANNEL: Final = "hook"
TOOK: Final = timedelta(milliseconds=38)
SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def key_of(number: int) -> ProductKey:
    return ProductKey(FEED.source, aidc_of(number), code_of(number))


def seen_of(number: int, left: int) -> Seen:
    return Seen(left, None if left else OUT_OF_STOCK, ATTRIBUTES[number % FAMILIES])


def watching(products: int) -> Settings:
    """One rule that watches so many products, and tells one channel of each time that one comes or goes."""
    codes = Criterion("product_code", globs=tuple(code_of(number) for number in range(products)))
    rule = Rule("watched", ((codes, Criterion("remaining", ranges=(Range.parse(">=1"),))),), (CHANNEL,))
    return Settings((rule,), {CHANNEL: timedelta(hours=6)}, (CHANNEL,), {FEED.source: timedelta(minutes=1)})


class Decider:
    """What each poll has to be stored. Only the first few products, which are watched, need deciding:

    of the others the spans are what changed, and to decide them, too, would take six times as long.
    """

    def __init__(self, products: int, watched: int, now: datetime) -> None:
        self._products = products
        self._settings = watching(watched)
        self._rows = [_row(number, 0) for number in range(watched)]
        self._ids = map("{:012}".format, count())
        self._world = World(feeds={FEED: FeedState(now)}, products={FEED: {}})

    def __call__(self, changed: Changes, at: datetime) -> Decision:
        for number in changed.keys() & range(len(self._rows)):
            self._rows[number] = _row(number, changed[number])
        poll = Poll(FEED, at, TOOK, Listing(tuple(self._rows)))
        decision, changes = decide(self._world, poll, self._settings, at + TOOK, self._ids.__next__)
        absorb(self._world, changes)
        unwatched = {number: left for number, left in changed.items() if number >= len(self._rows)}
        all_of_it = as_decision(unwatched, at, self._products)
        return replace(decision, poll=all_of_it.poll, spans=decision.spans + all_of_it.spans)


def as_decision(changed: Changes, at: datetime, products: int) -> Decision:
    """What a poll writes that no rule looks at."""
    spans = [SpanStart(key_of(number), seen_of(number, left)) for number, left in changed.items()]
    return Decision(PollRecord(FEED, at, TOOK, valid=products), spans)


class Recorder:
    """Commits decisions with the daemon's own statements."""

    def __init__(self, file: Path) -> None:
        self.database = Database.open(f"sqlite:///{file}", holder="bench")
        self._ids = RowIds()

    def write(self, decisions: Iterable[Decision]) -> None:
        """All of them in one transaction."""

        def write(connection: Connection) -> None:
            for decision in decisions:
                self._commit(connection, decision)

        self.database.write(write)

    def checkpoint(self) -> None:
        self.database.checkpoint()

    def bytes_of(self) -> int:
        """The file and whatever lies beside it."""
        file = self.database.file
        return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))

    def _commit(self, connection: Connection, decision: Decision) -> None:
        at = (decision.poll.at if decision.poll else SOME_TIME) + TOOK
        self._ids.absorb(commit(connection, decision, self._ids, to_ms(at)).added)
        if decision.channels():
            _send(connection, at)


def _send(connection: Connection, now: datetime) -> None:
    """As if the channel had taken it at once."""
    message = claim(connection, CHANNEL, now)
    told = [item.delivery_id for item in message.items]
    record(connection, told, Accepted(), now + TOOK, TOOK, f"m{to_ms(now)}", 0.5)


def _row(number: int, left: int) -> Row:
    return Row(aidc_of(number), code_of(number), seen_of(number, left))


ATTRIBUTES: Final = [
    Attributes(
        *(f"8-GPU node, family {family:02}", Decimal(96), Decimal(1024), f"NVIDIA-F{family:02}-80GB"),
        *(8, Decimal(2000), Decimal("19.5"), 11),
    )
    for family in range(FAMILIES)
]
