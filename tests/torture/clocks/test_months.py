"""Simulated months of the production code, held against the reference model."""

from pathlib import Path

from tests.torture.clocks.places import InMemory
from tests.torture.clocks.simulate import simulate


def test_a_week_in_which_all_goes_well(tmp_path: Path) -> None:
    month = simulate(1, InMemory(), tmp_path, days=7, faults=False)
    assert month.objections == []
    assert month.counts["polls"] == 7 * 288
    assert month.counts["fired"] > 50


def test_a_week_of_faults(tmp_path: Path) -> None:
    month = simulate(2, InMemory(), tmp_path, days=7)
    assert month.objections == []
    assert month.counts["lives"] > 2
    assert month.counts["steps followed"] > 2
