"""Reads a scenario file: TOML to a Scripted scenario, or every problem at once with its line.

[[product]]   product_code, and any of: name, aidc_id, gpu_name, gpu_count, cpu_cores, memory_gb,
              disk_gb, price, price_unit, remaining, stock_error, listed
[[event]]     at, product_code (aidc_id where a code is in several data centres), and what changes
[[event]]     at, fault, for
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from monitor.config.positions import Place
from monitor.config.problem import Problem, written
from monitor.config.suggesting import did_you_mean
from monitor.core.errors import ConfigError
from monitor.simulator.fields import CHANGES, PRODUCT, Reader, read_duration_s, read_fault, read_text
from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Change, Fault, Scripted

SIZE_LIMIT: Final = 1024 * 1024

_Table = Mapping[str, Any]
_OF_CHANGE: Final[Mapping[str, Reader]] = {"at": read_duration_s, "product_code": read_text, **CHANGES}
_OF_FAULT: Final[Mapping[str, Reader]] = {"at": read_duration_s, "fault": read_fault, "for": read_duration_s}
_POSITION: Final = re.compile(r" \(at line (\d+), column \d+\)$")


def load(path: Path) -> Scripted:
    """The scenario in the file. Raises ConfigError with all that is wrong with it."""
    try:
        if path.exists() and not path.is_file():
            raise ConfigError([f"{path}: is not a regular file"])
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise ConfigError([f"{path}: is not there: correct the path of the scenario"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigError([f"{path}: is over 1 MiB: that is no scenario"])
    try:
        return parse(content.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path.name}: is not UTF-8 text: save it as UTF-8"]) from error


def parse(text: str, file_name: str) -> Scripted:
    """The scenario in the text. Numbers with a decimal point keep the digits as they were written."""
    try:
        document = tomllib.loads(text, parse_float=_as_written)
    except (ValueError, RecursionError) as error:
        raise ConfigError([_syntax_problem(str(error), file_name)]) from error
    reading = _Reading()
    scenario = reading.scenario(document)
    if reading.problems:
        raise ConfigError(written(reading.problems, file_name, text))
    return scenario


def _syntax_problem(message: str, file_name: str) -> str:
    found = _POSITION.search(message)
    if found is None:
        return f"{file_name}: not valid TOML: {message}"
    return f"{file_name}:{found[1]}: not valid TOML: {message[: found.start()]}"


def _as_written(number: str) -> str:
    return number.replace("_", "")


class _Reading:
    """One pass over a document, with the problems met on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def scenario(self, document: _Table) -> Scripted:
        for name in document.keys() - {"product", "event"}:
            self._complain((name,), _unknown(name, ("product", "event")))
        offers = self._offers(self._tables(document, "product"))
        events = list(enumerate(self._tables(document, "event")))
        changes = [self._change(i, event, offers) for i, event in events if "fault" not in event]
        faults = [self._fault(i, event) for i, event in events if "fault" in event]
        return Scripted(tuple(offers), tuple(c for c in changes if c), tuple(f for f in faults if f))

    def _tables(self, document: _Table, name: str) -> Sequence[_Table]:
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._complain((name,), f"must be tables: write [[{name}]]")
            return []
        if name == "product" and not tables:
            self._complain((name,), "there is none: write at least one [[product]]")
        return tables

    def _offers(self, tables: Sequence[_Table]) -> list[Offer]:
        offers: dict[tuple[int, str], Offer] = {}
        for index, table in enumerate(tables):
            values = self._read(("product", index), table, PRODUCT, required=("product_code",))
            if "product_code" not in values:
                continue
            offer = Offer(**{"name": values["product_code"], "aidc_id": 1, **values})
            if offer.identity in offers:
                why = f"{offer.product_code} is there already in data centre {offer.aidc_id}"
                self._complain(("product", index, "product_code"), why)
            offers[offer.identity] = offer
        return list(offers.values())

    def _change(self, index: int, table: _Table, offers: Sequence[Offer]) -> Change | None:
        values = self._read(("event", index), table, _OF_CHANGE, required=("at", "product_code"))
        if not table.keys() & (CHANGES.keys() - {"aidc_id"}):
            self._complain(("event", index), "changes nothing: name a field of the product, or a fault")
        code, aidc_id, at_s = (values.pop(key, None) for key in ("product_code", "aidc_id", "at"))
        meant = [o.identity for o in offers if o.product_code == code and aidc_id in {None, o.aidc_id}]
        if code is not None and len(meant) != 1:
            self._complain(("event", index, "product_code"), _whose(code, meant, offers))
        return Change(at_s, meant[0], values) if at_s is not None and len(meant) == 1 else None

    def _fault(self, index: int, table: _Table) -> Fault | None:
        values = self._read(("event", index), table, _OF_FAULT, required=("at", "for"))
        if values.keys() != _OF_FAULT.keys():
            return None
        return Fault(values["fault"], values["at"], values["at"] + values["for"])

    def _read(
        self, place: Place, table: _Table, readers: Mapping[str, Reader], required: Iterable[str]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key in required:
            if key not in table:
                self._complain((*place, key), "is missing")
        for key, value in table.items():
            try:
                values[key] = readers[key](value)
            except KeyError:
                self._complain((*place, key), _unknown(key, readers))
            except ValueError as error:
                self._complain((*place, key), str(error))
        return values

    def _complain(self, place: Place, sentence: str) -> None:
        self.problems.append(Problem(place, sentence))


def _unknown(key: str, known: Iterable[str]) -> str:
    if known is _OF_FAULT and key in _OF_CHANGE:
        return "an event with a fault changes no product: write another [[event]]"
    return f"unknown key{did_you_mean(key, known) or '; known are: ' + ', '.join(known)}"


def _whose(code: str, meant: Sequence[tuple[int, str]], offers: Sequence[Offer]) -> str:
    if meant:
        return f"{code} is in several data centres: say which with aidc_id"
    codes = {offer.product_code for offer in offers}
    if code in codes:
        return f"{code} is not in that data centre"
    return f"no [[product]] has the code {code}{did_you_mean(code, codes)}"
