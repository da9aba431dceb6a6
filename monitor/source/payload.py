"""Turns the bytes of an answer into a `Listing`, or says why they are none. Pure.

The envelope is read first, then the list, then one row at a time, so that a bad row costs no other one.
What is not JSON anywhere spoils the whole body: msgspec checks the grammar, numbers and surrogates also
of what it skips (measured, 0.22), but UTF-8 only of what it decodes, hence the check of the whole body.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from monitor.core.answer import Failed, FailureKind, Listing, Row
from monitor.core.product import Seen
from monitor.source.excerpt import excerpt, redact
from monitor.source.row import read_row

MOST_COMMAS: Final = 1_000_000
MOST_ROWS: Final = 100_000
LONGEST_MESSAGE: Final = 100
LONGEST_STATUS: Final = 20


class RowMemo:
    """The rows of a feed's last answer by their raw bytes: a row that did not change is not read again.

    It yields the identical object, so that "unchanged" can be told by `is`. Each answer replaces it,
    which bounds it to one answer.
    """

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[bytes, Row | None] = {}


class _Envelope(msgspec.Struct):
    status: msgspec.Raw = msgspec.Raw(b"null")
    message: msgspec.Raw = msgspec.Raw(b"null")
    data: msgspec.Raw = msgspec.Raw(b"null")


_envelope: Final = msgspec.json.Decoder(_Envelope)
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])
_any_json: Final = msgspec.json.Decoder(msgspec.Raw)
_text: Final = msgspec.json.Decoder(str)


def parse(body: bytes, memo: RowMemo, secrets: Iterable[str] = ()) -> Listing | Failed:
    """The listing that the body holds. Raises nothing; `secrets` are struck out of what is quoted.

    `status` must be the JSON integer 200. A row without `aidcId` has none here either, and rows of
    other data centres than asked for are still in it.
    """
    try:
        answer = _listing(body, memo, secrets)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        answer = Failed(FailureKind.NOT_JSON, _why_not_json(body, error))
    except RecursionError:
        answer = Failed(FailureKind.NOT_JSON, "not readable as JSON: it is nested too deeply")
    if isinstance(answer, Listing):
        return answer
    return Failed(answer.kind, redact(answer.reason, secrets), excerpt(body, secrets))


def status_failure(status: int, told_by: str) -> Failed:
    """The failure that a status other than 200 means, be it HTTP's or the envelope's."""
    match status:
        case 401:
            return Failed(FailureKind.KEY_REFUSED, f"unauthorized: the key was refused ({told_by})")
        case 403:
            return Failed(FailureKind.KEY_REFUSED, f"forbidden: the key was refused ({told_by})")
        case 429:
            return Failed(FailureKind.RATE_LIMITED, f"rate limited: too many requests ({told_by})")
        case _ if 500 <= status <= 599:
            return Failed(FailureKind.SERVER_ERROR, f"server error ({told_by})")
        case _:
            return Failed(FailureKind.HTTP_STATUS, f"unexpected answer ({told_by})")


def _listing(body: bytes, memo: RowMemo, secrets: Iterable[str]) -> Listing | Failed:
    body.decode()
    if body.count(b",") > MOST_COMMAS:
        return Failed(FailureKind.TOO_LARGE, f"the answer holds more than {MOST_COMMAS:,} values")
    try:
        envelope = _envelope.decode(body)
    except msgspec.ValidationError:
        _any_json.decode(body)
        return Failed(FailureKind.ENVELOPE, "the answer is JSON, but not an object with status and data")
    failed = _refused(envelope, secrets)
    if failed is not None:
        return failed
    try:
        raws = _list.decode(envelope.data)
    except msgspec.ValidationError:
        return Failed(FailureKind.ENVELOPE, "the answer says status 200, but its data is not a list")
    return _rows(raws, memo)


def _refused(envelope: _Envelope, secrets: Iterable[str]) -> Failed | None:
    status = bytes(envelope.status)
    if status == b"200":
        return None
    written = (excerpt(status, secrets) or "")[:LONGEST_STATUS]
    told_by = f"status {written} in the answer{_message(envelope.message, secrets)}"
    if written.isdecimal() and len(written) == 3:
        failed = status_failure(int(written), told_by)
        if failed.kind is not FailureKind.HTTP_STATUS:
            return failed
    return Failed(FailureKind.ENVELOPE, f"the answer's status is not the number 200 ({told_by})")


def _message(raw: msgspec.Raw, secrets: Iterable[str]) -> str:
    """Cut only after the secrets are struck out: half of one would not be known again."""
    try:
        message = excerpt(_text.decode(raw).encode(), secrets)
    except msgspec.DecodeError:
        return ""
    return f": {message[:LONGEST_MESSAGE]}" if message else ""


def _rows(raws: list[msgspec.Raw], memo: RowMemo) -> Listing | Failed:
    if len(raws) > MOST_ROWS:
        return Failed(FailureKind.TOO_LARGE, f"the answer lists more than {MOST_ROWS:,} products")
    known, read = memo.rows, {}
    rows: list[Row | None] = []
    for raw in raws:
        source = bytes(raw)
        read[source] = row = known[source] if source in known else read_row(source)
        rows.append(row)
    memo.rows = read
    usable = tuple(row for row in rows if row is not None)
    if rows and not any(isinstance(row.observed, Seen) for row in usable):
        return Failed(FailureKind.NO_USABLE_ROW, _why_unusable(usable, len(rows)))
    return Listing(usable, len(rows) - len(usable))


def _why_unusable(rows: tuple[Row, ...], count: int) -> str:
    reasons = [row.observed.reason for row in rows if not isinstance(row.observed, Seen)]
    first = reasons[0] if reasons else "no usable productCode and aidcId"
    rows_in_all = "1 row" if count == 1 else f"{count} rows"
    return f"{FailureKind.NO_USABLE_ROW.value} among {rows_in_all}; the first: {first}"


def _why_not_json(body: bytes, error: Exception) -> str:
    start = body[:64].lstrip().lower()
    if not start:
        return "the body is empty"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")):
        return "not JSON but a web page: a login page, a proxy or a gateway answered"
    if start.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "not JSON: it starts with a byte order mark"
    if isinstance(error, UnicodeDecodeError):
        return f"not JSON: byte {error.start} is not UTF-8"
    return f"not JSON: {error}"
