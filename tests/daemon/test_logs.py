"""Log lines for people, for programs and for the journal."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.decision import Notice, NoticeKind
from monitor.daemon import logs


@pytest.fixture(autouse=True)
def the_logging_of_the_tests_comes_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO, level: str = "INFO") -> str:
    logs.set_up({"MONITOR_LOG": level}, stream)
    log = logging.getLogger("test")
    log.debug("quiet")
    log.info("poll ok", extra={"fields": {"feed": "default", "ms": 38, "reason": 'a "b"\nc', "none": ""}})
    log.error("crashed", exc_info=ValueError("boom"))
    return stream.getvalue()


def test_what_the_monitor_tells_of_itself_is_logged() -> None:
    stream = Terminal()
    logs.set_up({}, stream)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    kinds = (NoticeKind.BLIND, NoticeKind.BACK)
    logs.log_notices(Notice(f"e-{kind}", kind, "default", at, {}, ()) for kind in kinds)
    blind, back = stream.getvalue().splitlines()
    assert blind[8:] == " warning: notice kind=blind subject=default event=e-blind"
    assert back[8:] == " notice kind=back subject=default event=e-back"


def test_on_a_terminal_a_line_is_text() -> None:
    first, second, *traceback = written(Terminal()).splitlines()
    assert first[8:] == ' poll ok feed=default ms=38 reason="a \\"b\\"\\nc" none=""'
    assert second[8:] == " error: crashed"
    assert traceback[-1] == "ValueError: boom"


def test_elsewhere_a_line_is_a_json_object() -> None:
    first, second = (json.loads(line) for line in written(io.StringIO()).splitlines())
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "level": "info",
        "message": "poll ok",
        "feed": "default",
        "ms": 38,
        "reason": 'a "b"\nc',
        "none": "",
    }
    assert second["traceback"].endswith("ValueError: boom")


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("INFO", 2), ("error", 1), ("nonsense", 2)])
def test_the_level_is_that_of_the_environment(level: str, lines: int) -> None:
    assert len(written(io.StringIO(), level).splitlines()) == lines


def test_in_the_journal_each_field_is_kept(tmp_path: Path) -> None:
    journal, output = tmp_path / "journal", (tmp_path / "output").open("w")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening, output:
        listening.bind(str(journal))
        status = os.fstat(output.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        logs.set_up(environ, output, str(journal))
        logging.getLogger("test").warning("poll failed", extra={"fields": {"reason": "a\nPRIORITY=0"}})
        assert fields_of(listening.recv(65536)) == {
            "MESSAGE": 'poll failed reason="a\\nPRIORITY=0"',
            "MONITOR_REASON": "a\nPRIORITY=0",
            "PRIORITY": "4",
            "SYSLOG_IDENTIFIER": "monitor",
            "LOGGER": "test",
        }


def fields_of(entry: bytes) -> dict[str, str]:
    """systemd's native protocol, with the length of each value before it."""
    fields = {}
    while entry:
        name, entry = entry.split(b"\n", 1)
        size = int.from_bytes(entry[:8], "little")
        fields[name.decode()] = entry[8 : 8 + size].decode()
        entry = entry[8 + size + 1 :]
    return fields


def test_a_journal_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    handler = logs.JournalHandler(str(tmp_path / "nobody"))
    try:
        handler.handle(logging.makeLogRecord({"msg": "x", "levelno": logging.INFO, "name": "test"}))
    finally:
        handler.close()


def test_a_journal_that_was_restarted_gets_what_is_said_from_then_on(tmp_path: Path) -> None:
    handler, journal = logs.JournalHandler(str(tmp_path / "journal")), tmp_path / "journal"
    try:
        for said in ("before", "after"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
                listening.bind(str(journal))
                handler.handle(logging.makeLogRecord({"msg": said, "levelno": logging.INFO, "name": "test"}))
                assert fields_of(listening.recv(65536))["MESSAGE"] == said
            journal.unlink()
            handler.handle(logging.makeLogRecord({"msg": "lost", "levelno": logging.INFO, "name": "test"}))
    finally:
        handler.close()


def test_another_stream_than_the_journals_is_no_journal(tmp_path: Path) -> None:
    with (tmp_path / "output").open("w") as output:
        logs.set_up({"JOURNAL_STREAM": "1:2"}, output)
        [handler] = logging.getLogger().handlers
        assert isinstance(handler, logging.StreamHandler)


LOGS_TO_NOBODY = """
import logging, os, sys
from monitor.daemon import logs
logs.set_up(os.environ, sys.stdout)
for _ in range(3):
    logging.getLogger().warning("x" * 10000)
logs.let_go(sys.stdout)
"""


def test_a_reader_that_is_gone_changes_no_exit_code() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOGS_TO_NOBODY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(10) == 0
