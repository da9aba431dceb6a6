"""How values lie in the database: facts as JSON, decimal numbers as text, states as columns. Pure.

msgspec is imported where facts are met: a call of `monitor status` mostly meets none, and it takes 30 ms.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from monitor.core.alert import Clearing, Firing, Inactive, Pending, State
from monitor.core.decision import Facts, NoticeFacts
from monitor.core.moment import from_ms, to_ms
from monitor.core.observe import attribute_text
from monitor.core.product import Absent, Attributes, Invalid, Observation, Seen

ATTRIBUTES: Final = tuple(field.name for field in fields(Attributes))
"""The columns of `product` that may change, in the order of `Attributes`."""

_NUMBERS: Final = frozenset({"gpu_count", "price_unit"})
_DECIMALS: Final = frozenset({"cpu_cores", "memory_gb", "disk_gb", "price"})
_MILLISECOND: Final = timedelta(milliseconds=1)
_FACTS: Final = tuple((field.name, field.default) for field in fields(Facts))
"""A field of `Facts` and the value that is left out; those without a default always stand there."""

SpanColumns = tuple[int | None, str | None, str | None]


def to_ms_or_none(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def from_ms_or_none(at: int | None) -> datetime | None:
    return None if at is None else from_ms(at)


def span_ms(duration: timedelta) -> int:
    return duration // _MILLISECOND


def facts_text(facts: Facts) -> str:
    """What is not known takes no room."""
    import msgspec

    known = {name: value for name, default in _FACTS if (value := getattr(facts, name)) != default}
    return msgspec.json.encode(known).decode()


def facts_of(text: str) -> Facts:
    import msgspec

    return msgspec.json.decode(text, type=Facts)


def notice_facts_text(facts: NoticeFacts) -> str:
    import msgspec

    return msgspec.json.encode(facts).decode()


def notice_facts_of(text: str) -> NoticeFacts:
    import msgspec

    return msgspec.json.decode(text, type=NoticeFacts)


def attribute_columns(attributes: Attributes) -> tuple[str | int | None, ...]:
    return tuple(
        attribute_text(value) if isinstance(value := getattr(attributes, name), Decimal) else value
        for name in ATTRIBUTES
    )


def attributes_of(columns: Sequence[Any]) -> Attributes:
    """The attributes from the columns of a row, in the order of `ATTRIBUTES`."""
    values: list[Any] = [
        Decimal(value) if value is not None and name in _DECIMALS else value
        for name, value in zip(ATTRIBUTES, columns, strict=True)
    ]
    return Attributes(*values)


def attribute_column(field: str, text: str | None) -> str | int | None:
    """A changed attribute as its column wants it: STRICT tables take no text for a number."""
    return int(text) if text is not None and field in _NUMBERS else text


def span_columns(observation: Observation) -> SpanColumns:
    """remaining_count, stock_error, reason: which of them is there says what kind it is."""
    match observation:
        case Seen(remaining, stock_error, _):
            return remaining, stock_error, None
        case Invalid(reason):
            return None, None, reason
        case Absent():
            return None, None, None


def state_columns(state: State) -> tuple[str, int, int | None] | None:
    """state, since, cleared_at; None for an inactive alert, which has no row."""
    match state:
        case Inactive():
            return None
        case Pending(since):
            return "pending", to_ms(since), None
        case Firing(since):
            return "firing", to_ms(since), None
        case Clearing(since, cleared_at):
            return "clearing", to_ms(since), to_ms(cleared_at)


def state_of(name: str, since: int, cleared_at: int | None) -> State:
    if name == "pending":
        return Pending(from_ms(since))
    if name == "clearing" and cleared_at is not None:
        return Clearing(from_ms(since), from_ms(cleared_at))
    return Firing(from_ms(since))
