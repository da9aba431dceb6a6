"""Why a rule is met or not, key by key, and which product comes nearest."""

import pytest

from monitor.core.explaining import Answer, Explained, explained, lacking_text, nearest, verdict_text
from monitor.core.matching import Met, NotMet, Rule, Unknown
from monitor.core.product import (
    UNKNOWN_ATTRIBUTES,
    Absent,
    Attributes,
    Invalid,
    Observation,
    ProductKey,
    Seen,
)
from tests.core.builders import CODE, H800, key_of, rule, seen, table

NODES = rule(table(gpu_name="NVIDIA-H800*|NVIDIA-H100*", gpu_count="8", remaining=">=2"))


def of(wanted: Rule, observation: Observation, attributes: Attributes = H800) -> Explained:
    return explained(wanted, key_of(), attributes, observation)


def test_each_key_tells_what_it_wants_and_what_it_found() -> None:
    found = of(NODES, seen(1))
    assert found.tables == (
        (
            Answer("gpu_name", "NVIDIA-H800* or NVIDIA-H100*", "NVIDIA-H800", True),
            Answer("gpu_count", "8", "8", True),
            Answer("remaining", ">=2", "1", False),
        ),
    )
    assert found.stock == (Answer("remaining", ">0", "1", True), Answer("stock_error", "none", "none", True))
    assert (found.verdict, found.watched) == (NotMet("remaining"), Met())


def test_the_verdict_is_that_of_the_matching() -> None:
    assert of(NODES, seen(2)).verdict == Met()
    assert of(NODES, seen(2, "库存不足")).verdict == NotMet("stock_error")
    assert of(NODES, Absent(sure=True)).verdict == NotMet("listing")


def test_what_a_row_that_cannot_be_read_leaves_open_is_not_known() -> None:
    found = of(NODES, Invalid("no count"))
    assert [answer.holds for answer in found.tables[0]] == [True, True, None]
    assert found.stock == (Answer("remaining", ">0", "no count", None),)
    assert found.verdict == Unknown("no count")


@pytest.mark.parametrize(("sure", "holds"), [(True, False), (False, None)])
def test_a_product_that_is_not_listed_says_so(sure: bool, holds: bool | None) -> None:
    assert of(NODES, Absent(sure)).stock == (Answer("listing", "listed", "not listed", holds),)


def test_a_stock_error_that_is_ignored_is_wanted_too() -> None:
    ignoring = rule(ignore_stock_error=("维护*",))
    found = of(ignoring, seen(3, "维护中"))
    assert found.stock[1] == Answer("stock_error", "none or 维护*", "维护中", True)
    assert found.verdict == Met()


def test_numbers_are_plain_and_what_cannot_exist_is_said() -> None:
    cheap = rule(table(price_per_gpu="<=2", price_unit="11"))
    assert of(cheap, seen(1)).tables[0][0] == Answer("price_per_gpu", "<=2", "1.9375", True)
    assert of(cheap, seen(1, gpu_count=0)).tables[0][0] == Answer("price_per_gpu", "<=2", "no GPUs", False)
    unknown = Seen(1, None, UNKNOWN_ATTRIBUTES)
    assert of(cheap, unknown).tables[0][0] == Answer("price_per_gpu", "<=2", None, None)


def test_what_is_lacking_is_that_of_the_nearest_table() -> None:
    either = rule(table(gpu_name="NVIDIA-A100*", gpu_count="4"), table(gpu_count="8", remaining=">=4"))
    found = of(either, seen(0, "out"))
    assert [(answer.key, answer.wanted) for answer in found.lacking] == [
        ("remaining", ">=4"),
        ("stock_error", "none"),
    ]


def test_a_rule_without_a_table_lacks_only_stock() -> None:
    assert [answer.key for answer in of(Rule("none", (), ()), seen(0)).lacking] == ["remaining"]


def test_the_nearest_product_is_the_one_that_lacks_least() -> None:
    products: dict[ProductKey, tuple[Attributes, Observation]] = {
        key_of("PRD-1"): (H800, seen(0, "out")),
        key_of("PRD-2"): (H800, seen(1)),
        key_of("PRD-3"): (H800, Invalid("no count")),
        key_of("PRD-4"): (Attributes(gpu_name="-"), Seen(9, None, Attributes(gpu_name="-"))),
    }
    found = nearest(NODES, products)
    assert found is not None
    assert found.product == key_of("PRD-2")
    assert lacking_text(found.lacking) == "remaining is 1, wanted >=2"
    met = nearest(NODES, {**products, key_of(CODE): (H800, seen(5))})
    assert met is not None
    assert (met.product, met.lacking) == (key_of(CODE), ())


def test_a_product_that_cannot_be_read_is_nearest_when_there_is_no_other() -> None:
    found = nearest(NODES, {key_of(): (UNKNOWN_ATTRIBUTES, Invalid("no count"))})
    assert found is not None
    assert lacking_text(found.lacking) == (
        "gpu_name is not known, wanted NVIDIA-H800* or NVIDIA-H100*; gpu_count is not known, wanted 8; "
        "remaining is not known, wanted >=2"
    )


def test_no_product_is_nearest_to_a_rule_that_watches_none() -> None:
    assert nearest(NODES, {}) is None
    assert nearest(NODES, {key_of(): (Attributes(gpu_name="-"), seen(1, gpu_name="-"))}) is None


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Met(), "met"),
        (NotMet("price"), "not met: price"),
        (Unknown("price was never known"), "unknown: price was never known"),
    ],
)
def test_verdicts_in_words(verdict: Met | NotMet | Unknown, text: str) -> None:
    assert verdict_text(verdict) == text
