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
NO_CLAIMS: Final = {"What goes wrong", "", "harness"} | HARNESS_NAMES
"""Headings, and what a harness did: its figures are in the evidence."""
GUARANTEES: Final = 16


@pytest.mark.parametrize("page", PAGES)
def test_every_proof_is_a_test_that_exists(page: str) -> None:
    proofs = PROOF.findall(text_of(page))
    missing = [f"{file}::{name}" for file, name in proofs if name not in functions_of(file)]
    assert proofs
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_a_proof(page: str) -> None:
    unproved = [row[0] for row in rows_of(page) if not any(map(PROOF.search, row))]
    assert set(unproved) <= NO_CLAIMS


def test_every_promise_is_on_the_page_with_harnesses_that_exist() -> None:
    promises = [row for row in rows_of("reliability") if re.fullmatch(r"G\d+", row[0])]
    assert [row[0] for row in promises] == [f"G{number}" for number in range(1, GUARANTEES + 1)]
    named = {name for row in promises for name in row[-1].split(", ") if name}
    assert named <= HARNESS_NAMES


def text_of(page: str) -> str:
    return (ROOT / "docs" / f"{page}.md").read_text("utf-8")


def rows_of(page: str) -> list[list[str]]:
    lines = [line for line in text_of(page).splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
