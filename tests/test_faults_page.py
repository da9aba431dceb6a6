"""docs/faults.md names tests as its proof: each row has one, and each is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
PROOF = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


def test_every_proof_is_a_test_that_exists() -> None:
    proofs = PROOF.findall(PAGE)
    missing = [f"{file}::{name}" for file, name in proofs if name not in functions_of(file)]
    assert proofs
    assert missing == []


def test_every_row_has_a_proof() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    unproved = [row[1].strip() for row in rows if not PROOF.search(row[-2])]
    assert set(unproved) == {"What goes wrong"}


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
