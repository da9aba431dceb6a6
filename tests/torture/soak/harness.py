"""Thirty days of the daemon in one process, watched for whatever must not grow."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

from tests.torture.report import CHECKOUT, Count, Result, Run
from tests.torture.soak.accounts import Books, Transition, balanced, compared
from tests.torture.soak.excuses import not_excused
from tests.torture.soak.judge import Hour, growth, judged
from tests.torture.soak.reading import Truth, hours_of, integrity, read_books, read_log, read_truth
from tests.torture.soak.story import WATCHED, Outage, Story

HOURS_A_DAY: Final = 24
HOURS: Final = 30.0 * HOURS_A_DAY
QUICK_HOURS: Final = 3.0 * HOURS_A_DAY
CHANNELS: Final = {"h800": ("hook", "mail"), "extra": ("hook",)}
WATCHED_CODES: Final = frozenset(f"PRD-TRAIN-{number}" for number in range(WATCHED))
PATIENCE_S: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Soaked:
    """What is left of a soak: the exit code, and what its process told."""

    code: int
    error: str
    truth: Truth
    hours: Sequence[Hour]
    books: Books
    damage: Sequence[str]
    outages: Sequence[Outage]


def torture(run: Run) -> Result:
    soaked = soak(Story(run.seed, QUICK_HOURS if run.quick else HOURS), run)
    return Result(_counts(soaked), violations(soaked))


def soak(story: Story, run: Run) -> Soaked:
    folder = run.folder / "soak"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    code, error = _live(folder, story, run.say)
    truth = read_truth((folder / "truth").read_text("utf-8").splitlines())
    lines = read_log((folder / "log").read_text("utf-8").splitlines())
    databases = [folder / backup["backup"] for backup in truth.backups if backup["code"] == 0]
    books = Books()
    for database in databases:
        books.add(read_books(database))
    databases.append(folder / "monitor.db")
    books.add(read_books(databases[-1]))
    damage = [f"{file.name}: {found}" for file in databases if (found := integrity(file)) != "ok"]
    hours = hours_of(truth.samples, lines, story.outages)
    return Soaked(code, error, truth, hours, books, damage, story.outages)


def violations(soaked: Soaked) -> list[str]:
    found = [] if soaked.code == 0 else [f"it ended with {soaked.code}: {soaked.error[-2000:]}"]
    found += [f"the backup {b['backup']} failed: {b['said']}" for b in soaked.truth.backups if b["code"] != 0]
    found += [f"damaged: {damage}" for damage in soaked.damage]
    found += judged(soaked.hours, channels=2)
    found += compared(_of_stock(soaked.books), soaked.truth.served, WATCHED_CODES)
    found += balanced(soaked.books, soaked.truth.accepted, CHANNELS)
    found += not_excused(soaked.books, soaked.outages)
    return found


def _of_stock(books: Books) -> list[Transition]:
    return [
        transition
        for transition in books.transitions.values()
        if transition.rule == "h800" and transition.edge != "repeated"
    ]


def _live(folder: Path, story: Story, say: Callable[[str], None]) -> tuple[int, str]:
    """The process, and its two streams, kept in files by us: it may be forbidden to write any."""
    truth, told = os.pipe()
    numbers = (story.seed, story.hours, story.day_h, told)
    command = [sys.executable, "-m", "tests.torture.soak.fast", str(folder), *map(str, numbers)]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[told]
    )
    os.close(told)
    assert process.stdout is not None
    assert process.stderr is not None
    keepers = [
        Thread(target=_keep, args=(process.stdout.fileno(), folder / "log", partial(_progress, say))),
        Thread(target=_keep, args=(truth, folder / "truth", _ignore)),
        Thread(target=_keep, args=(process.stderr.fileno(), folder / "errors", _ignore)),
    ]
    for keeper in keepers:
        keeper.start()
    try:
        code = process.wait(PATIENCE_S)
    finally:
        process.kill()
        for keeper in keepers:
            keeper.join()
        os.close(truth)
        process.stdout.close()
        process.stderr.close()
    return code, (folder / "errors").read_text("utf-8", "replace")


def _ignore(_: str) -> None:
    """Nothing to say of it."""


def _keep(source: int, file: Path, said: Callable[[str], None]) -> None:
    with os.fdopen(source, "rb", closefd=False) as lines, file.open("wb") as kept:
        for line in lines:
            kept.write(line)
            kept.flush()
            said(line.decode("utf-8", "replace"))


def _progress(say: Callable[[str], None], line: str) -> None:
    """A mark stands in the log at the end of each hour."""
    if line.startswith('{"mark": ') and int(line[9:-2]) % HOURS_A_DAY == 0:
        say(f"{int(line[9:-2]) // HOURS_A_DAY} days")


def _counts(soaked: Soaked) -> dict[str, Count]:
    hours, books = soaked.hours, soaked.books
    if not hours:
        return {}
    last, down = hours[-1].sample, [hour.line_count for hour in hours if hour.is_down]
    states = Counter(delivery.state for delivery in books.deliveries.values())
    levels = sum((Counter(hour.lines) for hour in hours), Counter())
    return {
        "simulated hours": last.hour,
        "polls": last.polls,
        "memory growth after the warm-up, KiB": growth(hours),
        "memory at the end, MiB": last.memory_kib / 1024,
        "Python's blocks at the end": last.blocks,
        "descriptors at the end": last.descriptors,
        "most descriptors": max(hour.sample.descriptors for hour in hours),
        "threads at the end": last.threads,
        "most threads": max(hour.sample.threads for hour in hours),
        "longest log of the database, KiB": max(hour.sample.log_bytes for hour in hours) / 1024,
        "database at the end, KiB": last.database_bytes / 1024,
        "hours without any answer": len(down),
        "most log lines in one of them": max(down, default=0),
        "most log lines in any hour": max(hour.line_count for hour in hours),
        "log lines": ", ".join(f"{levels[level]} {level}" for level in sorted(levels)),
        "edges": len(books.transitions),
        "deliveries": ", ".join(f"{states[state]} {state}" for state in sorted(states)),
        "attempts": len(books.attempts),
        "heartbeats": last.beats,
        "backups": len(soaked.truth.backups),
    }
