"""docs/faults.md and docs/reliability.md name tests as their proof: each row has one, and each is there."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tests.torture.harnesses import HARNESSES

ROOT: Final = Path(__file__).parents[1]
PROOF: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
PAGES: Final = ["faults", "reliability"]
HARNESS_NAMES: Final = {harness.name for harness in HARNESSES}
NO_CLAIMS: Final = "harness"
"""So a table begins that tells what harnesses did: its figures are in the evidence."""
RULE: Final = re.compile(r"\|(\s*:?-+:?\s*\|)+")
"""Between the headings of a table and its rows."""
GUARANTEES: Final = 16


@pytest.mark.parametrize("page", PAGES)
def test_every_proof_is_a_test_that_exists(page: str) -> None:
    proofs = PROOF.findall(text_of(page))
    missing = [f"{file}::{name}" for file, name in proofs if name not in functions_of(file)]
    assert proofs
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_a_proof(page: str) -> None:
    assert unproved(text_of(page)) == []


@pytest.mark.parametrize("row", ["| a disk --- any disk | is mended |", "| | is mended |", "| a disk | |"])
def test_a_row_without_a_proof_is_found_out(row: str) -> None:
    proved = "| a wire | is mended | `tests/test_proofs.py::test_every_row_has_a_proof` |"
    table = "\n".join(["| trouble | what is done |", "| --- | :-- |", proved, row])
    assert unproved(table) == [cells_of(row)]
    assert unproved(table.replace("trouble", "harness")) == []


def test_every_promise_is_on_the_page_with_harnesses_that_exist() -> None:
    promises = [row for row in rows_of("reliability") if re.fullmatch(r"G\d+", row[0])]
    assert [row[0] for row in promises] == [f"G{number}" for number in range(1, GUARANTEES + 1)]
    named = {name for row in promises for name in row[-1].split(", ") if name}
    assert named <= HARNESS_NAMES


def text_of(page: str) -> str:
    return (ROOT / "docs" / f"{page}.md").read_text("utf-8")


def rows_of(page: str) -> list[list[str]]:
    return [row for table in tables_of(text_of(page)) for row in table[1:]]


def unproved(text: str) -> list[list[str]]:
    tables = [table for table in tables_of(text) if table[0][0] != NO_CLAIMS]
    return [row for table in tables for row in table[1:] if not any(map(PROOF.search, row))]


def tables_of(text: str) -> list[list[list[str]]]:
    """Each with its headings as the first row."""
    tables: list[list[list[str]]] = []
    before = ""
    for line in map(str.strip, text.splitlines()):
        if RULE.fullmatch(line):
            tables.append([cells_of(before)])
        elif line.startswith("|") and before.startswith("|"):
            tables[-1].append(cells_of(line))
        before = line
    return tables


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
