"""The mutation run in a toy project: what a test notices is killed, and what none notices is told."""

from pathlib import Path
from typing import Final

from tests.torture.mutants.harness import judge
from tests.torture.mutants.looked_at import Group, read, sorted_out
from tests.torture.mutants.mutation import Mutation, identity

SOURCE: Final = """
def older(age, than):
    return age > than


def younger(age, than):
    return age < than


def same(age, than):
    return age <= than
"""
TESTS: Final = """
from toy.ages import older, younger


def test_older():
    assert not older(30, 30)


def test_younger():
    assert younger(29, 30)
"""


def test_a_mutant_lives_until_a_test_notices_it(tmp_path: Path) -> None:
    for folder, name, text in (("toy", "ages.py", SOURCE), ("tests", "test_ages.py", TESTS)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    mutation = Mutation(tmp_path, "toy", "tests", 1)
    mutation.prepare()
    mutation.run(60)
    results = mutation.results()
    assert sorted(results.values()) == ["killed", "no tests", "survived"]
    assert mutation.identities([name for name, status in results.items() if status != "killed"]) == [
        "toy.ages.younger: return age < than -> return age <= than",
        "toy.ages.same: return age <= than -> return age < than",
    ]
    assert mutation.sample(5, seed=1) == []


def test_an_identity_does_not_change_with_the_number_of_the_mutant() -> None:
    diff = "--- a\n+++ b\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"
    assert identity("monitor.core.alert.x_f__mutmut_7", diff) == "core.alert.f: return 1 -> return 2"
    in_a_class = identity("monitor.core.matching.xǁRangeǁparse__mutmut_24", diff)
    assert in_a_class == "core.matching.Range.parse: return 1 -> return 2"


def test_survivors_are_counted_by_what_was_found_of_them() -> None:
    groups = [Group("equivalent", "never reached", ("*: assert_never(*",)), Group("cosmetic", "words", ())]
    counts, unknown = sorted_out(
        ["core.a.f: assert_never(x) -> assert_never(None)", "core.a.g: 1 -> 2"], groups
    )
    assert counts == {"equivalent": 1, "cosmetic": 0}
    assert unknown == ["core.a.g: 1 -> 2"]


def test_a_survivor_that_nobody_looked_at_is_a_violation_and_so_are_too_few_mutants() -> None:
    results = {"a": "killed", "b": "survived", "c": "not checked"}
    result = judge(results, ["core.a.g: 1 -> 2"], [], least_tried=3)
    assert (result.counts["mutants"], result.counts["tried"], result.counts["killed share"]) == (3, 2, 0.5)
    assert result.violations == [
        "nobody has looked at this survivor: core.a.g: 1 -> 2",
        "only 2 mutants were tried, not 3",
    ]
    assert judge(results, ["core.a.g: 1 -> 2"], [Group("equivalent", "", ("core.a.g: *",))]).violations == []


def test_the_list_of_survivors_can_be_read_and_gives_reasons() -> None:
    assert all(group.kind and group.why for group in read())
