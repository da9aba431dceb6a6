"""Months of the production code in virtual time, and the real process under a wall clock that steps."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tests.torture.clocks.fuse import PLACES
from tests.torture.clocks.months import Played, play_all
from tests.torture.clocks.stepping import STEPS, library, play
from tests.torture.report import Count, Result, Run

SEEDS: Final = 1_000
QUICK_SEEDS: Final = 20
SAID_EVERY_S: Final = 60.0
_CAUSES: Final = (
    *("fired: stock", "fired: first sight", "fired: existing", "fired: count", "fired: price"),
    *("fired: stock error", "fired: listing", "fired: other"),
    *("resolved: stock", "resolved: count", "resolved: price", "resolved: stock error"),
    *("resolved: listing", "resolved: other"),
    *("repeated: reminder", "repeated: silence ended", "repeated: opened again", "repeated: more"),
)
_MUTES: Final = ("silence", "flapping", "existing", "rule setting", "not a sale")


def torture(run: Run) -> Result:
    months = _months(run)
    counts = sum((Counter(month.counts) for month in months), Counter[str]())
    objections = [objection for month in months for objection in month.objections]
    told, more = _real_process(run)
    left_out = sum(month.left_out for month in months)
    return Result({**_told(months, counts), **told}, [*objections, *_owed(counts), *more], left_out)


def _real_process(run: Run) -> tuple[dict[str, Count], list[str]]:
    """Left out, and said so, where the library is not to be had."""
    faketime = library()
    if faketime is None:
        return {"real process": "left out: libfaketime is not installed"}, []
    folder = run.folder / "real"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stepped = play(folder, faketime, STEPS[:4] if run.quick else STEPS, run.say)
    told: dict[str, Count] = {
        "clock steps under the real process": stepped.steps,
        "its polls": stepped.polls,
        "its messages": len(stepped.messages),
    }
    return told, [f"real process: {objection}" for objection in stepped.objections]


def _months(run: Run) -> list[Played]:
    seeds = range(run.seed, run.seed + (QUICK_SEEDS if run.quick else SEEDS))
    months: list[Played] = []
    said_at = time.monotonic()
    for month in play_all(seeds, run.folder / "months.jsonl"):
        months.append(month)
        if month.objections or time.monotonic() - said_at > SAID_EVERY_S:
            said_at = time.monotonic()
            found = sum(len(each.objections) + each.left_out for each in months)
            run.say(f"{len(months)} of {len(seeds)} months, {found} objections")
    return months


def _told(months: Sequence[Played], counts: Counter[str]) -> dict[str, Count]:
    polls = counts["polls"]
    return {
        "months": len(months),
        "of them on SQLite": sum(month.is_on_file for month in months),
        "polls": polls,
        "share of faulty answers": counts["faults"] / max(counts["requests"], 1),
        "false announcements": counts["false"],
        "edges": counts["fired"] + counts["resolved"],
        "repeated": counts["repeated"],
        "muted": sum(counts[f"muted: {why}"] for why in _MUTES),
        "messages accepted": counts["messages"],
        "marked repeats": counts["repeats"],
        "clock steps": counts["step"],
        "suspends": counts["suspend"],
        "lives": counts["lives"],
        "crashes": counts["crash"] + sum(counts[f"died {place}"] for place in PLACES),
        "places of a crash between two steps": sum(counts[f"died {place}"] > 0 for place in PLACES),
        "reloads": counts["reload"],
        "silences": counts["hush"],
        "looks into the outbox": counts["audits"],
        "CPU ms a poll": 1000 * sum(month.cpu_s for month in months) / max(polls, 1),
    }


def _owed(counts: Counter[str]) -> Iterator[str]:
    """What never happened was not tried."""
    for place in PLACES:
        if not counts[f"died {place}"]:
            yield f"owed: no process died {place}"
    for what in (*_CAUSES, *(f"muted: {why}" for why in _MUTES)):
        if not counts[what]:
            yield f"owed: nothing was {what}"
    if not 0.35 < counts["faults"] / max(counts["requests"], 1) < 0.6:
        yield "owed: half of the answers are to be faulty"
