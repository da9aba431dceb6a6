"""A second reading of an answer, as plain as can be, by the standard library alone: the fuzzer's own truth.

It shares no code with `monitor.source` but the words for what went wrong. Pure.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from monitor.core.answer import FailureKind

DEEPEST_JUDGED: Final = 400
"""Beyond this depth readers differ in what they can still follow; such an answer is played, not judged."""

_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


class Written(NamedTuple):
    """A number that is no integer of ordinary length, as it was written."""

    text: str


class Sight(NamedTuple):
    """A valid row. `error` is None, the text, or `ODD_ERROR`; `attributes` in the provider's order."""

    remaining: int
    error: str | None
    attributes: tuple[object, ...]


class ReadRow(NamedTuple):
    """A row whose key can be used; `sight` None: it is invalid."""

    aidc_id: int | None
    code: str
    sight: Sight | None


@dataclass(frozen=True, slots=True)
class Reading:
    """`failure` None: a list was read. `too_deep`: this reader gave up, which says nothing."""

    failure: FailureKind | None = None
    rows: tuple[ReadRow, ...] = ()
    unusable: int = 0
    too_deep: bool = False


ODD_ERROR: Final = "\0 the error is no string"


def read(body: bytes) -> Reading:
    try:
        text = body.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return Reading(FailureKind.NOT_JSON)
    if text.count(",") > 1_000_000:
        return Reading(FailureKind.TOO_LARGE)
    if _may_be_deep(text):
        return Reading(too_deep=True)
    try:
        value = _decode(text)
    except ValueError:
        return Reading(FailureKind.NOT_JSON)
    if _ESCAPED_SURROGATE.search(text) and any(map(_is_lone, _strings(_decode_pairs(text)))):
        return Reading(FailureKind.NOT_JSON)
    return _of_envelope(value)


def _of_envelope(value: Any) -> Reading:
    if not isinstance(value, dict):
        return Reading(FailureKind.ENVELOPE)
    status, rows = value.get("status"), value.get("data")
    if type(status) is not int or status != 200:
        return Reading(_failure_of(status))
    if not isinstance(rows, list):
        return Reading(FailureKind.ENVELOPE)
    if len(rows) > 100_000:
        return Reading(FailureKind.TOO_LARGE)
    usable = tuple(row for row in map(_row, rows) if row is not None)
    if rows and all(row.sight is None for row in usable):
        return Reading(FailureKind.NO_USABLE_ROW)
    return Reading(None, usable, len(rows) - len(usable))


def _failure_of(status: Any) -> FailureKind:
    if type(status) is not int:
        return FailureKind.ENVELOPE
    if status in {401, 403}:
        return FailureKind.KEY_REFUSED
    if status == 429:
        return FailureKind.RATE_LIMITED
    return FailureKind.SERVER_ERROR if 500 <= status <= 599 else FailureKind.ENVELOPE


def _row(row: Any) -> ReadRow | None:
    if not isinstance(row, dict):
        return None
    code, aidc_id = row.get("productCode"), row.get("aidcId")
    if not isinstance(code, str) or not 1 <= len(code) <= 200 or any(map(_is_invisible, code)):
        return None
    if aidc_id is not None and (type(aidc_id) is not int or not 0 <= aidc_id < 2**31):
        return None
    remaining, ext = _count(row.get("remainingCount")), row.get("ext")
    if remaining is None or not (ext is None or isinstance(ext, dict)):
        return ReadRow(aidc_id, code, None)
    return ReadRow(aidc_id, code, Sight(remaining, _error((ext or {}).get("stockError")), _attributes(row)))


def _is_invisible(char: str) -> bool:
    if "!" <= char <= "~":
        return False
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        if not 1 <= len(value) <= 10 or any(char not in "0123456789" for char in value):
            return None
        value = int(value)
    return value if type(value) is int and 0 <= value <= 10**9 else None


def _error(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return value[:500] if isinstance(value, str) else ODD_ERROR


def _attributes(row: dict[str, Any]) -> tuple[object, ...]:
    gpu = row.get("gpuName", Written(""))
    has_none = gpu is None or (isinstance(gpu, str) and gpu.strip() in {"", "-"})
    return (
        _text(row.get("name")),
        _decimal(row.get("cpuCores")),
        _decimal(row.get("memoryGB")),
        "-" if has_none else _text(gpu),
        _count(row.get("gpuCount")),
        _decimal(row.get("diskGB")),
        _decimal(row.get("price")),
        _count(row.get("priceUnit")),
    )


def _text(value: Any) -> str | None:
    return value[:500] if isinstance(value, str) else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, Written):
        value = value.text
    elif type(value) is int:
        value = str(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _integer(text: str) -> int | Written:
    return int(text) if len(text) < 25 else Written(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_decode: Final = json.JSONDecoder(parse_int=_integer, parse_float=Written, parse_constant=_no_constant).decode
_decode_pairs: Final = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=_no_constant
).decode


def _strings(value: Any) -> Iterable[str]:
    """All of them, keys and what a later key hides included."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def _is_lone(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _may_be_deep(text: str) -> bool:
    """Nested deeper than is judged, as far as brackets outside of strings tell."""
    if text.count("[") + text.count("{") <= DEEPEST_JUDGED:
        return False
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST_JUDGED:
            return True
    return False
