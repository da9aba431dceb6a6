"""A daemon in a process of its own, as `monitor run` runs it, for which a month passes in minutes.

`python -m tests.torture.soak.fast FOLDER SEED HOURS DAY_HOURS TRUTH_FD`. What the stand-ins served and
accepted, and an hourly sample of the process, go to TRUTH_FD as lines of JSON; standard output is the
daemon's log, in which a line `{"mark": N}` ends the Nth hour.
"""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from monitor.config.loading import load
from monitor.daemon.app import serve
from tests.torture.soak.quick_time import BusyLoop, LoopClock, let_libraries_follow
from tests.torture.soak.samples import sample
from tests.torture.soak.stand_ins import API_KEY, Hook, Mail, Provider, Shelf, listening
from tests.torture.soak.story import HOUR_S, Day, Place, Story, offers

HOOK_TOKEN: Final = "canary-hook-token-soak"
LOOK_AT_LOG_EVERY_S: Final = 10.0
NO_LIMIT: Final = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
EXTRA_RULE: Final = """
[[watch]]
name = "extra"
match = { gpu_name = "NVIDIA-H800*", total_gpus = ">=32" }
keep_firing_for = "2m"
remind_every = "3h"
notify = ["hook"]
"""
CONFIG: Final = """
[source]
base_url = "{provider}"
api_key = {{ env = "SOAK_API_KEY" }}
interval = "{interval}s"
timeout = "10s"
[storage]
url = "sqlite:///monitor.db"
keep = "10d"
[monitor]
heartbeat_url = {{ env = "SOAK_HEARTBEAT_URL" }}
[channels.hook]
url = {{ env = "SOAK_HOOK_URL" }}
language = "{language}"
[channels.mail]
give_up_after = "1h"
url = "mailto://127.0.0.1:{mail}?from=monitor@example.test&to=ops@example.test&mode=insecure"
language = "en"
[[watch]]
name = "h800"
match = {{ gpu_name = "NVIDIA-H800*" }}
"""


class Director:
    """Lets the story happen around the daemon, and ends it."""

    def __init__(self, folder: Path, story: Story, loop: BusyLoop, truth: int) -> None:
        self.folder = folder
        self.loop = loop
        self.story = story
        self._truth = truth
        listed = offers(story.seed)
        shelf = Shelf(story.seed, listed, story.changes(listed), loop.time, self.tell)
        self.provider = Provider(shelf)
        self.hook = Hook(loop, self.tell)
        self.mail = Mail(loop, self.tell)
        self._largest_log = 0

    @property
    def config(self) -> Path:
        return self.folder / "monitor.toml"

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "SOAK_API_KEY": API_KEY,
            "SOAK_HOOK_URL": f"json://127.0.0.1:{self.hook.port}/{HOOK_TOKEN}",
            "SOAK_HEARTBEAT_URL": f"http://127.0.0.1:{self.hook.port}/beat",
        }

    def configure(self, today: Day) -> None:
        text = CONFIG.format(
            provider=self.provider.url,
            interval=today.interval_s,
            language=today.hook_language,
            mail=self.mail.port,
        )
        self.config.touch(0o600)
        self.config.write_text(text + EXTRA_RULE * today.has_extra_rule, "utf-8")

    def tell(self, line: dict[str, Any]) -> None:
        os.write(self._truth, json.dumps(line).encode() + b"\n")

    async def direct(self) -> None:
        """Ends with SIGTERM, after an hour in which all is well."""
        for at_s, act in sorted(self._events(), key=lambda event: event[0]):
            if at_s < self.story.end_s:
                await self._until(at_s)
                await act()
        await self._until(self.story.end_s + LOOK_AT_LOG_EVERY_S)
        await self._backup("end")
        os.kill(os.getpid(), signal.SIGTERM)

    def _events(self) -> Iterator[tuple[float, Callable[[], Awaitable[None]]]]:
        for outage in self.story.outages:
            yield outage.from_s, partial(self._behave, outage.place, outage.kind)
            yield outage.until_s, partial(self._behave, outage.place, None)
        for number, today in enumerate(self.story.days):
            yield today.reload_s, partial(self._reload, today)
            yield (number + 1) * self.story.day_s - 60, partial(self._backup, f"day-{number}")

    async def watch(self) -> None:
        """A sample at the end of each hour."""
        hour = 0
        while True:
            await asyncio.sleep(LOOK_AT_LOG_EVERY_S)
            with suppress(FileNotFoundError):
                size = (self.folder / "monitor.db-wal").stat().st_size
                self._largest_log = max(self._largest_log, size)
            if self.loop.time() >= (hour + 1) * HOUR_S:
                hour += 1
                self._sample(hour)

    def _sample(self, hour: int) -> None:
        taken = sample(self.folder / "monitor.db", self._largest_log)
        self._largest_log = 0
        counts = {"polls": self.provider.asked, "beats": self.hook.beats}
        self.tell({"sample": {"hour": hour, **taken, **counts}})
        print(json.dumps({"mark": hour}), flush=True)

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(at_s - self.loop.time(), 0))

    async def _behave(self, place: Place, kind: str | None) -> None:
        match place:
            case "upstream":
                await self.provider.behave(kind)
            case "hook":
                await self.hook.behave(kind)
            case "mail":
                await self.mail.behave(kind)
            case "disk":
                # No file of this process may grow any more; pipes may.
                limit = (0, resource.RLIM_INFINITY) if kind else NO_LIMIT
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    async def _reload(self, today: Day) -> None:
        self.configure(today)
        os.kill(os.getpid(), signal.SIGHUP)

    async def _backup(self, name: str) -> None:
        """By a process of its own, while no time passes here."""
        target = self.folder / f"backup-{name}.db"
        command = [sys.executable, "-m", "monitor", "--config", str(self.config), "db", "backup", str(target)]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
        )
        self.tell({"backup": target.name, "code": done.returncode, "said": done.stderr})


async def live(director: Director, clock: LoopClock) -> int:
    async with listening(director.provider, director.hook, director.mail):
        director.configure(director.story.day(0))
        load_again = partial(load, director.config)
        tasks = [asyncio.create_task(director.direct()), asyncio.create_task(director.watch())]
        code = await serve(load_again(), load_again, director.environ, clock)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        return code


def main() -> int:
    folder, seed, hours, day_hours, truth = sys.argv[1:]
    loop = BusyLoop()
    clock = LoopClock(loop.time)
    let_libraries_follow(loop, clock)
    story = Story(int(seed), float(hours), float(day_hours))
    director = Director(Path(folder), story, loop, int(truth))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(live(director, clock))


if __name__ == "__main__":
    sys.exit(main())
