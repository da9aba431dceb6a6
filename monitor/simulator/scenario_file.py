"""Reads a scenario file: TOML to a Scripted scenario, or every problem at once with its line.

[[product]]   product_code, and any of: name, aidc_id, gpu_name, gpu_count, cpu_cores, memory_gb,
              disk_gb, price, price_unit, remaining, stock_error, listed
[[event]]     at, product_code (aidc_id where a code is in several data centres), and what changes
[[event]]     at, fault, for
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from monitor.core.errors import ConfigError
from monitor.simulator.fields import CHANGES, PRODUCT, Reader, read_duration_s, read_fault, read_text
from monitor.simulator.lines import line_of
from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Change, Fault, Scripted

SIZE_LIMIT: Final = 1024 * 1024

_Table = Mapping[str, Any]
_OF_CHANGE: Final[Mapping[str, Reader]] = {"at": read_duration_s, "product_code": read_text, **CHANGES}
_OF_FAULT: Final[Mapping[str, Reader]] = {
    "at": read_duration_s,
    "fault": read_fault,
    "for": read_duration_s,
}


def load(path: Path) -> Scripted:
    """The scenario in the file. Raises ConfigError with all that is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {(error.strerror or 'error').lower()}"]) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigError([f"{path}: is larger than the {SIZE_LIMIT} bytes that a scenario may have"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text"]) from error
    return parse(text, path.name)


def parse(text: str, file_name: str) -> Scripted:
    """The scenario in the text. Numbers with a decimal point keep the digits as they were written."""
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text, parse_float=_as_written)
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{file_name}: not valid TOML: {error}"]) from error
    reading = _Reading(text, file_name)
    scenario = reading.scenario(document)
    if reading.problems:
        raise ConfigError([problem for _, problem in sorted(reading.problems)])
    return scenario


def _as_written(number: str) -> str:
    return number.replace("_", "")


class _Reading:
    """One pass over a document, with the problems met on the way."""

    def __init__(self, text: str, file_name: str) -> None:
        self.problems: list[tuple[int, str]] = []
        self._text = text
        self._file_name = file_name

    def scenario(self, document: _Table) -> Scripted:
        for name in document.keys() - {"product", "event"}:
            self._complain(name, 0, name, _unknown(name, ("product", "event")), where=name)
        offers = self._offers(self._tables(document, "product"))
        events = list(enumerate(self._tables(document, "event")))
        changes = [self._change(i, event, offers) for i, event in events if "fault" not in event]
        faults = [self._fault(i, event) for i, event in events if "fault" in event]
        return Scripted(tuple(offers), tuple(c for c in changes if c), tuple(f for f in faults if f))

    def _tables(self, document: _Table, name: str) -> Sequence[_Table]:
        tables = document.get(name, [])
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            if name == "product" and not tables:
                self._complain(name, 0, None, "there is none: write at least one [[product]]", where=name)
            return tables
        self._complain(name, 0, None, f"must be tables: write [[{name}]]", where=name)
        return []

    def _offers(self, tables: Sequence[_Table]) -> list[Offer]:
        offers: dict[tuple[int, str], Offer] = {}
        for index, table in enumerate(tables):
            values = self._read("product", index, table, PRODUCT)
            if "product_code" not in values:
                self._missing("product", index, table, "product_code")
                continue
            offer = Offer(**{"name": values["product_code"], "aidc_id": 1, **values})
            if offer.identity in offers:
                why = f"{offer.product_code} is there already in data centre {offer.aidc_id}"
                self._complain("product", index, "product_code", why)
            offers[offer.identity] = offer
        return list(offers.values())

    def _change(self, index: int, table: _Table, offers: Sequence[Offer]) -> Change | None:
        values = self._read("event", index, table, _OF_CHANGE)
        self._missing("event", index, table, "at", "product_code")
        code, aidc_id, at_s = (
            values.pop("product_code", None),
            values.pop("aidc_id", None),
            values.pop("at", None),
        )
        if not table.keys() & (CHANGES.keys() - {"aidc_id"}):
            self._complain("event", index, None, "changes nothing: name a field of the product, or a fault")
        meant = [o.identity for o in offers if o.product_code == code and aidc_id in {None, o.aidc_id}]
        if code is not None and len(meant) != 1:
            self._complain("event", index, "product_code", _whose(code, meant, offers))
        return Change(at_s, meant[0], values) if at_s is not None and len(meant) == 1 else None

    def _fault(self, index: int, table: _Table) -> Fault | None:
        values = self._read("event", index, table, _OF_FAULT)
        self._missing("event", index, table, "at", "for")
        if values.keys() != _OF_FAULT.keys():
            return None
        return Fault(values["fault"], values["at"], values["at"] + values["for"])

    def _read(self, kind: str, index: int, table: _Table, readers: Mapping[str, Reader]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in readers:
                self._complain(kind, index, key, _unknown(key, readers))
                continue
            try:
                values[key] = readers[key](value)
            except ValueError as error:
                self._complain(kind, index, key, str(error))
        return values

    def _missing(self, kind: str, index: int, table: _Table, *keys: str) -> None:
        for key in keys:
            if key not in table:
                self._complain(kind, index, None, "is missing", where=f"{kind}[{index}].{key}")

    def _complain(self, kind: str, index: int, key: str | None, why: str, where: str | None = None) -> None:
        line = line_of(self._text, kind, index, key)
        where = where or (f"{kind}[{index}].{key}" if key else f"{kind}[{index}]")
        self.problems.append((line, f"{self._file_name}:{line}: {where}: {why}"))


def _unknown(key: str, known: Mapping[str, Reader] | Sequence[str]) -> str:
    if "fault" in known and key in _OF_CHANGE:
        return "an event with a fault changes no product: write another [[event]]"
    near = get_close_matches(key, list(known), n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known are: {', '.join(known)}"


def _whose(code: str, meant: Sequence[tuple[int, str]], offers: Sequence[Offer]) -> str:
    if meant:
        return f"{code} is in several data centres: say which with aidc_id"
    if Counter(offer.product_code for offer in offers)[code]:
        return f"{code} is not in that data centre"
    near = get_close_matches(code, [offer.product_code for offer in offers], n=1)
    return f"no [[product]] has the code {code}" + (f"; did you mean {near[0]}?" if near else "")
