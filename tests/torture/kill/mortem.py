"""What a dead daemon left in the database, read from a copy: the next one finds the file as it was left."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DATABASE = "monitor.db"
WAITING = "state IN ('pending', 'retry')"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that was in flight."""

    event: str
    channel: str
    at: int


@dataclass(frozen=True, slots=True)
class Mortem:
    """`unclaimed`: never tried, nobody's turn yet; by channel, as `waiting`, which counts all not ended."""

    polls: int = 0
    ok_polls: int = 0
    claimed: tuple[Claimed, ...] = ()
    unclaimed: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    stock: Mapping[str, int] = field(default_factory=dict)


def examine(folder: Path) -> Mortem:
    """Before the first upgrade is through there is nothing to be found."""
    database = folder / DATABASE
    if not database.exists():
        return Mortem()
    log = Path(f"{database}-wal")
    scratch = folder / "copy"
    scratch.mkdir(exist_ok=True)
    copies = scratch / DATABASE
    for stale in scratch.iterdir():
        stale.unlink()
    shutil.copyfile(database, copies)
    if log.exists():
        shutil.copyfile(log, f"{copies}-wal")
    with closing(sqlite3.connect(copies)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'delivery'").fetchone():
            return Mortem()
        return _examined(connection)


@contextmanager
def beside(folder: Path) -> Iterator[sqlite3.Connection]:
    """A reader beside a living daemon."""
    address = f"file:{folder / DATABASE}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
        yield connection


def is_at_rest(connection: sqlite3.Connection, since_poll: int, feeds: int) -> bool:
    """Each feed was polled with success since then, and nothing is left to be told."""
    polled = connection.execute(
        "SELECT count(DISTINCT aidc_id) FROM poll WHERE id > ? AND outcome = 'ok'", (since_poll,)
    ).fetchone()
    waits = connection.execute(f"SELECT 1 FROM delivery WHERE {WAITING} LIMIT 1").fetchone()
    return polled[0] == feeds and waits is None


def _examined(connection: sqlite3.Connection) -> Mortem:
    claimed = connection.execute(
        "SELECT coalesce(t.event_id, n.event_id), d.channel, d.claimed_at FROM delivery d"
        " LEFT JOIN transition t ON t.id = d.transition_id LEFT JOIN notice n ON n.id = d.notice_id"
        f" WHERE d.{WAITING} AND d.claimed_at IS NOT NULL ORDER BY d.id"
    )
    by_channel = "SELECT channel, count(*) FROM delivery WHERE {} GROUP BY channel"
    unclaimed = "state = 'pending' AND attempts = 0 AND claimed_at IS NULL"
    stock = connection.execute(
        "SELECT p.product_code, s.remaining_count FROM snapshot s JOIN product p ON p.id = s.product_id"
        " WHERE s.until_poll_id IS NULL AND s.remaining_count IS NOT NULL"
    )
    polls = "SELECT coalesce(max(id), 0), count(*) FILTER (WHERE outcome = 'ok') FROM poll"
    newest, ok = connection.execute(polls).fetchone()
    return Mortem(
        polls=newest,
        ok_polls=ok,
        claimed=tuple(Claimed(*row) for row in claimed),
        unclaimed=dict(connection.execute(by_channel.format(unclaimed)).fetchall()),
        waiting=dict(connection.execute(by_channel.format(WAITING)).fetchall()),
        stock=dict(stock.fetchall()),
    )
