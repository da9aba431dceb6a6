"""Simulated months of the production code, held against the reference model."""

from pathlib import Path

from tests.torture.clocks.on_file import OnFile
from tests.torture.clocks.places import InMemory
from tests.torture.clocks.simulate import MOST_OBJECTIONS, Month, simulate
from tests.torture.clocks.times import UPTIME_S


def test_a_week_in_which_all_goes_well(tmp_path: Path) -> None:
    month = simulate(1, InMemory(), tmp_path, days=7, faults=False)
    assert month.objections == []
    assert month.counts["polls"] >= 7 * 288
    assert month.counts["fired"] > 50


def test_both_stores_make_the_same_of_days_of_faults(tmp_path: Path) -> None:
    in_memory = simulate(2, InMemory(), tmp_path, days=3, density=4)
    on_file = simulate(2, OnFile(tmp_path), tmp_path, days=3, density=4)
    assert (in_memory.objections, on_file.objections) == ([], [])
    assert in_memory.counts["lives"] > 2
    assert in_memory.counts["steps followed"] > 2
    assert in_memory.edges == on_file.edges
    assert told(in_memory) == told(on_file)


def test_objections_beyond_those_that_are_told_are_counted() -> None:
    month = Month(7)
    for number in range(MOST_OBJECTIONS + 3):
        month.object_to(f"mistake {number}", UPTIME_S + 86_400)
    assert len(month.objections) == MOST_OBJECTIONS
    assert month.objections[0] == "seed 7, day 1.00000: mistake 0"
    assert month.left_out == 3


def told(month: Month) -> list[tuple[str, float, str]]:
    return [(message.channel, round(message.started_s, 3), message.title) for message in month.messages]
