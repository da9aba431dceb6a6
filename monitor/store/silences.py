"""Silences, as people make and end them by hand. The daemon reads them anew when another process wrote."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from monitor.core.decision import Silence
from monitor.core.errors import MonitorError
from monitor.core.moment import from_ms, to_ms
from monitor.store.codec import from_ms_or_none
from monitor.store.rows import Reader

_ADD = (
    "INSERT INTO silence (rule, product_code, from_at, until_at, reason, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?3) RETURNING id"
)
_COLUMNS = "id, rule, product_code, from_at, until_at, ended_at, reason"
_ALL = f"SELECT {_COLUMNS} FROM silence ORDER BY id"
_END = "UPDATE silence SET ended_at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class StoredSilence:
    """`ended_at`: when somebody ended it before its time."""

    silence_id: int
    silence: Silence
    ended_at: datetime | None
    reason: str | None

    def is_over(self, now: datetime) -> bool:
        return self.ended_at is not None or self.silence.until_at <= now


def all_silences(connection: Reader) -> tuple[StoredSilence, ...]:
    """Active and past ones, oldest first."""
    rows = connection.exec_driver_sql(_ALL)
    return tuple(
        StoredSilence(
            row.id,
            Silence(from_ms(row.from_at), from_ms(row.until_at), row.rule, row.product_code),
            from_ms_or_none(row.ended_at),
            row.reason,
        )
        for row in rows
    )


def add_silence(connection: Connection, silence: Silence, reason: str | None) -> int:
    """Returns its number."""
    row = (silence.rule, silence.product_code, to_ms(silence.from_at), to_ms(silence.until_at), reason)
    silence_id: int = connection.exec_driver_sql(_ADD, row).scalar_one()
    return silence_id


def end_silence(connection: Connection, silence_id: int, now: datetime) -> StoredSilence:
    """End it before its time; it stays on record. Returns it as it was.

    Raises MonitorError when there is none of that number, or when it is over.
    """
    found = next((one for one in all_silences(connection) if one.silence_id == silence_id), None)
    if found is None:
        raise MonitorError(f"there is no silence {silence_id}; `monitor silences` lists them")
    if found.is_over(now):
        raise MonitorError(f"silence {silence_id} is over already")
    connection.exec_driver_sql(_END, (to_ms(now), silence_id))
    return found
