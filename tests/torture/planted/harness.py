"""Plants known mistakes one at a time, and shows that the fast suite catches them.

Rings: the tests nearest to the mistake, those of its package, all unit tests, and the acceptance tests with
real processes. The subsets of the torture suite in `make test` are left out: the mistakes themselves are
compared with the source there, so that these tests would fail of every one.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Final

from tests.torture.checkout import copy_checkout
from tests.torture.planted.mistake import Mistake
from tests.torture.planted.mistakes import MISTAKES
from tests.torture.planted.search import Found, Ring, search
from tests.torture.planted.suite import CannotRunError, Suite
from tests.torture.report import Count, Result, Run

WORKERS: Final = 2
WANTED_SHARE: Final = 0.95
LEAST_PLANTED: Final = 25
SAMPLE: Final = 6
PACKAGES: Final = ("core", "config", "source", "store", "notify", "daemon", "simulator", "cli")
NEAREST: Final = Ring("nearest tests", (), 120)
UNITS: Final = Ring("all unit tests", tuple(f"tests/{package}" for package in PACKAGES), 480)
ACCEPTANCE: Final = Ring("acceptance tests", ("tests/acceptance",), 900)


def torture(run: Run) -> Result:
    mistakes = random.Random(run.seed).sample(MISTAKES, SAMPLE) if run.quick else MISTAKES
    suites = [Suite(copy_checkout(run.folder / f"checkout-{number}")) for number in range(WORKERS)]
    violations = [problem for suite in suites for problem in _of_imports(suite)]
    if violations:
        return Result({}, violations)
    free: SimpleQueue[Suite] = SimpleQueue()
    for suite in suites:
        free.put(suite)
    with ThreadPoolExecutor(WORKERS) as workers:
        found = list(workers.map(partial(_search, run, free), mistakes))
    return judge(
        [each for each in found if isinstance(each, Found)], [f for f in found if isinstance(f, str)]
    )


def judge(found: Sequence[Found], broken: Sequence[str] = (), wanted: float = WANTED_SHARE) -> Result:
    """`broken`: mistakes that could not be tried. What hangs the tests does not count as caught."""
    planted, caught = len(found) + len(broken), [each for each in found if each.is_caught]
    share = len(caught) / planted if planted else 0.0
    survivors = [each.mistake for each in found if not each.is_caught]
    violations = list(broken)
    if share < wanted:
        named = "; ".join(f"{mistake.name} ({mistake.harm})" for mistake in survivors)
        violations.append(f"{len(caught)} of {planted} planted mistakes are caught; survivors: {named}")
    return Result({"planted": planted, "caught": len(caught), "share": share, **_details(found)}, violations)


def rings_of(mistake: Mistake, *, quick: bool) -> tuple[Ring, ...]:
    package = mistake.file.split("/")[1]
    near = (NEAREST, Ring("tests of the package", (f"tests/{package}",), 240))
    return near if quick else (*near, UNITS, ACCEPTANCE)


def _details(found: Sequence[Found]) -> dict[str, Count]:
    by_ring = Counter(f"caught by {each.ring}" for each in found if each.is_caught)
    seconds = sorted(each.seconds for each in found if each.is_caught)
    return {
        **by_ring,
        "median seconds until caught": seconds[len(seconds) // 2] if seconds else 0,
        "hung instead of failing": sum(each.hung and not each.is_caught for each in found),
        "survivors": ", ".join(each.mistake.name for each in found if not each.is_caught) or "none",
    }


def _of_imports(suite: Suite) -> Iterable[str]:
    place = suite.imported_from("monitor")
    if not place.is_relative_to(suite.checkout):
        yield f"the tests of {suite.checkout} would import {place}"


def _search(run: Run, free: "SimpleQueue[Suite]", mistake: Mistake) -> Found | str:
    suite = free.get()
    try:
        found = search(suite, mistake, rings_of(mistake, quick=run.quick))
    except (ValueError, CannotRunError) as error:
        return f"{mistake.name}: {error}"
    finally:
        free.put(suite)
    outcome = f"caught by {found.test}" if found.is_caught else "HUNG" if found.hung else "SURVIVED"
    run.say(f"{mistake.name}: {outcome} ({found.seconds:.1f} s)")
    return found
