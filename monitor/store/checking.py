"""Is the database whole? Reads all of it, and writes nothing."""

from collections.abc import Iterator
from typing import Final

from monitor.store.rows import Reader

MOST_PROBLEMS: Final = 20
TABLES: Final = ("product", "poll", "snapshot", "transition", "notice", "delivery")


def problems(connection: Reader) -> list[str]:
    """What is wrong with pages, indexes and rows, and rows that point to none; empty when all is well."""
    return list(_problems(connection))


def row_counts(connection: Reader) -> dict[str, int]:
    return {
        table: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
        for table in TABLES
    }


def _problems(connection: Reader) -> Iterator[str]:
    for said in connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_PROBLEMS})").scalars():
        if said != "ok":
            yield " ".join(str(said).split())
    orphans: dict[tuple[str, str], int] = {}
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        orphans[row[0], row[2]] = orphans.get((row[0], row[2]), 0) + 1
    for (table, parent), count in orphans.items():
        yield f"{count} rows of {table} point to rows of {parent} that are not there"
