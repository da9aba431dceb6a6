"""What makes a whole answer unusable, and what does not."""

import pytest

from monitor.core.answer import Failed, FailureKind, Listing
from monitor.source.payload import RowMemo, parse
from tests.source.answers import FORBIDDEN, GOOD_ROW, SERVER_ERROR, TWO_PRODUCTS, body, listed, refused


def test_the_documented_answer_lists_both_products() -> None:
    listing = listed(TWO_PRODUCTS)
    assert [(row.aidc_id, row.product_code) for row in listing.rows] == [(1, "PRD-CCI-1"), (1, "PRD-TRAIN-1")]
    assert listing.unusable == 0


def test_an_empty_list_is_a_listing_without_rows() -> None:
    assert listed(body()).is_empty


@pytest.mark.parametrize("count", [1, 2, 10])
def test_an_empty_list_stays_a_listing_however_often_it_comes(count: int) -> None:
    memo = RowMemo()
    parse(TWO_PRODUCTS, memo)
    assert [parse(body(), memo) for _ in range(count)] == [Listing(())] * count


BROKEN = {
    "empty": b"",
    "white space": b" \n ",
    "truncated": TWO_PRODUCTS[:-20],
    "trailing garbage": TWO_PRODUCTS + b"x",
    "two values": TWO_PRODUCTS + b"{}",
    "byte order mark": b"\xef\xbb\xbf" + TWO_PRODUCTS,
    "UTF-16": TWO_PRODUCTS.decode().encode("utf-16"),
    "UTF-16 without a mark": TWO_PRODUCTS.decode().encode("utf-16-le"),
    "GBK": TWO_PRODUCTS.decode().encode("gbk"),
    "bad UTF-8 in a name": body(b'{"productCode": "A", "remainingCount": 1, "name": "\xff"}'),
    "bad UTF-8 in an unknown field": body(GOOD_ROW)[:-1] + b', "trace": "\xff"}',
    "bad UTF-8 in an unknown key": body(b'{"\xff": 1, "productCode": "A", "remainingCount": 1}'),
    "a surrogate as UTF-8": body(b'{"productCode": "A", "remainingCount": 1, "name": "\xed\xa0\x80"}'),
    "NaN as a count": body(b'{"productCode": "A", "remainingCount": NaN}', GOOD_ROW),
    "NaN in an unknown field": body(GOOD_ROW)[:-1] + b', "trace": NaN}',
    "Infinity": body(b'{"productCode": "A", "remainingCount": Infinity}', GOOD_ROW),
    "-Infinity deep in ext": body(b'{"productCode": "A", "remainingCount": 1, "ext": {"a": [-Infinity]}}'),
    "lone high surrogate": body(
        b'{"productCode": "A", "remainingCount": 1, "name": "\\ud800 and more text"}'
    ),
    "lone low surrogate": body(b'{"productCode": "A", "remainingCount": 1, "name": "\\udc00"}'),
    "high surrogate before a letter": body(
        b'{"productCode": "A", "remainingCount": 1, "x": "\\ud800\\u0041"}'
    ),
    "lone surrogate in a key": body(b'{"\\ud800": 1, "productCode": "A", "remainingCount": 1}'),
    "lone surrogate in the message": b'{"status": 200, "message": "\\ud800", "data": []}',
    "comment": b"/* hello */" + TWO_PRODUCTS,
    "trailing comma": b'{"status": 200, "data": [1,]}',
    "leading zero": body(b'{"productCode": "A", "remainingCount": 01}'),
    "single quotes": b"{'status': 200, 'data': []}",
    "raw control character": body(b'{"productCode": "A\x01", "remainingCount": 1}'),
    "200,000 levels": b'{"status": 200, "data": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "200,000 unclosed levels": b"[" * 200_000,
    "200,000 levels in a row": body(
        b'{"ext": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}", GOOD_ROW
    ),
    "HTML": b"<!DOCTYPE html><html><body>Log in</body></html>",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_json_anywhere_spoils_the_whole_answer(answer: bytes) -> None:
    failed = refused(answer)
    assert failed.kind is FailureKind.NOT_JSON
    assert failed.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the body is empty"),
        (b"<html>Log in</html>", "not JSON but a web page: a login page, a proxy or a gateway answered"),
        (b"\xef\xbb\xbf{}", "not JSON: it starts with a byte order mark"),
        (b'{"a": "\xff"}', "not JSON: byte 7 is not UTF-8"),
        (b"[" * 200_000, "not readable as JSON: it is nested too deeply"),
    ],
    ids=["empty", "page", "mark", "bytes", "deep"],
)
def test_the_reason_says_what_came_instead_of_json(answer: bytes, reason: str) -> None:
    assert refused(answer).reason == reason


def test_an_astral_character_written_as_a_surrogate_pair_is_fine() -> None:
    pair = b'{"productCode": "A", "remainingCount": 1, "name": "\\ud83d\\ude00"}'
    assert listed(body(pair)).rows[0].product_code == "A"


@pytest.mark.parametrize(
    "written", [b'"200"', b"200.0", b"2e2", b"true", b"null", b"201", b"0", b"-200", b"{}"]
)
def test_only_the_json_integer_200_is_success(written: bytes) -> None:
    failed = refused(body(GOOD_ROW, status=written))
    assert failed.kind is FailureKind.ENVELOPE
    assert failed.reason.startswith("the answer's status is not the number 200")
    assert written.decode() in failed.reason


def test_a_status_of_5000_digits_is_an_envelope_failure() -> None:
    assert refused(body(GOOD_ROW, status=b"2" * 5000)).kind is FailureKind.ENVELOPE


def test_a_missing_status_is_an_envelope_failure() -> None:
    assert refused(b'{"data": []}').kind is FailureKind.ENVELOPE


def test_a_403_in_the_envelope_is_a_refused_key() -> None:
    failed = refused(FORBIDDEN)
    assert failed.kind is FailureKind.KEY_REFUSED
    assert failed.reason == "forbidden: the key was refused (status 403 in the answer: Forbidden)"


def test_a_401_in_the_envelope_is_a_refused_key() -> None:
    assert refused(body(status=b"401")).kind is FailureKind.KEY_REFUSED


def test_a_429_in_the_envelope_is_a_rate_limit() -> None:
    assert refused(body(status=b"429")).kind is FailureKind.RATE_LIMITED


def test_a_500_in_the_envelope_is_a_server_error() -> None:
    failed = refused(SERVER_ERROR)
    assert failed.kind is FailureKind.SERVER_ERROR
    assert failed.reason == "server error (status 500 in the answer: Internal Server Error)"


@pytest.mark.parametrize("data", [b"{}", b"null", b'"[]"', b"1", b"true", b'{"list": []}'])
def test_data_that_is_no_list_is_an_envelope_failure(data: bytes) -> None:
    failed = refused(b'{"status": 200, "data": ' + data + b"}")
    assert failed.kind is FailureKind.ENVELOPE
    assert failed.reason == "the answer says status 200, but its data is not a list"


def test_missing_data_is_an_envelope_failure() -> None:
    assert refused(b'{"status": 200}').kind is FailureKind.ENVELOPE


@pytest.mark.parametrize("answer", [b"[]", b"null", b"200", b'"OK"', b"true", b"[1, 2]"])
def test_an_answer_that_is_no_object_is_an_envelope_failure(answer: bytes) -> None:
    assert refused(answer).kind is FailureKind.ENVELOPE


def test_an_answer_that_is_no_object_and_breaks_off_is_not_json() -> None:
    assert refused(b"[1, 2").kind is FailureKind.NOT_JSON


@pytest.mark.parametrize("rows", [[b"null"] * 3, [b"[]"] * 2, [b"[1]"], [b"7", b'"x"', b"true"]])
def test_a_list_without_one_object_has_no_usable_row(rows: list[bytes]) -> None:
    failed = refused(body(*rows))
    assert failed.kind is FailureKind.NO_USABLE_ROW
    assert failed.reason.startswith(f"no usable row among {len(rows)} row")


def test_a_list_whose_every_count_is_unusable_has_no_usable_row() -> None:
    failed = refused(body(b'{"productCode": "A", "remainingCount": null}', b'{"productCode": "B"}'))
    assert failed.kind is FailureKind.NO_USABLE_ROW
    assert failed.reason == "no usable row among 2 rows; the first: remainingCount is null"


def test_unknown_fields_are_ignored() -> None:
    answer = b'{"traceId": [1, {"a": null}], "status": 200, "data": [], "page": {"size": 1e999}}'
    assert listed(answer).is_empty


def test_a_number_of_5000_digits_in_an_unknown_field_is_ignored() -> None:
    assert listed(b'{"status": 200, "data": [], "page": ' + b"9" * 5000 + b"}").is_empty


def test_of_a_repeated_envelope_field_the_last_counts() -> None:
    assert listed(b'{"status": 500, "status": 200, "data": {}, "data": []}').is_empty


def test_a_message_of_a_megabyte_is_quoted_in_part() -> None:
    failed = refused(b'{"status": 500, "message": "' + b"x" * 1_000_000 + b'", "data": {}}')
    assert len(failed.reason) < 200


def test_a_message_that_is_no_string_is_left_out() -> None:
    assert (
        refused(b'{"status": 500, "message": {"a": 1}}').reason == "server error (status 500 in the answer)"
    )


def test_a_list_of_more_rows_than_memory_should_hold_is_too_large() -> None:
    assert refused(body(*[b"0"] * 100_001)).kind is FailureKind.TOO_LARGE


def test_an_answer_of_more_than_a_million_values_is_too_large() -> None:
    assert refused(body(*[b"0"] * 1_000_002)).kind is FailureKind.TOO_LARGE


def test_a_failure_keeps_the_first_kilobyte_without_secrets() -> None:
    answer = b'{"status": 403, "message": "no such key sk-canary-1", "data": "' + b"x" * 5000 + b'"}'
    failed = parse(answer, RowMemo(), ["sk-canary-1"])
    assert not isinstance(failed, Listing)
    assert "sk-canary-1" not in f"{failed}"
    assert failed.excerpt is not None
    assert failed.excerpt.startswith('{"status": 403, "message": "no such key ***"')
    assert len(failed.excerpt) <= 1024


@pytest.mark.parametrize("before", [0, 60, 85, 95, 99, 180, 195])
def test_a_key_at_the_edge_of_what_is_quoted_leaves_no_part_of_it(before: int) -> None:
    key = "0123456789" * 3
    for answer in (
        b'{"status": 500, "message": "%b%b"}' % (b"x" * before, key.encode()),
        b'{"status": 500, "message": "%b%b"}' % (b" \\n" * before, key.encode()),
        b'{"status": "%b%b"}' % (b"x" * (before // 10), key.encode()),
    ):
        failed = parse(answer, RowMemo(), [key])
        assert isinstance(failed, Failed)
        assert "01234" not in failed.reason
