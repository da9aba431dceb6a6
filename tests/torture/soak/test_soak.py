"""A small soak: four hours with all of a day's outages, on a real daemon in a process of its own."""

from pathlib import Path

from tests.torture.report import Run
from tests.torture.soak.harness import soak, violations
from tests.torture.soak.story import Story


def test_a_day_in_short_leaves_nothing_behind(tmp_path: Path) -> None:
    soaked = soak(Story(seed=1, hours=4, day_h=4), Run(seed=1, folder=tmp_path, quick=True))
    assert violations(soaked) == []
    assert soaked.hours[-1].sample.polls > 300
    assert len(soaked.books.attempts) > len(soaked.books.deliveries) > 100
