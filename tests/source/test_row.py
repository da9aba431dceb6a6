"""What a bad row costs. Always itself at most, never the rows beside it."""

from decimal import Decimal
from typing import Any

import pytest

from monitor.core.product import UNKNOWN_ATTRIBUTES, Attributes, Seen
from tests.source.answers import (
    GOOD_ROW,
    LEFT_OUT,
    TWO_PRODUCTS,
    body,
    listed,
    raw_row,
    read,
    row,
    seen,
    unusable,
    why_invalid,
)


def test_the_documented_rows_are_read_whole() -> None:
    first, second = (row.observed for row in listed(TWO_PRODUCTS).rows)
    assert first == Seen(
        6,
        None,
        Attributes("无卡启动", Decimal(2), Decimal(4), "-", 0, Decimal(50), Decimal("12.5"), 11),
    )
    assert second == Seen(
        0,
        "库存不足",
        Attributes(
            "分布式训练1", Decimal(18), Decimal(200), "NVIDIA-H800A-NV-80G", 8, Decimal(100), Decimal(2), 11
        ),
    )


@pytest.mark.parametrize(
    "code",
    [
        LEFT_OUT,
        None,
        "",
        7,
        True,
        ["P"],
        {"a": 1},
        "x" * 201,
        "x" * 10_000,
        "a b",
        "a\tb",
        "a\n",
        "\0",
        "\x7f",
    ],
)
def test_a_row_without_a_usable_code_is_only_counted(code: Any) -> None:
    assert unusable(row(productCode=code))


@pytest.mark.parametrize("invisible", ["\u3000", "\u00a0", "\u2028", "\u202e", "\u200b", "\ufeff", "\u0085"])
def test_a_code_with_invisible_characters_is_unusable(invisible: str) -> None:
    assert unusable(row(productCode=f"PRD{invisible}1"))


@pytest.mark.parametrize("code", ["PRD-TRAIN-1", "x" * 200, "规格-1", "<b>", "🚀", "prd", " ".strip() or "."])
def test_a_usable_code_is_never_altered(code: str) -> None:
    assert read(row(productCode=code)).product_code == code


@pytest.mark.parametrize("aidc_id", ["1", 1.0, True, -1, 2**31, 2**63, 2**64, [], {}, ""])
def test_a_data_centre_that_is_no_integer_makes_the_key_unusable(aidc_id: Any) -> None:
    assert unusable(row(aidcId=aidc_id))


def test_a_data_centre_of_5000_digits_makes_the_key_unusable() -> None:
    assert unusable(raw_row("aidcId", b"9" * 5000))


@pytest.mark.parametrize("aidc_id", [LEFT_OUT, None])
def test_a_row_without_a_data_centre_has_none(aidc_id: Any) -> None:
    assert read(row(aidcId=aidc_id)).aidc_id is None


def test_the_same_code_in_two_data_centres_is_two_rows() -> None:
    rows = listed(body(row(aidcId=1), row(aidcId=2))).rows
    assert [(row.aidc_id, row.product_code) for row in rows] == [(1, "P"), (2, "P")]


def test_rows_of_one_key_are_all_kept_equal_or_contradicting() -> None:
    rows = listed(body(row(), row(), row(remainingCount=0))).rows
    assert [row.observed.remaining for row in rows if isinstance(row.observed, Seen)] == [6, 6, 0]


@pytest.mark.parametrize(
    ("written", "remaining"),
    [
        (b"0", 0),
        (b"6", 6),
        (b'"6"', 6),
        (b'"0"', 0),
        (b'"0006"', 6),
        (b"1000000000", 10**9),
        (b'"1000000000"', 10**9),
    ],
)
def test_a_usable_count_is_a_whole_number_or_its_digits(written: bytes, remaining: int) -> None:
    assert seen(raw_row("remainingCount", written)).remaining == remaining


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"null", "remainingCount is null"),
        (b'""', 'remainingCount "" is not a whole number'),
        (b'" 6 "', 'remainingCount " 6 " is not a whole number'),
        (b'"6\\n"', 'remainingCount "6\\n" is not a whole number'),
        (b'"6.0"', 'remainingCount "6.0" is not a whole number'),
        (b"6.0", "remainingCount 6.0 is not a whole number"),
        (b"1.5", "remainingCount 1.5 is not a whole number"),
        (b"-1", "remainingCount -1 is below 0"),
        (b'"-1"', 'remainingCount "-1" is not a whole number'),
        (b'"+1"', 'remainingCount "+1" is not a whole number'),
        (b"true", "remainingCount true is not a whole number"),
        (b"false", "remainingCount false is not a whole number"),
        (b"1000000001", "remainingCount 1000000001 is over 1,000,000,000"),
        (b"2147483648", "remainingCount 2147483648 is over 1,000,000,000"),
        (b"9223372036854775808", "remainingCount 9223372036854775808 is over 1,000,000,000"),
        (b"-9223372036854775809", "remainingCount -9223372036854775809 is below 0"),
        (b"1e308", "remainingCount 1e308 is not a whole number"),
        (b"1e999", "remainingCount 1e999 is not a whole number"),
        (b"6e0", "remainingCount 6e0 is not a whole number"),
        ('"１２"'.encode(), 'remainingCount "１２" is not a whole number'),
        ('"٣"'.encode(), 'remainingCount "٣" is not a whole number'),
        (b'"1_000"', 'remainingCount "1_000" is not a whole number'),
        (b'"1,000"', 'remainingCount "1,000" is not a whole number'),
        (b'"0x6"', 'remainingCount "0x6" is not a whole number'),
        (b'"9999999999"', 'remainingCount "9999999999" is not a whole number'),
        (b'"00000000006"', 'remainingCount "00000000006" is not a whole number'),
        (b"[6]", "remainingCount [6] is not a whole number"),
        (b'{"a": 6}', 'remainingCount {"a": 6} is not a whole number'),
    ],
)
def test_a_row_whose_count_cannot_be_used_is_unknown(written: bytes, reason: str) -> None:
    assert why_invalid(raw_row("remainingCount", written)) == reason


def test_a_row_without_a_count_is_unknown() -> None:
    assert why_invalid(row(remainingCount=LEFT_OUT)) == "remainingCount is missing"


@pytest.mark.parametrize(
    "written", [b"9" * 5000, b'"%s"' % (b"9" * 100_000), b"[" * 300 + b"1" * 5000 + b"]" * 300]
)
def test_a_monstrous_count_is_unknown_and_quoted_in_part(written: bytes) -> None:
    assert len(why_invalid(raw_row("remainingCount", written))) < 80


@pytest.mark.parametrize("field", ["cpuCores", "price", "priceUnit", "name", "gpuName", "surprise"])
@pytest.mark.parametrize(
    "written", [b"9" * 5000, b"1e999", b"-1e-999", b"0." + b"1" * 5000, b"18446744073709551616"]
)
def test_an_absurd_number_in_another_field_costs_that_field_only(field: str, written: bytes) -> None:
    observed = seen(raw_row(field, written))
    assert (observed.remaining, observed.attributes) == (6, UNKNOWN_ATTRIBUTES)


@pytest.mark.parametrize(
    "ext", [LEFT_OUT, None, {}, {"note": "x"}, {"stockError": None}, {"nested": {"a": [1]}}]
)
def test_no_stock_error_is_no_error(ext: Any) -> None:
    assert seen(row(ext=ext)).stock_error is None


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u3000"])
def test_a_blank_stock_error_is_no_error(blank: str) -> None:
    assert seen(row(ext={"stockError": blank})).stock_error is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"7", "7"),
        (b"0", "0"),
        (b"false", "false"),
        (b"{}", "{}"),
        (b'{"code": 1.50}', '{"code": 1.50}'),
        (b"[1e999]", "[1e999]"),
        (b"9" * 5000, "9" * 500),
    ],
)
def test_a_stock_error_that_is_no_string_is_shown_as_its_json(written: bytes, shown: str) -> None:
    assert seen(raw_row("ext", b'{"stockError": ' + written + b"}")).stock_error == shown


def test_a_stock_error_beside_an_absurd_number_is_still_read() -> None:
    ext = b'{"stockError": "sold", "x": ' + b"9" * 5000 + b"}"
    assert seen(raw_row("ext", ext)).stock_error == "sold"


def test_a_stock_error_of_a_megabyte_is_cut() -> None:
    assert seen(row(ext={"stockError": "库" * 1_000_000})).stock_error == "库" * 500


@pytest.mark.parametrize("ext", [[], ["stockError"], "库存不足", "", 0, 7, True, 1.5])
def test_an_ext_that_is_no_object_makes_the_product_unknown(ext: Any) -> None:
    assert why_invalid(row(ext=ext)).endswith("is not an object: it may hide a stock error")


def test_of_a_repeated_field_the_last_counts() -> None:
    assert seen(b'{"productCode": "P", "remainingCount": 0, "remainingCount": 6}').remaining == 6


def test_half_the_list_is_a_list() -> None:
    assert len(listed(body(GOOD_ROW)).rows) == 1


def test_a_renamed_repriced_or_moved_product_reads_as_it_now_is() -> None:
    moved = read(row(name="new", price="3", aidcId=2))
    assert isinstance(moved.observed, Seen)
    assert (moved.aidc_id, moved.observed.attributes.name, moved.observed.attributes.price) == (
        2,
        "new",
        Decimal(3),
    )
