"""Does a product meet a rule, and which key said no?"""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from monitor.core.matching import (
    MATCH_KEYS,
    Condition,
    Criterion,
    Inapplicable,
    Match,
    Met,
    NotMet,
    Range,
    Rule,
    Unknown,
    Value,
    condition,
    counting_criterion,
    covers,
    value_of,
    would_be_met_unblocked,
)
from monitor.core.product import NO_GPU, UNKNOWN_ATTRIBUTES, Attributes, Seen
from tests.core.builders import H800, key_of, rule, seen, table

KEY = key_of("PRD-TRAIN-1", aidc_id=2)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("8", "8", "8.1"),
        ("=8", "8", "7.9"),
        ("==8", "8", "8.1"),
        ("8..8", "8", "7"),
        ("8", "8.0", "7"),
        ("=8", "8", "9"),
        ("==8", "8", "9"),
        (">=8", "8", "7.99"),
        (">8", "8.01", "8"),
        ("<=20", "20", "20.01"),
        ("<20", "19.99", "20"),
        (" >= 1.5 ", "1.5", "1.4"),
        ("2..8", "2", "1"),
        ("2 .. 8", "8", "9"),
        ("-5..-2", "-3", "0"),
    ],
)
def test_a_range_holds_what_it_says(text: str, inside: str, outside: str) -> None:
    assert Range.parse(text).holds(Decimal(inside))
    assert not Range.parse(text).holds(Decimal(outside))


@pytest.mark.parametrize("text", ["8", ">=8", ">8", "<=20", "<20", "2..8"])
def test_a_range_is_shown_as_it_was_written(text: str) -> None:
    assert str(Range.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "eight", ">=", "8..", "..8", "1e3", "８", "1_000", "=>8", "!=8", "NaN", "8 9", "1" * 19]
)
def test_a_range_that_cannot_be_read_says_what_is_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r'write a number, ">=8"'):
        Range.parse(text)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="write the smaller number first"):
        Range.parse("8..2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source", "default"),
        ("aidc_id", Decimal(2)),
        ("product_code", "PRD-TRAIN-1"),
        ("name", "H800 node"),
        ("gpu_name", "NVIDIA-H800"),
        ("gpu_count", Decimal(8)),
        ("cpu_cores", Decimal(128)),
        ("memory_gb", Decimal(2048)),
        ("disk_gb", Decimal(7000)),
        ("price", Decimal("15.5")),
        ("price_unit", Decimal(11)),
        ("price_per_gpu", Decimal("1.9375")),
        ("remaining", Decimal(3)),
        ("total_gpus", Decimal(24)),
    ],
)
def test_a_key_looks_at_its_field(name: str, value: Value) -> None:
    assert value_of(name, KEY, seen(3)) == value


def test_every_key_of_a_match_is_in_the_table_above() -> None:
    assert len(MATCH_KEYS) == 14


@pytest.mark.parametrize(
    "name",
    [name for name in MATCH_KEYS if name not in {"source", "aidc_id", "product_code", "remaining"}],
)
def test_a_key_that_was_never_known_is_unknown(name: str) -> None:
    wanted = "*" if name in {"name", "gpu_name"} else ">=0"

    verdict = condition(rule(table(**{name: wanted})), KEY, Seen(3))

    assert verdict == Unknown(f"{name} was never known")


def test_a_price_per_gpu_does_not_exist_without_gpus() -> None:
    without = seen(3, gpu_name=NO_GPU, gpu_count=0)

    assert value_of("price_per_gpu", KEY, without) is Inapplicable.NO_GPUS
    assert condition(rule(table(price_per_gpu=">=0")), KEY, without) == NotMet("price_per_gpu")
    assert value_of("total_gpus", KEY, without) == Decimal(0)


@pytest.mark.parametrize(
    ("tables", "observed", "verdict"),
    [
        pytest.param([()], seen(1), Met(), id="no key at all"),
        pytest.param([table(gpu_name="*h800*")], seen(1), Met(), id="a glob"),
        pytest.param([table(gpu_name="A100|*H800")], seen(1), Met(), id="one of several globs"),
        pytest.param([table(gpu_count="4|8")], seen(1), Met(), id="one of several numbers"),
        pytest.param([table(gpu_count="4")], seen(1), NotMet("gpu_count"), id="another number"),
        pytest.param([table(aidc_id="1")], seen(1), NotMet("aidc_id"), id="another data centre"),
        pytest.param([table(remaining=">=2")], seen(2), Met(), id="enough"),
        pytest.param([table(remaining=">=2")], seen(1), NotMet("remaining"), id="too few"),
        pytest.param([table(total_gpus=">=16")], seen(2), Met(), id="enough GPUs"),
        pytest.param([table(total_gpus=">=16")], seen(1), NotMet("total_gpus"), id="too few GPUs"),
        pytest.param([()], seen(0), NotMet("remaining"), id="nothing left"),
        pytest.param([table(remaining="<=5")], seen(0), NotMet("remaining"), id="nothing is not few"),
        pytest.param([()], seen(6, "库存不足"), NotMet("stock_error"), id="blocked"),
        pytest.param([()], seen(0, "库存不足"), NotMet("remaining"), id="nothing left says no first"),
        pytest.param([table(name="x")], seen(0), NotMet("name"), id="the match says no first"),
        pytest.param(
            [table(price="<=9")], seen(1, price=None), Unknown("price was never known"), id="unknown"
        ),
        pytest.param([table(price="<=9")], seen(0, price=None), NotMet("remaining"), id="unknown, none left"),
        pytest.param(
            [table(price="<=9", gpu_count="4")],
            seen(1, price=None),
            NotMet("gpu_count"),
            id="no beats unknown",
        ),
        pytest.param(
            [table(price="<=9"), table(gpu_count="8")],
            seen(1, price=None),
            Met(),
            id="any-of: yes beats unknown",
        ),
        pytest.param(
            [table(gpu_count="4"), table(price="<=9")],
            seen(1, price=None),
            Unknown("price was never known"),
            id="any-of: unknown beats no",
        ),
        pytest.param(
            [table(gpu_count="4"), table(price="<=9")],
            seen(1),
            NotMet("gpu_count"),
            id="any-of: the first no",
        ),
    ],
)
def test_a_rule_is_met_when_every_key_of_a_table_holds(
    tables: list[Match], observed: Seen, verdict: Condition
) -> None:
    assert condition(rule(*tables), KEY, observed) == verdict


def test_a_rule_may_ignore_a_stock_error() -> None:
    lenient = rule(ignore_stock_error=("quota*",))

    assert condition(lenient, KEY, seen(6, "quota reached")) == Met()
    assert condition(lenient, KEY, seen(6, "broken")) == NotMet("stock_error")


@pytest.mark.parametrize(
    ("tables", "attributes", "verdict"),
    [
        pytest.param([table(remaining=">=4")], H800, Met(), id="whatever is left"),
        pytest.param([table(total_gpus=">=99")], H800, Met(), id="however many GPUs"),
        pytest.param([table(gpu_name="A100")], H800, NotMet("gpu_name"), id="another product"),
        pytest.param([table(price="<=9")], H800, NotMet("price"), id="at another price"),
        pytest.param(
            [table(name="*")], UNKNOWN_ATTRIBUTES, Unknown("name was never known"), id="never known"
        ),
    ],
)
def test_a_rule_covers_a_product_whatever_stock_is_left(
    tables: list[Match], attributes: Attributes, verdict: Condition
) -> None:
    assert covers(rule(*tables), KEY, attributes) == verdict


@pytest.mark.parametrize(
    ("observed", "stands_in_the_way"),
    [
        pytest.param(seen(6, "库存不足"), True, id="only the error"),
        pytest.param(seen(1, "库存不足"), False, id="too few as well"),
        pytest.param(seen(0, "库存不足"), False, id="nothing shown"),
        pytest.param(seen(6), False, id="no error"),
        pytest.param(seen(6, "quota reached"), False, id="an error that is ignored"),
    ],
)
def test_a_product_is_shown_but_blocked_when_only_the_stock_error_says_no(
    observed: Seen, stands_in_the_way: bool
) -> None:
    wanting = rule(table(remaining=">=2"), ignore_stock_error=("quota*",))

    assert would_be_met_unblocked(wanting, KEY, observed) is stands_in_the_way


@pytest.mark.parametrize(
    ("tables", "wanted"),
    [
        pytest.param([table(remaining=">=4")], table(remaining=">=4"), id="nodes"),
        pytest.param([table(total_gpus="8|16")], table(total_gpus="8|16"), id="GPUs"),
        pytest.param(
            [table(gpu_name="A100", remaining=">=9"), table(gpu_name="*", remaining=">=4")],
            table(remaining=">=4"),
            id="of the table that is about this product",
        ),
        pytest.param(
            [table(gpu_count="8"), table(remaining=">=4")], table(remaining=">=4"), id="of one that counts"
        ),
        pytest.param([table(gpu_count="8")], [None], id="none"),
    ],
)
def test_the_count_that_a_rule_asks_for(tables: list[Match], wanted: Sequence[Criterion | None]) -> None:
    assert [counting_criterion(rule(*tables), KEY, H800)] == list(wanted)


def test_a_criterion_is_shown_as_a_person_wrote_it() -> None:
    (criterion,) = table(remaining="1|4..8")

    assert criterion.wanted() == "1 or 4..8"


def test_a_rule_without_any_table_is_met_by_nothing() -> None:
    assert covers(Rule("nodes", (), ()), KEY, H800) == NotMet("match")


def test_only_the_beginning_of_a_long_text_is_quoted() -> None:
    with pytest.raises(ValueError, match=f"'{'x' * 40}':"):
        Range.parse("x" * 50)


def test_a_key_that_counts_hides_no_key_behind_it() -> None:
    verdict = covers(rule(table(remaining=">=2", gpu_name="A100*")), KEY, H800)
    assert verdict == NotMet("gpu_name")


@pytest.mark.parametrize("half_known", [seen(3, price=None), seen(3, gpu_count=None)])
def test_a_price_per_gpu_needs_both_of_its_numbers(half_known: Seen) -> None:
    assert value_of("price_per_gpu", KEY, half_known) is None


@pytest.mark.parametrize(("remaining", "would"), [(0, False), (1, True)])
def test_only_stock_that_is_shown_can_be_in_want_of_an_unblocking(remaining: int, would: bool) -> None:
    assert would_be_met_unblocked(rule(), KEY, seen(remaining, "error")) is would
