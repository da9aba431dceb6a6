"""The seeded part of the fuzzer that each run of the tests plays: 50,000 answers, a crowd, lies, machines."""

from pathlib import Path

import pytest

from tests.torture.fuzz.crowds import feel_round
from tests.torture.fuzz.harness import QUICK, play_answers
from tests.torture.fuzz.machines import run_machines
from tests.torture.fuzz.player import LONGEST_HOLD_S
from tests.torture.fuzz.wire import wire
from tests.torture.report import Run

SEED = 7
EXCHANGES = 500
EXAMPLES = 25
PRODUCTS = 600


def test_50000_answers_crash_nothing_and_no_invalid_row_moves_an_alert(tmp_path: Path) -> None:
    played = play_answers(Run(SEED, tmp_path, quick=True), QUICK.answers)
    assert played.violations == []
    assert played.broken_bounds() == []
    assert played.never_reached() == []
    assert played.answers == QUICK.answers
    assert played.committed > QUICK.answers // 50


def test_no_lie_of_http_is_believed_and_none_gives_the_key_away() -> None:
    played = wire(SEED, EXCHANGES)
    assert played.violations == []
    assert played.answers == EXCHANGES


def test_large_answers_are_worked_on_beside_the_loop() -> None:
    """Judged by the loop's own work, which a busy machine does not prolong."""
    for felt in feel_round(SEED, PRODUCTS):
        assert felt.complaints == []
        assert felt.work_s <= LONGEST_HOLD_S


def test_no_story_of_hypothesis_breaks_a_machine(tmp_path: Path) -> None:
    assert run_machines(SEED, EXAMPLES, tmp_path) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_brings_the_same_answers(seed: int) -> None:
    from tests.torture.fuzz.campaign import bodies

    assert list(bodies(seed, 0, 50)) == list(bodies(seed, 0, 50))
    assert list(bodies(seed, 0, 50)) != list(bodies(seed, 1, 50))
