"""Tables, JSON and times as people and programs get them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from rich.cells import cell_len

from monitor.cli.output import (
    Table,
    ago,
    bad,
    good,
    price_text,
    print_json,
    print_line,
    print_table,
    right,
    size_of,
    span,
    upstream,
    when,
)
from monitor.core.product import Attributes

Captured = pytest.CaptureFixture[str]
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))


def test_columns_align_by_what_a_terminal_shows(capsys: Captured) -> None:
    table = Table("name", right("left"), "state")
    table.row("分布式训练", "3", good("in"))
    table.row("plain", "12", bad("out"))
    print_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert [
        cell_len(line.partition(word)[0]) for line, word in zip(lines, ("state", "in", "out"), strict=True)
    ] == [
        18,
        18,
        18,
    ]
    assert lines[2] == "plain         12  out"


def test_a_pipe_gets_long_rows_whole_and_without_colour(capsys: Captured) -> None:
    table = Table("a", "b")
    table.row("x" * 300, bad("y " * 300))
    print_table(table)
    _, row = capsys.readouterr().out.splitlines()
    assert row == "x" * 300 + "  " + ("y " * 300).rstrip()


def test_cells_are_never_markup(capsys: Captured) -> None:
    table = Table("a")
    table.row("[bold red]:smile:[/] https://example.org")
    print_table(table, title="[x]")
    print_line("[link=y]", good("[z]"))
    assert capsys.readouterr().out == "[x]\na\n[bold red]:smile:[/] https://example.org\n[link=y] [z]\n"


def test_an_empty_table_says_so(capsys: Captured) -> None:
    print_table(Table("a"), empty="nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


class _Kind(StrEnum):
    A = "a"


@dataclass(frozen=True)
class _Value:
    at: datetime
    kind: _Kind


def test_json_holds_plain_values_and_times_in_utc(capsys: Captured) -> None:
    print_json(
        {
            1: _Value(NOON, _Kind.A),
            "took": timedelta(seconds=1.5),
            "price": Decimal("15.50"),
            "whole": Decimal(8),
            "none": None,
            "list": ("中", True, 2.5),
            "path": object,
        }
    )
    out = capsys.readouterr().out
    assert "中" in out
    told = json.loads(out)
    assert told.pop("path")
    assert told == {
        "1": {"at": "2026-03-01T12:00:05.000+00:00", "kind": "a"},
        "took": 1.5,
        "price": 15.5,
        "whole": 8,
        "none": None,
        "list": ["中", True, 2.5],
    }


def test_times_are_those_of_the_zone() -> None:
    assert when(NOON, CHINA) == "2026-03-01 20:00:05"
    assert when(NOON, CHINA, NOON) == "20:00:05"
    assert when(None, CHINA) == "—"
    assert ago(NOON - timedelta(minutes=2), NOON) == "2 min ago"
    assert ago(NOON + timedelta(minutes=2), NOON) == "0 s ago"
    assert ago(None, NOON) == "never"
    assert span(timedelta(hours=2, minutes=10)) == "2 h 10 min"


def test_text_from_upstream_is_harmless() -> None:
    assert upstream("a\u202eb\x1b[2Jc\nd") == "ab[2Jc d"
    assert upstream(None) == "—"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (Attributes(gpu_name="NVIDIA-H800A-NV-80G", gpu_count=8), "8 × H800A"),
        (Attributes(gpu_name="-"), "no GPU"),
        (Attributes(gpu_name="NVIDIA-H20"), "H20"),
        (Attributes(gpu_count=4), "4 GPUs"),
        (Attributes(), "—"),
    ],
)
def test_sizes_read_as_people_say_them(attributes: Attributes, text: str) -> None:
    assert size_of(attributes) == text


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (Attributes(price=Decimal("15.50"), price_unit=11), "15.5 CNY/h"),
        (Attributes(price=Decimal(2), price_unit=7), "2 (unit code 7)"),
        (Attributes(price=Decimal(2)), "2"),
        (Attributes(), "—"),
    ],
)
def test_prices_name_their_unit(attributes: Attributes, text: str) -> None:
    assert price_text(attributes, {11: "CNY/h"}) == text
