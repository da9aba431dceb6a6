"""Whatever the bytes: parse raises nothing, and no count is read out of a row that has no usable one."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.core.product import Seen
from monitor.source.payload import RowMemo, parse
from tests.source.answers import TWO_PRODUCTS

MODEST = settings(max_examples=150, deadline=None, database=None, derandomize=True)

FIELDS = ["productCode", "aidcId", "remainingCount", "ext", "price", "gpuName", "name", "priceUnit"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["6", " 6 ", "-", "", "1.5", "１２"])
    | st.text(max_size=8)
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
ROWS = st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=8) | ANY_JSON


@MODEST
@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_raise_nothing(body: bytes) -> None:
    assert isinstance(parse(body, RowMemo()), Failed)


@MODEST
@given(st.lists(st.tuples(st.integers(0, len(TWO_PRODUCTS)), st.binary(max_size=3)), min_size=1, max_size=4))
def test_a_mutated_answer_raises_nothing(edits: list[tuple[int, bytes]]) -> None:
    body = TWO_PRODUCTS
    for at, written in edits:
        body = body[:at] + written + body[at + len(written) :]
    answer = parse(body, RowMemo())
    assert isinstance(answer, Failed) or is_strict_json(body)


@MODEST
@given(st.lists(ROWS, max_size=4))
def test_a_count_is_only_read_where_one_was_written(rows: list[Any]) -> None:
    answer = parse(json.dumps({"status": 200, "data": rows}).encode("utf-8"), RowMemo())
    if isinstance(answer, Failed):
        assert answer.kind in {FailureKind.NO_USABLE_ROW, FailureKind.NOT_JSON}
        return
    written = iter([row for row in rows if names_a_product(row)])
    for row in answer.rows:
        source = next(candidate for candidate in written if candidate["productCode"] == row.product_code)
        assert isinstance(row.observed, Seen) is (
            is_count(source.get("remainingCount")) and isinstance(source.get("ext"), dict | None)
        )
        if isinstance(row.observed, Seen):
            assert row.observed.remaining == int(source["remainingCount"])


@MODEST
@given(ANY_JSON, st.sampled_from(["status", "message", "data", "other"]))
def test_any_value_in_the_envelope_raises_nothing(value: Any, field: str) -> None:
    answer = parse(json.dumps({"status": 200, "data": []} | {field: value}).encode(), RowMemo())
    assert isinstance(answer, Listing | Failed)


def names_a_product(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("productCode"), str)


def is_count(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= 10**9
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def is_strict_json(body: bytes) -> bool:
    """As the standard library sees it, but for what it lets pass: NaN and lone surrogates."""
    try:
        json.dumps(json.loads(body.decode(), parse_constant=lambda name: 1 / 0), ensure_ascii=False).encode()
    except (ValueError, ZeroDivisionError):
        return False
    return True
