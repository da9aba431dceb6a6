"""When things run: the grid as a table, and the scheduler after a step of the wall clock."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.daemon.schedule import Grid, Schedule

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)
GRID = Grid(START, 15 * SECOND)


@pytest.mark.parametrize(
    ("previous_s", "now_s", "next_s"),
    [
        pytest.param(None, -100, 0, id="before the start"),
        pytest.param(None, 0, 0, id="on the first slot, not run yet"),
        pytest.param(0, 0, 15, id="on the first slot, run"),
        pytest.param(None, 1, 15, id="just after a slot"),
        pytest.param(0, 14.999, 15, id="just before a slot"),
        pytest.param(0, 15, 15, id="on a slot, not run yet"),
        pytest.param(15, 15, 30, id="on a slot, run"),
        pytest.param(0, 44, 45, id="two slots were missed"),
        pytest.param(15, YEAR.total_seconds() + 1, YEAR.total_seconds() + 15, id="a jump of a year"),
        pytest.param(3600, 7, 15, id="set back by an hour"),
        pytest.param(3600, -3600, 0, id="set back before the start"),
        pytest.param(30, 15, 15, id="set back onto a slot"),
    ],
)
def test_the_next_slot(previous_s: float | None, now_s: float, next_s: float) -> None:
    previous = None if previous_s is None else START + previous_s * SECOND
    for _ in range(2):  # the scheduler asks twice for each firing
        assert GRID.get_next_fire_time(previous, START + now_s * SECOND) == START + next_s * SECOND


def test_slots_do_not_drift() -> None:
    grid, moment = Grid(START, timedelta(milliseconds=333)), START
    for number in range(1, 1000):
        moment = grid.get_next_fire_time(moment, moment)
        assert moment == START + number * timedelta(milliseconds=333)


class Wall:
    """The real clock, set wrong: the library reads the machine's."""

    def __init__(self) -> None:
        self.wrong_by = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.wrong_by


def with_schedule(play: Callable[[Schedule, Wall], object]) -> None:
    async def run() -> None:
        wall = Wall()
        schedule = Schedule(wall.now, lambda _: None)
        schedule.start()
        try:
            outcome = play(schedule, wall)
            if asyncio.iscoroutine(outcome):
                await outcome
        finally:
            schedule.stop()

    asyncio.run(run())


async def do_nothing() -> None:
    pass


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1), YEAR, -YEAR, 0.7 * SECOND])
def test_after_a_step_of_the_wall_clock_every_job_keeps_its_phase(step: timedelta) -> None:
    def play(schedule: Schedule, wall: Wall) -> None:
        schedule.every("a", 60 * SECOND, 20 * SECOND, do_nothing)
        schedule.every("b", 60 * SECOND, 40 * SECOND, do_nothing)
        before = {name: schedule.next_of(name) for name in "ab"}
        wall.wrong_by = step
        schedule.rearm(step)
        for name in "ab":
            due, was_due = schedule.next_of(name), before[name]
            assert due is not None
            assert was_due is not None
            assert due == was_due + step, "as long to wait as before"

    with_schedule(play)


def test_a_turn_that_came_after_a_step_back_and_before_it_was_noticed_is_taken_at_once() -> None:
    def play(schedule: Schedule, wall: Wall) -> None:
        schedule.pause()
        schedule.every("a", 60 * SECOND, 20 * SECOND, do_nothing)
        due = schedule.next_of("a")
        wall.wrong_by = -timedelta(hours=1) + 20.5 * SECOND  # a step, and time passes
        schedule.rearm(-timedelta(hours=1))
        assert due is not None
        assert schedule.next_of("a") == due - timedelta(hours=1)

    with_schedule(play)


def test_a_turn_that_a_step_forward_brought_too_soon_comes_again_when_it_is_due() -> None:
    def play(schedule: Schedule, wall: Wall) -> None:
        schedule.pause()
        schedule.every("a", 60 * SECOND, 20 * SECOND, do_nothing)
        due = schedule.next_of("a")
        schedule._scheduler.modify_job("a", next_run_time=datetime.now(UTC) + timedelta(hours=1, seconds=40))
        wall.wrong_by = timedelta(hours=1) + 0.5 * SECOND
        schedule.rearm(timedelta(hours=1))
        assert due is not None
        assert schedule.next_of("a") == due + timedelta(hours=1)

    with_schedule(play)


def test_a_job_runs_in_its_slots() -> None:
    async def play(schedule: Schedule, wall: Wall) -> None:
        ran = asyncio.Semaphore(0)

        async def job() -> None:
            ran.release()

        schedule.every("quick", 0.01 * SECOND, 0 * SECOND, job)
        async with asyncio.timeout(10):
            for _ in range(3):
                await ran.acquire()

    with_schedule(play)


def test_a_job_that_still_runs_skips_its_slot_and_never_runs_twice_at_once() -> None:
    async def run() -> None:
        skipped, go_on = asyncio.Event(), asyncio.Event()
        running = 0

        async def job() -> None:
            nonlocal running
            running += 1
            assert running == 1
            await go_on.wait()
            running -= 1

        schedule = Schedule(lambda: datetime.now(UTC), lambda _: skipped.set())
        schedule.start()
        schedule.every("slow", 0.01 * SECOND, 0 * SECOND, job)
        async with asyncio.timeout(10):
            await skipped.wait()
        assert running == 1
        go_on.set()
        schedule.stop()

    asyncio.run(run())


def test_a_slot_that_passed_while_the_loop_stood_still_is_run_late_and_not_dropped() -> None:
    async def play(schedule: Schedule, wall: Wall) -> None:
        ran = asyncio.Event()

        async def job() -> None:
            ran.set()

        schedule.every("rare", 3600 * SECOND, 60 * SECOND, job)
        schedule._scheduler.modify_job("rare", next_run_time=datetime.now(UTC) - 90 * SECOND)
        async with asyncio.timeout(10):
            await ran.wait()

    with_schedule(play)


def test_a_job_that_crashes_is_logged_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    async def play(schedule: Schedule, wall: Wall) -> None:
        ran = asyncio.Semaphore(0)

        async def job() -> None:
            ran.release()
            raise ValueError("boom")

        schedule.every("bad", 0.01 * SECOND, 0 * SECOND, job)
        async with asyncio.timeout(10):
            for _ in range(3):
                await ran.acquire()

    with_schedule(play)
    assert "job crashed" in caplog.text


def test_a_job_that_the_end_of_the_process_cuts_off_has_not_crashed(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        began = asyncio.Event()

        async def job() -> None:
            began.set()
            await asyncio.Event().wait()

        schedule = Schedule(lambda: datetime.now(UTC), lambda _: None)
        schedule.start()
        schedule.every("endless", SECOND, 0 * SECOND, job)
        async with asyncio.timeout(10):
            await began.wait()

    asyncio.run(run())
    assert "job crashed" not in caplog.text


def test_a_paused_schedule_starts_nothing_and_a_removed_job_is_gone() -> None:
    def play(schedule: Schedule, _: Wall) -> None:
        schedule.every("a", SECOND, SECOND, do_nothing)
        schedule.every("a", 2 * SECOND, SECOND, do_nothing)
        schedule.remove("a")
        assert schedule.next_of("a") is None
        schedule.pause()

    with_schedule(play)
