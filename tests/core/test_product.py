"""What a product is, and when it is to be had."""

from decimal import Decimal
from time import monotonic

import pytest

from monitor.core.product import (
    Absent,
    Attributes,
    Feed,
    Seen,
    glob_matches,
    is_available,
    is_blocked,
    is_shown_but_blocked,
)
from tests.core.builders import H800, seen


@pytest.mark.parametrize(
    ("observed", "available", "blocked"),
    [
        pytest.param(seen(1), True, False, id="one node"),
        pytest.param(seen(0), False, False, id="none left"),
        pytest.param(seen(6, "库存不足"), False, True, id="shown but blocked"),
        pytest.param(seen(6, ""), True, False, id="an empty stock error"),
        pytest.param(seen(6, " \t\n"), True, False, id="a blank stock error"),
        pytest.param(seen(0, "库存不足"), False, True, id="none left, and an error"),
    ],
)
def test_available_means_stock_without_a_stock_error(observed: Seen, available: bool, blocked: bool) -> None:
    assert is_available(observed) is available
    assert is_blocked(observed) is blocked


@pytest.mark.parametrize(
    ("ignored", "available"),
    [
        pytest.param(("quota*",), True, id="a glob covers it"),
        pytest.param(("other", "QUOTA reached"), True, id="one of several, letters of either case"),
        pytest.param(("quota",), False, id="only the beginning"),
    ],
)
def test_an_ignored_stock_error_does_not_block(ignored: tuple[str, ...], available: bool) -> None:
    assert is_available(seen(6, " quota reached "), ignored) is available


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        pytest.param("NVIDIA-H800*", "nvidia-h800a", True, id="letters of either case"),
        pytest.param("H800", "NVIDIA-H800", False, id="the whole text"),
        pytest.param("H?00", "H800", True, id="one character"),
        pytest.param("H?00", "H00", False, id="exactly one character"),
        pytest.param("*", "", True, id="nothing at all"),
        pytest.param("node [8x]", "node [8x]", True, id="brackets stand for themselves"),
        pytest.param("node [8x]", "node 8", False, id="brackets are no set"),
        pytest.param("[!a]", "b", False, id="nor a complement"),
        pytest.param("a.c", "abc", False, id="nothing else is special"),
        pytest.param("*训练*", "大模型\n训练节点", True, id="across lines"),
        pytest.param("NVIDIA*", "NVIDІA-H800", False, id="a letter that only looks the same"),
        pytest.param("H800", "Ｈ８００", False, id="wide letters"),
    ],
)
def test_a_glob_knows_star_and_question_mark(glob: str, text: str, matches: bool) -> None:
    assert glob_matches(glob, text) is matches


@pytest.mark.parametrize("glob", ["*a" * 99 + "b", "*?" * 99 + "b", "*a*b" * 49 + "c"])
def test_the_worst_glob_that_a_rule_may_hold_is_matched_in_no_time(glob: str) -> None:
    began = monotonic()
    assert not glob_matches(glob, "a" * 500)
    assert monotonic() - began < 0.5


def test_an_attribute_that_is_missing_keeps_its_last_value() -> None:
    later = Attributes(name="renamed", price=Decimal(0))

    kept = later.over(H800)

    assert (kept.name, kept.price, kept.gpu_count) == ("renamed", Decimal(0), 8)


def test_equal_attributes_stay_the_same_object() -> None:
    assert Attributes(name="a").over(earlier := Attributes(name="a")) is earlier
    assert H800.over(H800) is H800


def test_a_feed_names_its_data_centre_when_it_has_one() -> None:
    assert str(Feed("main", None)) == "main"
    assert str(Feed("main", 3)) == "main/aidc-3"


@pytest.mark.parametrize(("remaining", "is_shown"), [(0, False), (1, True), (6, True)])
def test_blocked_stock_is_shown_from_the_first_node_on(remaining: int, is_shown: bool) -> None:
    assert is_shown_but_blocked(seen(remaining, "error")) is is_shown
    assert not is_shown_but_blocked(seen(remaining))
    assert not is_shown_but_blocked(Absent(sure=True))
