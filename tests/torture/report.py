"""What a harness did, what it counted, and what it found broken: as a value, as JSON, and as one page."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
MOST_SHOWN: Final = 20
"""Violations that are printed and kept; the count tells of the rest."""
LONGEST_SHOWN: Final = 1_200

Count = float | int | str


@dataclass(frozen=True, slots=True)
class Run:
    """What a harness is given: its seed, a folder of its own, whether time matters, and who listens.

    What lies in `folder` from an earlier, interrupted run may be resumed.
    """

    seed: int
    folder: Path
    quick: bool
    say: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class Result:
    """`counts`: what was done and measured, in the order of importance. No violation: all is well.

    What a run has to show, such as kills that did land in a gap, is a violation when it is missing.
    `left_out`: so many more were found, of which nothing is told.
    """

    counts: Mapping[str, Count]
    violations: Sequence[str] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A result with what another needs in order to believe it, or to repeat it."""

    name: str
    about: str
    seed: int
    quick: bool
    seconds: int
    date: str
    commit: str
    machine: Mapping[str, Count]
    counts: Mapping[str, Count]
    violation_count: int
    violations: Sequence[str]

    @property
    def is_well(self) -> bool:
        return self.violation_count == 0

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def record_of(name: str, about: str, run: Run, result: Result, seconds: float) -> Record:
    return Record(
        name=name,
        about=about,
        seed=run.seed,
        quick=run.quick,
        seconds=round(seconds),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
        machine=_machine(),
        counts={key: _rounded(value) for key, value in result.counts.items()},
        violation_count=len(result.violations) + result.left_out,
        violations=[shown(violation) for violation in result.violations[:MOST_SHOWN]],
    )


def shown(violation: str) -> str:
    """Without where the checkout lies, and no more of a traceback or a log than its two ends."""
    text = violation.replace(f"{CHECKOUT}/", "")
    half = LONGEST_SHOWN // 2
    return text if len(text) <= LONGEST_SHOWN else f"{text[:half]} ... {text[-half:]}"


def read_records(folder: Path, order: Sequence[str]) -> list[Record]:
    """Those that `folder` holds, in `order`."""
    files = [folder / f"{name}.json" for name in order]
    return [Record(**json.loads(file.read_text("utf-8"))) for file in files if file.exists()]


def page_of(records: Sequence[Record]) -> str:
    """All results as one page of Markdown."""
    lines = [
        "# What `make torture` found",
        "",
        "Each harness keeps a truth of its own outside the monitor and compares at the end. A violation is a",
        "promise that was broken, or a proof that the run owes. The harnesses are in `tests/torture/`; in",
        "`torture/` beside this page are their results as they wrote them, with the machine.",
        "",
        "| harness | what it did | violations | seconds | seed | date | commit |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for record in records:
        counts = ", ".join(f"{name} {plainly(value)}" for name, value in record.counts.items())
        cells = (
            f"**{record.name}**: {record.about}",
            counts + (" (quick run)" if record.quick else ""),
            str(record.violation_count),
            f"{record.seconds:,}",
            str(record.seed),
            record.date,
            record.commit,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plainly(value: Count) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _rounded(value: Count) -> Count:
    return round(value, 4) if isinstance(value, float) else value


def _commit() -> str:
    """The short name of the commit, and whether the tree differed from it. Unknown outside a checkout."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", "monitor", "migrations", "tests"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} with changes" if changed else name


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _machine() -> dict[str, Count]:
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count() or 0,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
