"""How verbs print: tables, JSON, marks, times. Colour on a terminal only; upstream text is made harmless.

    table = Table("product", right("left"), "state")
    table.row(upstream(name), "3", good("in stock"))
    print_table(table)

Cells are plain text (never markup) or a styled `Text` of `good`, `bad`, `careful`, `faint`.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TextIO

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from monitor.core.decision import Facts
from monitor.core.product import Attributes
from monitor.core.wording import clock_text, duration_text, number_text, shown, size_alone
from monitor.core.words import Language, label

Cell = str | Text

PIPED_WIDTH: Final = 10_000
"""Where there is no terminal nothing is cut or wrapped."""


class Table:
    """Rows under headings. A heading made by `right` aligns its column to the right."""

    def __init__(self, *headings: Cell) -> None:
        self.headings = headings
        self.rows: list[tuple[Cell, ...]] = []

    def row(self, *cells: Cell) -> None:
        self.rows.append(cells)


def right(heading: str) -> Text:
    """The heading of a column of numbers."""
    return Text(heading, justify="right")


def good(text: str) -> Text:
    return Text(text, "green")


def bad(text: str) -> Text:
    return Text(text, "bold red")


def careful(text: str) -> Text:
    return Text(text, "yellow")


def faint(text: str) -> Text:
    return Text(text, "dim")


def strong(text: str) -> Text:
    return Text(text, "bold")


def upstream(text: str | None) -> str:
    """Text of the provider's: one line, capped, without control or bidi characters. None is a dash."""
    return "—" if text is None else shown(text)


def size_of(attributes: Attributes) -> str:
    """`8 × H800A`, or that there is no GPU or none is known."""
    if attributes.gpu_name is None and attributes.gpu_count is None:
        return "—"
    facts = Facts("", 0, "", None, gpu_name=attributes.gpu_name, gpu_count=attributes.gpu_count)
    return size_alone(facts, Language.EN) or f"{attributes.gpu_count} GPUs"


def price_text(attributes: Attributes, price_units: Mapping[int, str]) -> str:
    """`15.5 CNY/h`, or with the provider's code of the unit when it has no label."""
    price, unit = attributes.price, attributes.price_unit
    if price is None:
        return "—"
    known = "" if unit is None else price_units.get(unit, label("unit", Language.EN, unit))
    return f"{number_text(price)} {known}".rstrip()


def when(moment: datetime | None, zone: tzinfo, now: datetime | None = None) -> str:
    """`10:02:03` when it is of today (`now` given), else with its date; None is a dash."""
    return "—" if moment is None else clock_text(moment, zone, now)


def ago(moment: datetime | None, now: datetime) -> str:
    """`38 s ago`; None is `never`. A moment in the future reads as now."""
    return "never" if moment is None else f"{span(max(now - moment, timedelta(0)))} ago"


def span(duration: timedelta) -> str:
    """The two largest units: `2 h 10 min`, `38 s`."""
    return duration_text(duration, Language.EN)


def percent(share: float) -> str:
    """`34%`; never 0% or 100% unless it is."""
    text = f"{100 * share:.0f}%"
    if text == "0%" and share > 0:
        return "<1%"
    return ">99%" if text == "100%" and share < 1 else text


def print_table(table: Table, *, title: str | None = None, empty: str = "(none)") -> None:
    """A table without lines; on a terminal long cells are folded, in a pipe they stay whole."""
    if title:
        print_line(strong(title))
    if not table.rows:
        print_line(faint(empty))
        return
    drawn = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for heading in table.headings:
        is_number = isinstance(heading, Text) and heading.justify == "right"
        drawn.add_column(
            Text(str(heading), "bold"), justify="right" if is_number else "left", overflow="fold"
        )
    for row in table.rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    screen = console()
    with screen.capture() as captured:
        screen.print(drawn)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=True)


def print_line(*cells: Cell) -> None:
    """One line, the cells with a space between them."""
    line = Text(" ").join(cell if isinstance(cell, Text) else Text(cell) for cell in cells)
    console().print(line, soft_wrap=True)


def print_json(value: object) -> None:
    """Indented, keys as given; moments as ISO 8601 in UTC, durations in seconds, decimals as numbers."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def console(*, err: bool = False) -> Console:
    """Rich's console for standard output or error, with our rules for colour and width."""
    stream = sys.stderr if err else sys.stdout
    on_terminal = is_terminal(stream)
    return Console(
        file=stream,
        force_terminal=on_terminal,
        no_color=not on_terminal or bool(os.environ.get("NO_COLOR")),
        width=None if on_terminal else PIPED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def is_terminal(stream: TextIO | None = None) -> bool:
    """True where a person looks at standard output (or `stream`)."""
    stream = stream or sys.stdout
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def plain(value: object) -> Any:  # noqa: PLR0911
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds")
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Enum():
            return value.value
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case str() | int() | float() | bool() | None:
            return value
        case Sequence() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return str(value)
