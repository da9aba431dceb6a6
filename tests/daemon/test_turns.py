"""A feed is asked for in its turn, and never sooner than an interval after the last time."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.daemon.parts import job_of
from tests.core.builders import CODE, FEED
from tests.daemon.parts_stage import CONFIG, Running, play

SECOND = timedelta(seconds=1)


def grid_of(bench: Running) -> datetime:
    start: datetime = bench.parts.schedule._scheduler.get_job(job_of(FEED)).trigger.start
    return start


def scheduled(bench: Running) -> datetime:
    """The schedule is paused: nothing runs but what the test runs."""
    bench.parts.schedule.pause()
    bench.parts.schedule_feeds(bench.parts.config.sources[0])
    return grid_of(bench)


def test_a_turn_that_comes_too_soon_after_a_suspend_is_left_out_and_the_grid_begins_anew(file: Path) -> None:
    async def story(bench: Running) -> None:
        scheduled(bench)
        await bench.poll({CODE: 0}, after=8 * 3600)
        await bench.poll(after=4)
        assert len(bench.source.asked) == 1
        assert grid_of(bench) == bench.clock.now() + 11 * SECOND
        await bench.poll(after=11)
        assert len(bench.source.asked) == 2

    play(file, story)


def test_the_feeds_of_a_source_stay_apart_after_a_suspend(file: Path) -> None:
    """All are asked for at once when the machine wakes; from then on each in its own turn again."""

    async def story(bench: Running) -> None:
        bench.parts.schedule.pause()
        [source] = bench.parts.config.sources
        bench.parts.schedule_feeds(source)
        await asyncio.gather(*(bench.parts._poll(feed) for feed in source.feeds))
        bench.clock.advance(2)
        await bench.parts._poll(source.feeds[1])
        assert len(bench.source.asked) == 3
        turns = [bench.parts.schedule._scheduler.get_job(job_of(f)).trigger.start for f in source.feeds]
        assert [turn - bench.clock.now() for turn in turns] == [13 * SECOND, 18 * SECOND, 23 * SECOND]

    play(file, story, CONFIG.replace("[storage]", "aidc_ids = [1, 2, 3]\n[storage]"))


def test_a_turn_a_moment_too_early_counts(file: Path) -> None:
    async def story(bench: Running) -> None:
        before = scheduled(bench)
        await bench.poll({CODE: 0})
        await bench.poll(after=14.95)
        assert len(bench.source.asked) == 2
        assert grid_of(bench) == before

    play(file, story)


@pytest.mark.parametrize("step", [timedelta(days=1), -timedelta(days=1)])
def test_a_turn_that_a_step_of_the_clock_brings_too_soon_is_left_out_and_the_pulse_moves_the_grid(
    file: Path, step: timedelta
) -> None:
    async def story(bench: Running) -> None:
        before = scheduled(bench)
        await bench.poll({CODE: 0})
        bench.clock.step(step)
        await bench.poll(after=0.5)
        assert len(bench.source.asked) == 1
        assert grid_of(bench) == before
        await bench.pulse.beat()
        assert grid_of(bench) == before + step

    play(file, story)
