"""The planted mistakes themselves: each still fits the source, and each guarantee has one that breaks it."""

from pathlib import Path
from typing import Final

import pytest

from tests.torture.planted.harness import LEAST_PLANTED
from tests.torture.planted.mistake import Mistake, planted
from tests.torture.planted.mistakes import MISTAKES
from tests.torture.report import CHECKOUT

GUARANTEES: Final = {f"G{number}" for number in range(1, 17)}
TOY: Final = Mistake("toy", "toy.py", "1 + 1", "1 - 1", "nothing", ())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_every_mistake_fits_the_source_as_it_is(mistake: Mistake) -> None:
    source = (CHECKOUT / mistake.file).read_text("utf-8")
    assert mistake.planted_in(source) != source
    assert mistake.nearest
    assert [path for path in mistake.nearest if not (CHECKOUT / path).exists()] == []


def test_there_are_enough_of_them_and_every_guarantee_has_one() -> None:
    assert len(MISTAKES) >= LEAST_PLANTED
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    assert {mistake.breaks for mistake in MISTAKES} - {""} == GUARANTEES


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("two = 2", "stands 0 times"),
        ("two = 1 + 1, 1 + 1", "stands 2 times"),
        ("if 1 + 1", "would not compile"),
    ],
)
def test_a_mistake_that_does_not_fit_is_told(source: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TOY.planted_in(source)


def test_a_planted_mistake_is_taken_out_again(tmp_path: Path) -> None:
    file = tmp_path / "toy.py"
    file.write_text("two = 1 + 1\n")
    status = file.stat()
    with planted(tmp_path, TOY):
        assert file.read_text() == "two = 1 - 1\n"
        assert int(file.stat().st_mtime) != int(status.st_mtime)
    assert file.read_text() == "two = 1 + 1\n"
    assert file.stat().st_mtime_ns == status.st_mtime_ns
