"""By which date history is forgotten: a clock that is wrong for an hour must not cost it."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.daemon.clock import HistoryClock
from tests.core.builders import CODE
from tests.daemon.parts_stage import Running, execute, play
from tests.fakes.clock import FakeClock

DAY_S = 86_400.0
HOUR, YEARS = timedelta(hours=1), timedelta(days=3650)


def test_a_jump_ahead_is_believed_when_it_has_lasted_for_a_day() -> None:
    clock = FakeClock()
    history = HistoryClock(clock, clock.now())
    before = clock.now()
    clock.step(YEARS)
    for _ in range(24):
        assert history.now() < before + timedelta(days=1)
        clock.advance(3600)
    assert history.now() == clock.now()


@pytest.mark.parametrize("step", [-YEARS, timedelta(minutes=50)], ids=["back", "a little ahead"])
def test_other_steps_are_followed_at_once(step: timedelta) -> None:
    clock = FakeClock()
    history = HistoryClock(clock, None)
    clock.step(step)
    assert history.now() == clock.now()


def test_a_jump_that_is_undone_was_nothing_and_the_next_one_is_waited_for_anew() -> None:
    clock = FakeClock()
    history = HistoryClock(clock, clock.now())
    for _ in range(30):
        clock.step(YEARS)
        assert history.now() < clock.now() - timedelta(days=3000)
        clock.step(-YEARS)
        clock.advance(3600)
        assert history.now() == clock.now()


@pytest.mark.parametrize(("away", "is_believed"), [(timedelta(minutes=30), True), (YEARS, False)])
def test_after_a_start_what_was_stored_last_is_what_is_believed(away: timedelta, is_believed: bool) -> None:
    clock = FakeClock()
    history = HistoryClock(clock, clock.now() - away)
    assert (history.now() == clock.now()) is is_believed
    clock.advance(DAY_S)
    assert history.now() == clock.now()


def test_housekeeping_forgets_nothing_by_a_clock_that_is_ten_years_ahead_for_an_hour(file: Path) -> None:
    async def story(bench: Running) -> None:
        for remaining in (0, 3, 0, 3):
            await bench.poll({CODE: remaining})
        kept = (
            execute(file, "SELECT count(*) FROM snapshot"),
            execute(file, "SELECT count(*) FROM transition"),
        )
        bench.clock.step(YEARS)
        await bench.pulse.beat()
        await bench.pulse._tidy()
        assert (
            execute(file, "SELECT count(*) FROM snapshot"),
            execute(file, "SELECT count(*) FROM transition"),
        ) == kept

    play(file, story)
