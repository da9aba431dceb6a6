"""The kinds of value in monitor.toml, as pydantic annotations with their JSON Schema."""

import os
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from monitor.config import days, values
from monitor.config.factor import FACTOR_SCHEMA, factor
from monitor.core.matching import Range

# Else pydantic opens the metadata of every installed distribution, in search of plugins.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

_RANGE_SCHEMA: Final = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*([<>]=?|==?)?\s*-?\d.*$"}]
}


class Table(BaseModel):
    """A table of the file: no unknown key, no silent conversion, no input in exceptions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class OneOrMany:
    """Says in the schema that one value may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def one_as_list(value: object) -> object:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


def span(default: timedelta, description: str, alias: str | None = None) -> Any:
    """A key that holds a duration, with its default in the words of the file."""
    shown = {"default": values.duration_text(default)}
    return Field(default, alias=alias, description=description, json_schema_extra=dict(shown))


def _name_of_zone(value: object) -> ZoneInfo:
    if not isinstance(value, str):
        raise ValueError('must be the name of a time zone in quotes: "Asia/Shanghai"')  # noqa: TRY004
    return values.zone(value)


def _text_of_match(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str):
        example = (
            f'"{value}"' if isinstance(value, int | float) and not isinstance(value, bool) else '"NVIDIA-*"'
        )
        raise ValueError(f"must be text in quotes ({example}), not {values.kind_of(value)}")  # noqa: TRY004
    return values.glob(value)


Span = Annotated[timedelta, BeforeValidator(values.duration), WithJsonSchema(values.DURATION_SCHEMA)]
Factor = Annotated[Decimal, PlainValidator(factor), WithJsonSchema(FACTOR_SCHEMA)]
SpanAboveZero = Annotated[Span, AfterValidator(values.between("1ms", "3650d"))]
Name = Annotated[str, AfterValidator(values.plain_name)]
Line = Annotated[str, AfterValidator(values.one_line(500))]
Glob = Annotated[str, AfterValidator(values.glob)]
Zone = Annotated[ZoneInfo, PlainValidator(_name_of_zone), WithJsonSchema({"type": "string"})]

Days = Annotated[
    list[Annotated[tuple[date, ...], PlainValidator(days.days), WithJsonSchema(days.DAY_SCHEMA)]],
    Field(max_length=1_000),
]

TextMatch = Annotated[
    list[
        Annotated[
            str,
            PlainValidator(_text_of_match),
            WithJsonSchema({"type": "string", "maxLength": values.LONGEST_GLOB}),
        ]
    ],
    Field(min_length=1, max_length=100),
    BeforeValidator(one_as_list),
    OneOrMany(),
]
NumberMatch = Annotated[
    list[Annotated[Range, PlainValidator(values.number_range), WithJsonSchema(_RANGE_SCHEMA)]],
    Field(min_length=1, max_length=100),
    BeforeValidator(one_as_list),
    OneOrMany(),
]
