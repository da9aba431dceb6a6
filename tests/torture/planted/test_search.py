"""The search in a toy project: it finds what is caught, and is not fooled by what is not."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.torture.planted.harness import judge
from tests.torture.planted.mistake import Mistake
from tests.torture.planted.search import Found, Ring, search
from tests.torture.planted.suite import CannotRunError, Suite

SOURCE: Final = "def double(number):\n    return number + number\n\n\ndef limit():\n    return 10\n"
TESTS: Final = """
import time
from pathlib import Path
from toy import double, limit

def test_nothing():
    pass

def test_double():
    assert double(3) == 6

def test_that_always_fails():
    assert False

def test_that_fails_by_chance():
    seen = Path(__file__).with_name("seen")
    first = not seen.exists()
    seen.touch()
    assert not first

def test_that_waits():
    if limit() != 10:
        time.sleep(30)
"""
WRONG_DOUBLE: Final = Mistake(
    "wrong double",
    "toy.py",
    "number + number",
    "number * number",
    "sums are wrong",
    ("test_toy.py::test_nothing",),
)
SAME_DOUBLE: Final = replace(WRONG_DOUBLE, name="same", instead="2 * number")
NEAREST: Final = Ring("nearest", (), 20)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "toy.py").write_text(SOURCE)
    (tmp_path / "test_toy.py").write_text(TESTS)
    return Suite(tmp_path)


def ring_of(*tests: str, within_s: float = 20) -> Ring:
    return Ring("wider", tuple(f"test_toy.py::test_{test}" for test in tests), within_s)


def test_a_mistake_is_found_in_the_ring_that_has_a_test_for_it(suite: Suite) -> None:
    assert suite.imported_from("toy") == suite.checkout / "toy.py"
    found = search(suite, WRONG_DOUBLE, [NEAREST, ring_of("nothing", "double")])
    assert (found.ring, found.test) == ("wider", "test_toy.py::test_double")
    assert (suite.checkout / "toy.py").read_text() == SOURCE


def test_what_changes_nothing_survives_and_tests_that_fail_anyway_are_no_catch(suite: Suite) -> None:
    found = search(suite, SAME_DOUBLE, [ring_of("that_always_fails", "that_fails_by_chance", "double")])
    assert not found.is_caught
    assert not found.hung


def test_a_mistake_that_hangs_the_tests_is_told_apart(suite: Suite) -> None:
    hangs = Mistake("hangs", "toy.py", "return 10", "return 11", "waits", ("test_toy.py",))
    found = search(suite, hangs, [ring_of("that_waits", within_s=2)])
    assert found.hung
    assert not found.is_caught


def test_tests_that_cannot_be_run_are_no_catch(suite: Suite) -> None:
    breaks_imports = replace(WRONG_DOUBLE, text="def limit", instead="import no_such_module\n\ndef limit")
    with pytest.raises(CannotRunError):
        search(suite, breaks_imports, [NEAREST])


def test_too_many_survivors_are_a_violation_that_names_them() -> None:
    caught = Found(WRONG_DOUBLE, 1.0, "nearest", "test_toy.py::test_double")
    survived = Found(SAME_DOUBLE, 9.0)
    assert judge([caught] * 19 + [survived]).violations == []
    bad = judge([caught] * 9 + [survived])
    assert (bad.counts["share"], bad.counts["survivors"]) == (0.9, "same")
    assert bad.violations == ["9 of 10 planted mistakes are caught; survivors: same (sums are wrong)"]


def test_what_hangs_or_could_not_be_tried_does_not_count_as_caught() -> None:
    caught = Found(WRONG_DOUBLE, 1.0, "nearest", "test_toy.py::test_double")
    result = judge([caught, Found(SAME_DOUBLE, 9.0, hung=True)], ["broken: it does not fit"])
    assert result.counts["caught"] == 1
    assert result.counts["planted"] == 3
    assert result.counts["hung instead of failing"] == 1
    assert len(result.violations) == 2
