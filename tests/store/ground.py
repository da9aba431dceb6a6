"""A real database file without the migrations, and a monitor without a network that writes into it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from monitor.core.answer import Failed, FailureKind, Listing, Poll, Row
from monitor.core.decision import Decision
from monitor.core.evaluate import decide
from monitor.core.matching import Criterion, Rule
from monitor.core.moment import to_ms
from monitor.core.product import UNKNOWN_ATTRIBUTES, Attributes, Feed, Invalid, ProductKey, Seen
from monitor.core.world import FeedState, Settings, World, absorb
from monitor.store.commit import Committed, commit
from monitor.store.engines import migration_engine
from monitor.store.row_ids import RowIds
from monitor.store.schema import metadata
from monitor.store.sqlite import WRITER_PRAGMAS, connect
from monitor.store.view import CREATE_VIEW

T = TypeVar("T")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed("alaya", None)
RULE = Rule("any", ((Criterion("product_code", globs=("*",)),),), ("slack", "mail"))
SETTINGS = Settings(
    (RULE,),
    {"slack": timedelta(hours=6), "mail": timedelta(hours=6)},
    ("mail",),
    {"alaya": timedelta(minutes=1), "other": timedelta(minutes=1)},
)
H800 = Attributes("train", Decimal(96), Decimal("512.5"), "H800", 8, Decimal(2000), Decimal("19.9"), 11)


@contextmanager
def new_store(folder: Path) -> Iterator[Engine]:
    """A fresh file; its connections begin as writers do."""
    file = folder / "monitor.db"
    made = migration_engine(file, timedelta(seconds=1))
    metadata.create_all(made)
    with made.begin() as connection:
        connection.exec_driver_sql(CREATE_VIEW)
    made.dispose()
    engine = _forgetful_engine(file)
    try:
        yield engine
    finally:
        engine.dispose()


def _forgetful_engine(file: Path) -> Engine:
    """As the store's own for writing, but it does not wait for the disk: these tests cut no power."""
    pragmas = (*WRITER_PRAGMAS, "synchronous=OFF")
    engine = create_engine("sqlite://", creator=lambda: connect(file, "rw", pragmas, timedelta(seconds=1)))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def key(code: str, aidc_id: int = 1, source: str = "alaya") -> ProductKey:
    return ProductKey(source, aidc_id, code)


def seen(remaining: int, stock_error: str | None = None, attributes: Attributes = UNKNOWN_ATTRIBUTES) -> Seen:
    return Seen(remaining, stock_error, attributes)


def listing(rows: dict[str, Seen | Invalid], aidc_id: int = 1, unusable: int = 0) -> Listing:
    return Listing(tuple(Row(aidc_id, code, observed) for code, observed in rows.items()), unusable)


TIMEOUT = Failed(FailureKind.TIMEOUT, "no answer within 10 s")


@dataclass
class Monitor:
    """Decides polls and commits them, as the daemon does; `seen` is the truth that the view must tell."""

    engine: Engine
    settings: Settings = SETTINGS
    now: datetime = NOON
    feeds: Sequence[Feed] = (FEED,)
    world: World = field(default_factory=World)
    ids: RowIds = field(default_factory=RowIds)
    event: Callable[[], str] = field(default_factory=lambda: map("event-{}".format, count()).__next__)

    def __post_init__(self) -> None:
        for feed in self.feeds:
            self.world.feeds[feed] = FeedState(self.now)
            self.world.products.setdefault(feed, {})

    def poll(
        self, answer: Listing | Failed, feed: Feed = FEED, later: timedelta = timedelta(seconds=15)
    ) -> tuple[Decision, Committed]:
        self.now += later
        poll = Poll(feed, self.now, timedelta(0), answer)
        decision, changes = decide(self.world, poll, self.settings, self.now, self.event)
        committed = self.write(lambda connection: commit(connection, decision, self.ids))
        self.ids.absorb(committed.added)
        absorb(self.world, changes)
        return decision, committed

    def write(self, fn: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return fn(connection)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql, values)]

    @property
    def now_ms(self) -> int:
        return to_ms(self.now)
