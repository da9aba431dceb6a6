"""A connection for reading without SQLAlchemy, whose import takes longer than all that `status` does."""

import sqlite3
from collections import namedtuple
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

from monitor.store.rows import Row


class PlainReader:
    """A `Reader` over the driver's own connection, which the caller opens and closes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def exec_driver_sql(self, statement: str, parameters: Sequence[Any] | None = None, /) -> "PlainRows":
        cursor = self._connection.execute(statement, parameters or ())
        return PlainRows(cursor, tuple(column[0] for column in cursor.description))


class PlainRows:
    """The rows of one statement; where one is asked for and there is another number, LookupError."""

    def __init__(self, cursor: sqlite3.Cursor, columns: tuple[str, ...]) -> None:
        self._cursor = cursor
        self._columns = columns

    def __iter__(self) -> Iterator[Row]:
        return map(_row_of(self._columns)._make, self._cursor)

    def all(self) -> list[Row]:
        return list(self)

    def one(self) -> Row:
        found = self.one_or_none()
        if found is None:
            raise LookupError("no row where one must be")
        return found

    def one_or_none(self) -> Row | None:
        found = list(islice(self, 2))
        self._cursor.close()
        if len(found) > 1:
            raise LookupError("several rows where one must be")
        return found[0] if found else None

    def scalar(self) -> Any:
        found = self._cursor.fetchone()
        self._cursor.close()
        return None if found is None else found[0]

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> "PlainValues":
        return PlainValues(self._cursor)


class PlainValues:
    """The first column of each row."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[Any]:
        return (row[0] for row in self._cursor)

    def all(self) -> list[Any]:
        return list(self)


@cache
def _row_of(columns: tuple[str, ...]) -> Any:
    return namedtuple("PlainRow", columns, rename=True)  # noqa: PYI024  the columns are known only now
