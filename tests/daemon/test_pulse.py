"""The pulse: what it sees of clocks, database and polls, and to whom it shows signs of life."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.alert import Firing
from monitor.core.answer import FailureKind
from monitor.core.errors import DatabaseError
from monitor.core.moment import to_ms
from monitor.core.product import Invalid
from tests.core.builders import CODE, FEED, failed, key_of
from tests.daemon.parts_stage import Running, execute, play
from tests.daemon.stage import Mood

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OUT, IN = {CODE: 0}, {CODE: 3}


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=3650), timedelta(seconds=0.6)])
def test_a_step_of_the_wall_clock_moves_schedule_and_timers(file: Path, step: timedelta) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        bench.parts.schedule.every("far", HOUR, timedelta(days=36500), never)
        due = bench.parts.schedule.next_of("far")
        assert due is not None
        [before] = execute(file, "SELECT since FROM alert")
        bench.clock.step(step)
        await bench.pulse.beat()
        assert bench.parts.schedule.next_of("far") == due + step
        [after] = execute(file, "SELECT since FROM alert")
        assert after[0] == before[0] + step / timedelta(milliseconds=1)  # type: ignore[operator]
        await bench.pulse.beat()
        assert execute(file, "SELECT since FROM alert") == [after]

    play(file, story)


def test_a_step_right_before_a_failed_poll_makes_nobody_blind(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        bench.clock.step(HOUR)
        await bench.poll(failed(FailureKind.TIMEOUT))
        await bench.pulse.beat()
        await bench.poll(failed(FailureKind.TIMEOUT))
        assert execute(file, "SELECT kind FROM notice") == [("clock set",)]

    play(file, story)


def test_a_delivery_decided_right_after_a_step_is_due_then_and_not_a_step_later(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        bench.clock.step(HOUR)
        await bench.poll(IN)
        await bench.pulse.beat()
        [(due,)] = execute(file, "SELECT next_at FROM delivery")
        assert due == to_ms(bench.clock.now())

    play(file, story)


@pytest.mark.parametrize("mood", [Mood.READ_ONLY, Mood.COMMITS_AND_COMPLAINS])
def test_a_step_that_the_database_refuses_moves_the_timers_once_in_the_end(file: Path, mood: Mood) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        [(before,)] = execute(file, "SELECT since FROM alert")
        bench.store.mood = mood
        bench.clock.step(HOUR)
        for _ in range(3):
            await bench.pulse.beat()
        bench.store.mood = Mood.FINE
        bench.clock.step(-3 * HOUR)
        for _ in range(3):
            await bench.pulse.beat()
        [(after,)] = execute(file, "SELECT since FROM alert")
        assert int(str(after)) - int(str(before)) == -2 * 3_600_000
        assert bench.parts.clock.now() == bench.clock.now()
        [alert] = bench.parts.ledger.world.alerts.values()
        assert isinstance(alert.state, Firing)
        assert to_ms(alert.state.since) == after

    play(file, story)


@pytest.mark.parametrize("mood", [Mood.COMMITS_AND_COMPLAINS, Mood.HANGS])
@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_step_of_which_nobody_is_sure_moves_what_is_known_once(
    file: Path, step: timedelta, mood: Mood
) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        await bench.poll(IN)
        bench.store.mood = mood
        bench.clock.step(step)
        with suppress(TimeoutError, DatabaseError):
            async with asyncio.timeout(0.2):
                await bench.parts.ledger.follow_wall_clock()
        bench.store.mood = Mood.FINE
        await bench.parts.ledger.retry()
        for _ in range(2):
            await bench.pulse.beat()
        assert bench.parts.clock.now() == bench.clock.now()
        await bench.poll(OUT, after=31)
        [(lasted,)] = execute(file, "SELECT facts ->> 'lasted' FROM transition WHERE edge = 'resolved'")
        assert str(lasted).startswith("PT31.")

    play(file, story)


def test_a_step_that_is_taken_back_while_polls_are_held_is_none(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        bench.store.mood = Mood.REFUSES
        await bench.poll(IN)
        bench.clock.step(24 * HOUR)
        await bench.pulse.beat()
        bench.clock.step(-24 * HOUR)
        bench.store.mood = Mood.FINE
        for _ in range(3):
            await bench.pulse.beat()
        assert execute(file, "SELECT count(*) FROM notice WHERE kind = 'clock set'") == [(0,)]
        assert execute(file, "SELECT edge FROM transition") == [("fired",)]

    play(file, story)


def test_a_reload_after_a_step_makes_nobody_blind(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll({CODE: 0, "OTHER": 0})
        await bench.poll({CODE: Invalid("no count"), "OTHER": 0})
        bench.clock.step(HOUR)
        await bench.pulse.beat()
        ledger = bench.parts.ledger
        await ledger.reconfigure([FEED], ledger.settings, nothing)
        await bench.poll(failed(FailureKind.TIMEOUT))
        assert execute(file, "SELECT kind FROM notice") == [("clock set",)]
        product = ledger.world.products[FEED][key_of()]
        assert product.unknown_since is not None
        assert bench.parts.clock.now() - product.unknown_since < timedelta(seconds=60)

    play(file, story)


def test_a_reload_after_a_step_back_does_not_put_off_that_it_is_blind(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        bench.clock.step(-HOUR)
        await bench.pulse.beat()
        for _ in range(3):
            await bench.poll(failed(FailureKind.TIMEOUT))
        await bench.parts.ledger.reconfigure([FEED], bench.parts.ledger.settings, nothing)
        await bench.poll(failed(FailureKind.TIMEOUT))
        assert execute(file, "SELECT kind FROM notice") == [("clock set",), ("blind",)]

    play(file, story)


def test_suspend_and_drift_are_no_steps(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        before = execute(file, "SELECT since FROM alert")
        bench.clock.advance(8 * 3600)
        await bench.pulse.beat()
        for _ in range(100):
            bench.clock.step(timedelta(milliseconds=20))
            await bench.pulse.beat()
        assert execute(file, "SELECT since FROM alert") == before

    play(file, story)


def test_after_a_suspend_the_lanes_look_for_what_came_due_meanwhile(file: Path) -> None:
    async def story(bench: Running) -> None:
        woken: list[str] = []
        bench.parts.lanes.wake_all = lambda: woken.append("all")  # type: ignore[method-assign]
        await bench.pulse.beat()
        woken.clear()
        bench.clock.advance(1)
        await bench.pulse.beat()
        assert woken == []
        bench.clock.advance(8 * 3600)
        await bench.pulse.beat()
        assert woken == ["all"]

    play(file, story)


def test_a_step_while_the_database_refuses_is_made_up_for(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        before = execute(file, "SELECT since FROM alert")
        bench.store.mood = Mood.READ_ONLY
        bench.clock.step(HOUR)
        await bench.pulse.beat()
        assert execute(file, "SELECT since FROM alert") == before
        bench.store.mood = Mood.FINE
        await bench.pulse.beat()
        assert execute(file, "SELECT since FROM alert") == [(int(str(before[0][0])) + 3_600_000,)]

    play(file, story)


def test_it_beats_whatever_the_scheduler_does(file: Path) -> None:
    """After a step back the scheduler sleeps for as long: the guard must not be one of its jobs."""

    async def story(bench: Running) -> None:
        bench.parts.schedule.pause()
        bench.pulse.start()
        async with asyncio.timeout(10):
            while not any("STATUS" in message for message in bench.listener.heard()):
                await asyncio.sleep(0)

    play(file, story, beat_s=0.0)


def test_a_pulse_that_crashes_again_and_again_asks_for_a_restart(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(bench: Running) -> None:
        bench.pulse.start()
        whole, bench.parts.schedule = bench.parts.schedule, Broken()  # type: ignore[assignment]
        async with asyncio.timeout(10):
            while not bench.parts.is_broken:
                bench.clock.step(HOUR)
                await asyncio.sleep(0)
        bench.parts.schedule = whole

    play(file, story, beat_s=0.0)
    assert [record.getMessage() for record in caplog.records].count("pulse crashed") == 5


class Broken:
    def rearm(self, step: timedelta) -> None:
        raise ValueError("boom")


def test_a_silence_that_another_process_wrote_is_read_at_the_next_beat(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.pulse.beat()
        assert bench.parts.ledger.world.silences == ()
        silence(file, bench)
        await bench.pulse.beat()
        assert len(bench.parts.ledger.world.silences) == 1

    play(file, story)


def test_a_silence_that_could_not_be_read_is_read_at_the_beat_after(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.pulse.beat()
        silence(file, bench)
        bench.store.mood = Mood.REFUSES
        await bench.pulse.beat()
        bench.store.mood = Mood.FINE
        await bench.pulse.beat()
        assert len(bench.parts.ledger.world.silences) == 1

    play(file, story)


def test_a_silence_that_was_over_holds_again_when_the_clock_is_set_back_into_it(file: Path) -> None:
    async def story(bench: Running) -> None:
        silence(file, bench)
        await bench.pulse.beat()
        bench.clock.advance(2 * 3600)
        await bench.parts.ledger.refresh_silences()
        assert bench.parts.ledger.world.silences == ()
        bench.clock.step(-2 * HOUR)
        await bench.pulse.beat()
        assert len(bench.parts.ledger.world.silences) == 1

    play(file, story)


def silence(file: Path, bench: Running) -> None:
    until = (bench.clock.now().timestamp() + 3600) * 1000
    execute(file, "INSERT INTO silence (from_at, until_at, created_at) VALUES (0, ?, 0)", int(until))


def test_what_is_held_is_retried_by_the_beat_and_trouble_ends(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        bench.store.mood = Mood.READ_ONLY
        await bench.poll(IN)
        assert bench.parts.health.database_refuses_since is not None
        bench.store.mood = Mood.FINE
        await bench.pulse.beat()
        assert bench.parts.trouble.since is None
        assert execute(file, "SELECT edge FROM transition") == [("fired",)]

    play(file, story)


def test_trouble_outlasts_a_source_that_is_left_alone(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        bench.store.mood = Mood.READ_ONLY
        await bench.poll(failed(FailureKind.KEY_REFUSED))
        for _ in range(12):
            bench.clock.advance(1)
            await bench.pulse.beat()
        assert bench.parts.trouble.since is not None
        assert bench.clock.monotonic() - bench.parts.trouble.since == 12

    play(file, story)


def test_blindness_is_told_in_time_while_a_source_is_left_alone(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        await bench.poll(failed(FailureKind.KEY_REFUSED))
        bench.parts.gates["default"]._open_at = bench.clock.monotonic() + 900
        bench.clock.advance(61)
        await bench.pulse.beat()
        assert execute(file, "SELECT kind FROM notice") == [("blind",)]

    play(file, story)


def test_a_deleted_database_is_made_anew_and_told_what_is_known(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        await bench.poll(IN)
        for path in bench.folder.glob("monitor.db*"):
            path.unlink()
        await bench.poll(IN)
        assert bench.parts.trouble.since is not None
        await bench.pulse.beat()
        await bench.poll(OUT)
        assert execute(file, "SELECT edge FROM transition") == [("resolved",)]

    play(file, story)


def test_a_poll_that_comes_while_a_new_database_is_made_waits_until_it_is_told_what_is_known(
    file: Path,
) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(IN)
        for path in file.parent.glob("monitor.db*"):
            path.unlink()
        await bench.poll(OUT)
        polling: list[asyncio.Task[None]] = []
        reopen = bench.store.reopen

        async def reopen_and_be_polled() -> None:
            await reopen()
            polling.append(asyncio.create_task(bench.poll(OUT)))
            for _ in range(100):
                await asyncio.sleep(0)

        bench.store.reopen = reopen_and_be_polled  # type: ignore[method-assign]
        await bench.pulse.beat()
        await asyncio.gather(*polling)
        assert execute(file, "SELECT edge FROM transition") == [("resolved",)]

    play(file, story)


def test_a_database_that_was_replaced_is_read_anew(file: Path) -> None:
    async def story(bench: Running) -> None:
        await bench.poll(OUT)
        older = bench.folder / "older.db"
        execute(file, "VACUUM INTO ?", str(older))
        await bench.poll(IN)
        older.replace(file)
        await bench.poll(IN)
        assert bench.parts.health.database_refuses_since is not None
        await bench.pulse.beat()
        assert bench.parts.trouble.since is None
        assert execute(file, "SELECT edge FROM transition") == [("fired",)]

    play(file, story)


async def nothing() -> None:
    pass


async def never() -> None:
    raise AssertionError
