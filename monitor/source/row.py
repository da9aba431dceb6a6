"""Reads one row of the provider's list: raw JSON to `Row`, field by field, believing nothing. Pure.

The provider's page promises only `name`; numbers come as strings, and types may change any day. So a
field that cannot be read is that field's loss, and a count that cannot be read is that product's.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeGuard

import msgspec

from monitor.core.answer import Row
from monitor.core.product import NO_GPU, Attributes, Invalid, Seen

LONGEST_CODE: Final = 200
LONGEST_TEXT: Final = 500
LONGEST_QUOTE: Final = 40
LARGEST_COUNT: Final = 1_000_000_000
LARGEST_AIDC_ID: Final = 2**31 - 1

_PLAIN_CODE: Final = re.compile(r"[!-~]+")
_DIGITS: Final = re.compile(r"[0-9]{1,10}")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_UNPRINTABLE: Final = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class _Written:
    """JSON text that is no string, object, list or 64-bit integer, as it was written: `1.50`, `1e999`."""

    text: str


class _Missing:
    """The type of `_MISSING`, so that null and "not there" stay apart."""


_MISSING: Final = _Missing()
_read: Final = msgspec.json.Decoder(dict[str, Any], float_hook=_Written)
_read_value: Final = msgspec.json.Decoder(Any, float_hook=_Written)
_split: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_row(source: bytes) -> Row | None:
    """The row, or None when its key is unusable: no product can be named by it.

    `source` is one valid JSON value of any type. Raises nothing.
    """
    fields = _fields(source)
    code, aidc_id = fields.get("productCode"), fields.get("aidcId")
    if not isinstance(code, str) or not _is_code(code):
        return None
    if aidc_id is not None and not _is_whole(aidc_id, LARGEST_AIDC_ID):
        return None
    return Row(aidc_id, code, _observed(source, fields))


def _fields(source: bytes) -> dict[str, Any]:
    try:
        return _read.decode(source)
    except (msgspec.DecodeError, RecursionError):  # no object, or a number beyond every bound in it
        return {name: _value(raw) for name, raw in _raw_fields(source).items()}


def _raw_fields(source: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return _split.decode(source)
    except (msgspec.DecodeError, RecursionError):
        return {}


def _value(raw: msgspec.Raw) -> Any:
    value = _flat_value(raw)
    if isinstance(value, _Written):
        return {name: _flat_value(part) for name, part in _raw_fields(raw).items()} or value
    return value


def _flat_value(raw: msgspec.Raw) -> Any:
    try:
        return _read_value.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return _Written(_text(raw))


def _is_code(code: str) -> bool:
    if not 0 < len(code) <= LONGEST_CODE:
        return False
    if _PLAIN_CODE.fullmatch(code):
        return True
    return not any(char.isspace() or unicodedata.category(char) in _UNPRINTABLE for char in code)


def _is_whole(value: object, largest: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest


def _observed(source: bytes, fields: dict[str, Any]) -> Seen | Invalid:
    remaining = _count(fields.get("remainingCount"))
    if remaining is None:
        return Invalid(_complaint(source, fields.get("remainingCount", _MISSING)))
    ext = fields.get("ext")
    if ext is not None and not isinstance(ext, dict):
        return Invalid(f"ext {_quote(source, 'ext')} is not an object: it may hide a stock error")
    return Seen(remaining, _stock_error(source, ext or {}), _attributes(fields))


def _count(value: object) -> int | None:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return value if _is_whole(value, LARGEST_COUNT) else None


def _complaint(source: bytes, value: object) -> str:
    match value:
        case None:
            return "remainingCount is null"
        case _Missing():
            return "remainingCount is missing"
        case int() if not isinstance(value, bool):
            bound = "below 0" if value < 0 else f"over {LARGEST_COUNT:,}"
            return f"remainingCount {_quote(source, 'remainingCount')} is {bound}"
        case _:
            return f"remainingCount {_quote(source, 'remainingCount')} is not a whole number"


def _quote(source: bytes, name: str) -> str:
    text = _text(_raw_fields(source)[name])
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw)[: LONGEST_TEXT * 4].decode("utf-8", "replace")[:LONGEST_TEXT]


def _stock_error(source: bytes, ext: dict[str, Any]) -> str | None:
    error = ext.get("stockError")
    if error is None:
        return None
    if isinstance(error, str):
        return error[:LONGEST_TEXT] if error.strip() else None
    return _text(_raw_fields(_raw_fields(source)["ext"])["stockError"])


def _attributes(fields: dict[str, Any]) -> Attributes:
    return Attributes(
        name=_name(fields.get("name")),
        cpu_cores=_decimal(fields.get("cpuCores")),
        memory_gb=_decimal(fields.get("memoryGB")),
        gpu_name=_gpu_name(fields.get("gpuName", _MISSING)),
        gpu_count=_count(fields.get("gpuCount")),
        disk_gb=_decimal(fields.get("diskGB")),
        price=_decimal(fields.get("price")),
        price_unit=_count(fields.get("priceUnit")),
    )


def _name(value: object) -> str | None:
    return value[:LONGEST_TEXT] if isinstance(value, str) else None


def _gpu_name(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value.strip() in {"", NO_GPU}):
        return NO_GPU
    return _name(value)


def _decimal(value: object) -> Decimal | None:
    text = value.text if isinstance(value, _Written) else value
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    return Decimal(text) if isinstance(text, str) and _DECIMAL.fullmatch(text) else None
