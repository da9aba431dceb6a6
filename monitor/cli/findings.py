"""What `monitor check` finds, how it is shown, and the exit code that it calls for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from monitor.cli.output import Cell, Table, bad, careful, good, print_table
from monitor.core.errors import MonitorError


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    said: str
    exit_code: int = 0


# What is wrong nearest to the person comes first.
_BY_WEIGHT: Final = (3, 6, 5, 1)


def ok(what: str, said: str) -> Finding:
    return Finding(Level.OK, what, said)


def warning(what: str, said: str) -> Finding:
    return Finding(Level.WARNING, what, said)


def failed(what: str, error: MonitorError) -> Finding:
    """Its sentences on one line."""
    return Finding(Level.FAILED, what, "; ".join(str(error).splitlines()), error.exit_code)


def exit_code_of(findings: Iterable[Finding]) -> int:
    """0 when nothing failed; of several codes that of the configuration, then the database's."""
    codes = {finding.exit_code for finding in findings if finding.level is Level.FAILED}
    return next((code for code in _BY_WEIGHT if code in codes), 0)


def print_findings(findings: Iterable[Finding]) -> None:
    table = Table("", "what", "found")
    for finding in findings:
        table.row(_mark(finding.level), finding.what, finding.said)
    print_table(table)


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [{"level": each.level, "what": each.what, "found": each.said} for each in findings]


def _mark(level: Level) -> Cell:
    match level:
        case Level.OK:
            return good("✓ ok")
        case Level.WARNING:
            return careful("! warning")
        case Level.FAILED:
            return bad("✗ failed")
