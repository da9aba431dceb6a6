"""The production's store on a SQLite file, writing in the loop's own thread: meanwhile no time passes."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from monitor.core.decision import Silence
from monitor.core.moment import to_ms
from monitor.store.database import Database
from monitor.store.store import Store
from monitor.store.writer import Writer
from tests.torture.clocks.post import End

T = TypeVar("T")
IDLE_ENDS_WITHIN_S = 10.0
_ENDS = (
    "SELECT d.id, coalesce(t.event_id, n.event_id), d.channel, d.state, d.reason FROM delivery d"
    " LEFT JOIN transition t ON t.id = d.transition_id LEFT JOIN notice n ON n.id = d.notice_id ORDER BY d.id"
)
_SILENCE = (
    "INSERT INTO silence (rule, product_code, from_at, until_at, created_at) VALUES (?1, ?2, ?3, ?4, ?3)"
)


class OnFile:
    """The file stays from one life to the next."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "monitor.db"
        self._database: Database | None = None

    def open(self) -> Store:
        self._database = Database.open(f"sqlite:///{self._file}", holder="a simulated month")
        return _InlineStore(self._database)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def silence(self, silence: Silence) -> None:
        times = (to_ms(silence.from_at), to_ms(silence.until_at))
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            connection.execute(_SILENCE, (silence.rule, silence.product_code, *times))

    def ends(self) -> Sequence[End]:
        with closing(sqlite3.connect(self._file)) as connection:
            return [End(*row) for row in connection.execute(_ENDS)]


class _InlineWriter(Writer):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        super().close(IDLE_ENDS_WITHIN_S)

    async def call(self, fn: Callable[[], T]) -> T:
        return fn()

    def close(self, timeout_s: float) -> bool:
        return True


class _InlineStore(Store):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._writer.close(IDLE_ENDS_WITHIN_S)
        self._writer = _InlineWriter(database)
