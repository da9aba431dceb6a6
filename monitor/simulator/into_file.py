"""Writes a made-up history into a new database, and the truth behind it into a file beside."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from monitor.core.errors import MonitorError
from monitor.core.moment import to_ms
from monitor.simulator.assortment import Assortment, assortment
from monitor.simulator.history import FEED, Numbered, as_stored, lines
from monitor.simulator.polling import INTERVAL, polls
from monitor.simulator.troubles import Trouble, troubles
from monitor.simulator.truth import TruthLog, preface
from monitor.store.backfill import Backfill, QuietPolls, Told
from monitor.store.backup import sync
from monitor.store.database import Database

POLLS_A_COMMIT: Final = 20_000
LEAST_KEEP: Final = timedelta(days=400)
"""As the monitor keeps unless told otherwise; of a longer history nothing is forgotten."""

Progress = Callable[[int, int], None]
"""(done, of), in seconds of the made-up time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which past is made up: so long until `end`, of so many products."""

    seed: int
    length: timedelta
    end: datetime
    products: int

    @property
    def start(self) -> datetime:
        return self.end - self.length


def write_history(plan: Plan, file: Path, truth: Path, progress: Progress) -> None:
    """Neither file may be there: they bear their names once both are whole. Raises MonitorError."""
    for target in (file, truth):
        if target.exists():
            raise MonitorError(f"{target} exists already, and is not overwritten: name another file")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            database, log = Path(folder) / "monitor.db", Path(folder) / "truth"
            with log.open("w", encoding="utf-8") as out:
                _write(plan, database, out, progress)
            sync(log)
            log.replace(truth)
            database.rename(file)
            sync(file.parent)
    except OSError as error:
        raise MonitorError(f"cannot write {file}: {error.strerror}") from error


def told(
    plan: Plan, products: Assortment, trouble: Iterable[Trouble], out: Callable[[str], object]
) -> Iterator[Told]:
    """What the database is to hold, in order of time; `out` hears each line of the truth."""
    log = TruthLog(FEED.source, products)
    shown = _noted(lines(plan.seed, products, plan.start, plan.end), log, out)
    yield from as_stored(products, shown, polls(plan.seed, trouble, to_ms(plan.start), to_ms(plan.end)))
    for _ in shown:
        pass  # what came after the last poll is true nonetheless
    for line in log.still_open():
        out(line + "\n")


def _write(plan: Plan, database: Path, out: IO[str], progress: Progress) -> None:
    products = assortment(plan.seed, plan.products)
    trouble = troubles(plan.seed, to_ms(plan.start), to_ms(plan.end))
    for line in preface(plan.seed, plan.start, plan.end, INTERVAL, len(products), trouble):
        out.write(line + "\n")
    of = plan.length // timedelta(seconds=1)
    with Database.open(f"sqlite:///{database}", holder="monitor simulate") as opened:
        backfill = Backfill(opened)
        for batch in _batches(told(plan, products, trouble, out.write)):
            backfill.write(batch)
            progress((_time_of(batch[-1]) - to_ms(plan.start)) // 1000, of)
        for _ in backfill.tidy(max(LEAST_KEEP, plan.length + timedelta(days=1)), plan.end):
            progress(of, of)


def _noted(shown: Iterable[Numbered], log: TruthLog, out: Callable[[str], object]) -> Iterator[Numbered]:
    for at, number, one in shown:
        for line in log.note(number, (at, one)):
            out(line + "\n")
        yield at, number, one


def _batches(told_ones: Iterable[Told]) -> Iterator[list[Told]]:
    batch: list[Told] = []
    polls_in_it = 0
    for one in told_ones:
        batch.append(one)
        polls_in_it += len(one.sent) if isinstance(one, QuietPolls) else 1
        if polls_in_it >= POLLS_A_COMMIT:
            yield batch
            batch, polls_in_it = [], 0
    if batch:
        yield batch


def _time_of(one: Told) -> int:
    if isinstance(one, QuietPolls):
        return one.sent[-1][0]
    return to_ms(one.poll.at) if one.poll else 0
