"""Log lines: `key=value` text on a terminal, JSON elsewhere, native fields in systemd's journal.

One line for each unit of work; a record's `fields` (given as `extra={"fields": {...}}`) follow its words.
"""

import json
import logging
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TextIO

from monitor.core.decision import Notice, NoticeKind

_log = logging.getLogger(__name__)
JOURNAL: Final = "/run/systemd/journal/socket"
_PRIORITIES: Final = ((50, 2), (40, 3), (30, 4), (20, 6))


def set_up(environ: Mapping[str, str], stream: TextIO, journal: str = JOURNAL) -> None:
    """Send everything of level MONITOR_LOG (default INFO) and above to the one place where it belongs."""
    level = logging.getLevelNamesMapping().get(environ.get("MONITOR_LOG", "INFO").upper(), logging.INFO)
    root = logging.getLogger()
    root.handlers[:] = [_handler(environ, stream, journal)]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a closed stdout must not end in a traceback for each line


def let_go(stream: TextIO) -> None:
    """At the end: what a reader that is gone did not take must not become an exit code of the interpreter."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def log_notices(notices: Iterable[Notice]) -> None:
    """What the monitor tells of itself stands in the log, too, whatever becomes of its messages."""
    for notice in notices:
        level = logging.INFO if notice.kind is NoticeKind.BACK else logging.WARNING
        fields = {"kind": notice.kind.value, "subject": notice.subject, "event": notice.event_id}
        _log.log(level, "notice", extra={"fields": fields})


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    fields = getattr(record, "fields", None)
    return dict(fields) if isinstance(fields, Mapping) else {}


class TextFormatter(logging.Formatter):
    """`10:02:03 poll ok source=default products=42`, for people."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        fields = "".join(f" {key}={_quoted(value)}" for key, value in fields_of(record).items())
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        return f"{at} {level}{record.getMessage()}{fields}{_traceback(self, record)}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {
            key: value if isinstance(value, int | float) else str(value)
            for key, value in fields_of(record).items()
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class JournalHandler(logging.Handler):
    """systemd's native protocol: each field is kept, and a line break in one starts no new entry."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a journal that stands still must not stop the loop

    def emit(self, record: logging.LogRecord) -> None:
        fields = {f"MONITOR_{key.upper()}": str(value) for key, value in fields_of(record).items()}
        words = "".join(f" {key}={_quoted(value)}" for key, value in fields_of(record).items())
        fields |= {
            "MESSAGE": record.getMessage() + words + _traceback(logging.Formatter(), record),
            "PRIORITY": str(
                next((priority for level, priority in _PRIORITIES if record.levelno >= level), 7)
            ),
            "SYSLOG_IDENTIFIER": "monitor",
            "LOGGER": record.name,
        }
        # A journal that restarts loses a few lines; it must not stop the daemon.
        with suppress(OSError):
            self._socket.sendto(b"".join(_framed(name, text) for name, text in fields.items()), self._path)

    def close(self) -> None:
        self._socket.close()
        super().close()


def _handler(environ: Mapping[str, str], stream: TextIO, journal: str) -> logging.Handler:
    if _is_journal(environ, stream):
        with suppress(OSError):
            return JournalHandler(journal)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if stream.isatty() else JsonFormatter())
    return handler


def _is_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """JOURNAL_STREAM names the device and inode of the stream that leads to the journal."""
    with suppress(OSError, ValueError):
        status = os.fstat(stream.fileno())
        return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
    return False


def _framed(name: str, text: str) -> bytes:
    value = text.encode(errors="replace")
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=\n\r\t') else text


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return f"\n{formatter.formatException(record.exc_info)}" if record.exc_info else ""
