"""A million answers in a process for each core; then lies of HTTP, large answers, and the machines."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from monitor.core.answer import FailureKind
from tests.torture.fuzz.campaign import campaign
from tests.torture.fuzz.crowds import crowds
from tests.torture.fuzz.machines import run_machines
from tests.torture.fuzz.tally import MUST_BE_REACHED, Tally, total
from tests.torture.fuzz.wire import wire
from tests.torture.report import Count, Result, Run


@dataclass(frozen=True, slots=True)
class Size:
    answers: int
    exchanges: int
    crowds: int
    examples: int


FULL: Final = Size(answers=1_000_000, exchanges=20_000, crowds=20, examples=3_000)
QUICK: Final = Size(answers=50_000, exchanges=2_000, crowds=2, examples=100)

OF_THE_WIRE: Final = tuple(
    f"wire: {kind.value}"
    for kind in (
        *(FailureKind.UNREACHABLE, FailureKind.TOO_LARGE, FailureKind.KEY_REFUSED, FailureKind.RATE_LIMITED),
        *(FailureKind.SERVER_ERROR, FailureKind.HTTP_STATUS, FailureKind.NOT_JSON, FailureKind.INTERNAL),
    )
)


def torture(run: Run) -> Result:
    size = QUICK if run.quick else FULL
    answers = play_answers(run, size.answers)
    run.say(f"{answers.answers:,} answers played, {len(answers.violations)} violations")
    lies = wire(run.seed, size.exchanges)
    run.say(f"{lies.answers:,} exchanges played, {len(lies.violations)} violations")
    large = crowds(run.seed, size.crowds)
    run.say(f"{large.answers} large answers played, {len(large.violations)} violations")
    broken = run_machines(run.seed, size.examples, run.folder)
    run.say(f"{size.examples} examples of each machine played, {len(broken)} broken")
    owed = [*answers.never_reached(), *lies.never_reached(OF_THE_WIRE)]
    found = [*answers.violations, *lies.violations, *large.violations, *broken]
    left_out = answers.left_out + lies.left_out + large.left_out
    return Result(_counts(answers, lies, large, size), [*found, *answers.broken_bounds(), *owed], left_out)


def play_answers(run: Run, answers: int) -> Tally:
    """In a process for each core: the memory of each is watched by itself."""
    shares = max(os.cpu_count() or 1, 1)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(shares, mp_context=context) as pool:
        jobs = [
            pool.submit(campaign, run.seed * 1_000 + share, answers // shares, run.folder)
            for share in range(shares)
        ]
        return total(job.result() for job in jobs)


def _counts(answers: Tally, lies: Tally, large: Tally, size: Size) -> dict[str, Count]:
    reached = answers.reached
    return {
        "answers": answers.answers + lies.answers + large.answers,
        "committed": answers.committed,
        "transitions": answers.transitions,
        "worst answer ms": answers.longest_hold_s * 1000,
        "worst large answer ms": large.longest_hold_s * 1000,
        "memory growth MB": answers.growth_mb,
        "restarts": reached["restart"],
        "polls ok": reached["ok"],
        "polls failed": sum(count for name, count in reached.items() if name.startswith("failed: ")),
        "spans of invalid rows": sum(
            count for name, count in reached.items() if name.startswith("invalid: ")
        ),
        "kinds of trouble reached": sum(bool(reached[name]) for name in MUST_BE_REACHED),
        "HTTP exchanges": lies.answers,
        "large answers": large.answers,
        "examples of each machine": size.examples,
    }
