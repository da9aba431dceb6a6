"""A clock that is set, and set back before anybody notices, while a turn of the schedule comes round."""

import asyncio
from datetime import timedelta

import pytest

from monitor.daemon.schedule import Schedule
from tests.torture.clocks.times import UPTIME_S, SimulatedClock, scheduler_reads
from tests.torture.virtual_time import VirtualLoop

INTERVAL_S = 15.0
TURNS = 5


@pytest.mark.parametrize("step_h", [1, -1, 24 * 365, -24 * 365])
@pytest.mark.parametrize("before_s", [0.2, 0.0])
def test_no_turn_is_late_by_more_than_a_beat(step_h: int, before_s: float) -> None:
    clock, turns = SimulatedClock(), list[float]()

    async def turn() -> None:
        turns.append(clock.uptime_s - UPTIME_S)

    async def play() -> None:
        schedule = Schedule(clock.now, lambda _: None)
        schedule.start()
        schedule.every("turn", timedelta(seconds=INTERVAL_S), timedelta(seconds=INTERVAL_S), turn)
        beating = asyncio.create_task(beat(schedule))
        await asyncio.sleep(INTERVAL_S - before_s)
        clock.step(timedelta(hours=step_h))
        await asyncio.sleep(0.5)
        clock.step(-timedelta(hours=step_h))
        await asyncio.sleep(TURNS * INTERVAL_S)
        beating.cancel()
        schedule.stop()

    loop = VirtualLoop(clock.advance)
    with scheduler_reads(clock):
        try:
            loop.run_until_complete(play())
        finally:
            loop.close()
    assert all(late_s <= 1.0 for late_s in lateness(turns)), turns


def lateness(turns: list[float]) -> list[float]:
    """By how much each turn that was owed came too late, or all the time if it never came."""
    owed = [number * INTERVAL_S for number in range(1, TURNS)]
    return [min((at - due for at in turns if at >= due - 0.01), default=TURNS * INTERVAL_S) for due in owed]


async def beat(schedule: Schedule) -> None:
    while True:
        await asyncio.sleep(1)
        schedule.put_right()
