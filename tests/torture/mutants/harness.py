"""Mutates core/ line by line, and counts the mutants that its tests do not notice.

A survivor is a test that is missing, or a change that nobody can notice: somebody looks at each, and
looked_at.toml keeps why it may live. One that nobody has looked at is a violation.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tests.torture.checkout import copy_checkout
from tests.torture.mutants.looked_at import Group, read, sorted_out
from tests.torture.mutants.mutation import KILLED, NO_TESTS, SURVIVED, UNTRIED, Mutation
from tests.torture.report import Count, Result, Run

CHILDREN: Final = 2
SAMPLE: Final = 200
PREPARED_WITHIN_S: Final = 300.0
ALL_WITHIN_S: Final = 2 * 3600.0
LEAST_TRIED: Final = 3000
SMALL_MODULE: Final = "monitor.core.moment*"
"""Trying it makes all mutants and notes which tests reach which function."""


def torture(run: Run) -> Result:
    folder = run.folder / "checkout"
    mutation = Mutation(folder, "monitor/core", "tests/core", CHILDREN)
    if not (folder / "setup.cfg").exists():
        copy_checkout(folder)
        mutation.prepare()
    if run.quick:
        mutation.run(PREPARED_WITHIN_S, [SMALL_MODULE])
        if sample := mutation.sample(SAMPLE, run.seed):
            mutation.run(ALL_WITHIN_S, sample)
    else:
        mutation.run(ALL_WITHIN_S)
    results = mutation.results()
    unnoticed = [name for name, status in results.items() if status in {SURVIVED, NO_TESTS}]
    run.say(f"{len(unnoticed)} of {len(results)} mutants were not noticed")
    least = 0 if run.quick else LEAST_TRIED
    return judge(results, mutation.identities(unnoticed), read(), least)


def judge(
    results: Mapping[str, str], unnoticed: Sequence[str], groups: list[Group], least_tried: int = 0
) -> Result:
    """`unnoticed`: the identities of those that survived, or that no test reaches."""
    became = Counter(status for status in results.values() if status != UNTRIED)
    tried = sum(became.values())
    looked_at, unknown = sorted_out(unnoticed, groups)
    counts: dict[str, Count] = {
        "mutants": len(results),
        "tried": tried,
        **became,
        "killed share": became[KILLED] / tried if tried else 0.0,
        **{f"looked at: {kind}": count for kind, count in looked_at.items()},
        "not looked at": len(unknown),
    }
    violations = [f"nobody has looked at this survivor: {identity}" for identity in unknown]
    if tried < least_tried:
        violations.append(f"only {tried} mutants were tried, not {least_tried}")
    return Result(counts, violations)
