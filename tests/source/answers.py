"""Answers to be parsed and served: the documented ones, and ones with a single thing changed."""

import json
from pathlib import Path
from typing import Any

from monitor.core.answer import Failed, Listing, Row
from monitor.core.product import Invalid, Seen
from monitor.source.payload import RowMemo, parse

FIXTURES = Path(__file__).parent.parent / "fixtures"
TWO_PRODUCTS = (FIXTURES / "two_products.json").read_bytes()
FORBIDDEN = (FIXTURES / "forbidden.json").read_bytes()
SERVER_ERROR = (FIXTURES / "server_error.json").read_bytes()
GOOD_ROW = b'{"productCode": "GOOD", "remainingCount": 1}'
LEFT_OUT = object()


def body(*rows: bytes, status: bytes = b"200") -> bytes:
    return b'{"status": ' + status + b', "message": "OK", "data": [' + b", ".join(rows) + b"]}"


def row(**changed: Any) -> bytes:
    """A good row with some fields changed, or LEFT_OUT."""
    fields = {"productCode": "P", "aidcId": 1, "name": "n", "remainingCount": 6} | changed
    kept = {name: value for name, value in fields.items() if value is not LEFT_OUT}
    return json.dumps(kept, ensure_ascii=False).encode()


def raw_row(name: str, written: bytes) -> bytes:
    """A good row with one field as exactly these bytes."""
    good = {"productCode": b'"P"', "remainingCount": b"6"} | {name: written}
    return b"{" + b",".join(b'"%s":%s' % (key.encode(), value) for key, value in good.items()) + b"}"


def listed(answer: bytes) -> Listing:
    parsed = parse(answer, RowMemo())
    assert isinstance(parsed, Listing), parsed
    return parsed


def refused(answer: bytes) -> Failed:
    parsed = parse(answer, RowMemo())
    assert isinstance(parsed, Failed), parsed
    return parsed


def read(source: bytes) -> Row:
    """The row as read beside a good one."""
    first, second = listed(body(source, GOOD_ROW)).rows
    assert second.product_code == "GOOD"
    return first


def seen(source: bytes) -> Seen:
    observed = read(source).observed
    assert isinstance(observed, Seen), observed
    return observed


def why_invalid(source: bytes) -> str:
    observed = read(source).observed
    assert isinstance(observed, Invalid), observed
    return observed.reason


def unusable(source: bytes) -> bool:
    """True when the row is only counted, and the good one beside it is used."""
    listing = listed(body(source, GOOD_ROW))
    return listing.unusable == 1 and [row.product_code for row in listing.rows] == ["GOOD"]
