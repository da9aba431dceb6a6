"""Opens the database for a verb that reads, as any user who may read the file, without SQLAlchemy."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from monitor.store.locks import PATIENCE
from monitor.store.plain import PlainReader
from monitor.store.revision import refuse_missing, refuse_unusable
from monitor.store.rows import Reader
from monitor.store.sqlite import connect_reader, file_of, plain_errors


@contextmanager
def reading(url: str, *, patience: timedelta = PATIENCE) -> Iterator[Reader]:
    """One transaction: all that it reads is of one moment. Never creates or upgrades.

    Raises DatabaseError when the database is missing, damaged, not ours, or of another release's schema.
    """
    file = file_of(url)
    refuse_missing(file)
    with reading_as_it_is(file, patience) as connection:
        refuse_unusable(connection, file)
        yield connection


@contextmanager
def reading_as_it_is(file: Path, patience: timedelta = PATIENCE) -> Iterator[Reader]:
    """As `reading`, of whatever schema. Raises DatabaseError for what SQLite says of the file."""
    with plain_errors(file), closing(connect_reader(file, patience)) as connection:
        connection.execute("BEGIN").close()
        yield PlainReader(connection)
