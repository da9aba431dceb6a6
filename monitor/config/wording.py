"""Says in plain English what pydantic found wrong. No word of pydantic's own reaches a person."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.config import values
from monitor.config.channel_table import ChannelTable, WebhookTable
from monitor.config.document import TABLES, Document, MatchTable, keys_of
from monitor.config.fields import Table
from monitor.config.positions import Place
from monitor.config.problem import Problem
from monitor.config.secret_table import SecretTable
from monitor.config.suggesting import did_you_mean

_EXPECTED: Final = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list in [ ]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}

_MISSING: Final = {
    "source": "is missing: add a [source] table with an api_key",
    "api_key": 'is missing: add api_key = { env = "ALAYA_API_KEY" }',
    "match": 'is missing: add match = { gpu_name = "NVIDIA-*" }, or {} for every product',
    "url": 'is missing: add url = { env = "NAME" } with the address in it',
    "secret": 'is missing: add secret = { env = "NAME" } with what the receiver knows, too',
}


def problems_of(error: ValidationError, raw: dict[str, Any]) -> Iterator[Problem]:
    """One problem per finding, placed where the file has it."""
    for found in error.errors(include_url=False):
        place = _place_in(raw, found["loc"])
        yield Problem(place, _sentence(found, place))


def _place_in(raw: object, location: tuple[int | str, ...]) -> Place:
    # A single value that stands for a list has an index in pydantic's eyes, but not in the file.
    place: list[str | int] = []
    node = raw
    for part in location:
        if part == "[key]":
            break
        if isinstance(part, int) and not isinstance(node, list):
            continue
        place.append(part)
        if isinstance(node, dict):
            node = node.get(str(part))
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            node = None
    return tuple(place)


def _sentence(found: ErrorDetails, place: Place) -> str:
    kind = found["type"]
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "extra_forbidden":
        return "unknown key" + _meant_key(place)
    if kind == "missing":
        return _MISSING.get(str(place[-1]), "is missing")
    if kind in _EXPECTED:
        return f"{_EXPECTED[kind]}, not {values.kind_of(found['input'])}"
    return _out_of_bounds(kind, found.get("ctx", {}), found["input"])


def _out_of_bounds(kind: str, context: dict[str, Any], value: object) -> str:
    match kind:
        case "literal_error":
            return f"must be {context['expected'].replace(chr(39), chr(34))}" + _not_this(value)
        case "too_short":
            return "must not be empty: leave it out, or put something in it"
        case "too_long":
            return f"has too many elements; at most {context['max_length']}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case _:
            return "cannot be used: see docs/configuration.md for what may stand here"


def _not_this(value: object) -> str:
    return f", not {values.shown(value)}" if isinstance(value, str) else f", not {values.kind_of(value)}"


def _meant_key(place: Place) -> str:
    key = str(place[-1])
    if meant := did_you_mean(key, keys_of(_table_at(place[:-1]))):
        return meant
    homes = [name for name, table in TABLES.items() if key in keys_of(table)]
    return f"; it belongs in [{homes[0]}]" if len(homes) == 1 else ""


def _table_at(place: Place) -> type[Table]:
    match place:
        case ():
            return Document
        case ("watch", int(), "match", *_):
            return MatchTable
        case ("channels", _):
            return ChannelTable
        case ("channels", _, "webhook"):
            return WebhookTable
        case (*_, "api_key" | "url" | "token" | "secret" | "heartbeat_url"):
            return SecretTable
        case _:
            return TABLES[str(place[0])]
