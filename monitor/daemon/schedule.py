"""When things run: APScheduler with a trigger of our own. The only importer of apscheduler.

The library's interval trigger is silent for an hour after the wall clock was set back by one, and runs
through every missed second after a suspend. This one knows only a start and an interval, so the next
time is one division away; and whoever watches the clocks calls `rearm` after a step.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from math import floor

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

_log = logging.getLogger(__name__)


class Grid(BaseTrigger):
    """Fires at `start + k x interval`. Holds no state: it is asked twice for each firing."""

    def __init__(self, start: datetime, interval: timedelta) -> None:
        self.start = start
        self.interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first slot after `previous` that is not over yet; one that begins right now counts."""
        elapsed = floor((now - self.start) / self.interval)
        slot = max(elapsed, 0) if self.start + elapsed * self.interval == now else max(elapsed + 1, 0)
        if previous is not None and self.start + slot * self.interval <= previous <= now:
            slot += 1
        return self.start + slot * self.interval


class Schedule:
    """Jobs by name. One that still runs when its slot comes round again skips that slot.

    `now`: the wall clock without its steps, which `rearm` takes; the library reads the wall clock itself.
    """

    def __init__(self, now: Callable[[], datetime], on_skipped: Callable[[str], None]) -> None:
        for name in ("apscheduler", "apscheduler.scheduler", "apscheduler.executors.default"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._now = now
        self._on_skipped = on_skipped
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(self._heard, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR)

    def start(self) -> None:
        self._scheduler.start()

    def every(
        self, name: str, interval: timedelta, phase: timedelta, job: Callable[[], Awaitable[None]]
    ) -> None:
        """Run `job` each interval, first after `phase`. Replaces a job of that name."""
        trigger = Grid(self._now() + phase, interval)
        self._scheduler.add_job(job, trigger, id=name, name=name, replace_existing=True)

    def next_of(self, name: str) -> datetime | None:
        job = self._scheduler.get_job(name)
        return job.next_run_time if job else None

    def remove(self, name: str) -> None:
        self._scheduler.remove_job(name)

    def rearm(self, step: timedelta) -> None:
        """After a step of the wall clock: every grid moves along, as if nothing had happened.

        A slot that came between the step and this is taken now.
        """
        now = self._now()
        for job in self._scheduler.get_jobs():
            trigger = Grid(job.trigger.start + step, job.trigger.interval)
            missed = job.next_run_time + step
            due = missed if missed <= now else trigger.get_next_fire_time(None, now)
            self._scheduler.modify_job(job.id, trigger=trigger, next_run_time=due)

    def put_right(self) -> None:
        """To be called each second: wakes what slept through its turn, and fetches back what was put off.

        Timers stand still while the machine sleeps. And whoever set the clock may have set it back before
        anybody noticed a step: a turn in that moment has left a timer, or the next turn, hours away.
        """
        now = self._now()
        for job in self._scheduler.get_jobs():
            if job.next_run_time is None or job.next_run_time <= now:
                self._scheduler.wakeup()
            elif job.next_run_time - max(now, job.trigger.start) > job.trigger.interval:
                due = job.trigger.get_next_fire_time(None, now)
                self._scheduler.modify_job(job.id, next_run_time=due)

    def pause(self) -> None:
        """Start nothing more; what runs, runs on."""
        self._scheduler.pause()

    def stop(self) -> None:
        """Pause, and wait for your own work, before you call this: it cancels what still runs."""
        self._scheduler.shutdown(wait=False)

    def _heard(self, event: JobExecutionEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            self._on_skipped(event.job_id)
        elif not isinstance(event.exception, asyncio.CancelledError):  # the process ends
            _log.error("job crashed", exc_info=event.exception, extra={"fields": {"job": event.job_id}})
