"""Leads one monitor through its month: begins and ends its lives, and lets happen what was planned."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from math import inf
from pathlib import Path
from random import Random
from typing import Final, Literal

from monitor.core.decision import Silence
from monitor.core.moment import from_ms, to_ms
from monitor.daemon.parts import Parts
from monitor.store.store import Store
from tests.torture.clocks.fuse import Fuse
from tests.torture.clocks.judge import Judge
from tests.torture.clocks.life import Life
from tests.torture.clocks.places import Place
from tests.torture.clocks.plan import CALM_S, Event, Kind, Plan
from tests.torture.clocks.receivers import Doors, Mood
from tests.torture.clocks.scene import CHANNELS, CODES, Hush, Watch
from tests.torture.clocks.settings import configured, draw_watches, redraw
from tests.torture.clocks.times import SimulatedClock
from tests.torture.clocks.upstream import Upstream
from tests.torture.clocks.watched_store import WatchedStore

BRISK_S: Final = 3600.0
LONGEST_AIM_S: Final = 600.0
QUIET_S: Final = 1500.0
"""Longer than any pause that a receiver may ask for, or that follows from its refusals."""


class Director:
    def __init__(
        self,
        chance: Random,
        clock: SimulatedClock,
        plan: Plan,
        place: Place,
        judge: Judge,
        upstream: Upstream,
        doors: Doors,
        folder: Path,
        mistake: Callable[[Parts], None],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._chance = chance
        self._clock = clock
        self._plan = plan
        self._place = place
        self._judge = judge
        self._upstream = upstream
        self._doors = doors
        self._mistake = mistake
        self._file = folder / "monitor.toml"
        self._config = configured(self._file, self._rules(draw_watches(chance)))
        self._life: Life | None = None
        self._begins_at = 0.0
        self._dies_for_s = 1.0
        self._is_next_brisk = False
        self._calm_at = inf
        self._disturbed_at = 0.0

    async def run(self) -> None:
        for event in self._plan.events:
            await self._until(event.at_s)
            self.counts[event.kind.name.lower()] += 1
            if event.aimed_s is not None:
                await self._until_asked(event.aimed_s)
            await self._happen(event)
            if event.kind is not Kind.AUDIT:
                self._disturbed_at = self._clock.uptime_s
        if self._life is not None:
            self._life.fuse.place = None
        await self._until(max(self._plan.end_s, self._clock.uptime_s + CALM_S))
        self._upstream.look()
        if self._life is not None:
            await self._life.stop()
            self._over()

    def _rules(self, watches: tuple[Watch, ...]) -> tuple[Watch, ...]:
        self._judge.watches = watches
        return watches

    async def _until(self, at_s: float, event: asyncio.Event | None = None) -> None:
        """Time passes, or less if this happens; meanwhile who died is started again."""
        events = [] if event is None else [event]
        while self._clock.uptime_s < at_s and not (event and event.is_set()):
            if self._life is None:
                await self._sleep(min(at_s, self._begins_at), *events)
                if self._clock.uptime_s >= self._begins_at:
                    await self._begin()
                continue
            until = min(at_s, self._calm_at)
            await self._sleep(until, self._life.fuse.blown, *events)
            if self._life.fuse.is_dead:
                self.counts[f"died {self._life.fuse.place}"] += 1
                await self._die(self._dies_for_s)
            elif self._clock.uptime_s >= self._calm_at:
                await self._restart(1.0)

    async def _until_asked(self, after_s: float) -> None:
        """A request is on its way, for so long; or none came, for whatever reason."""
        self._upstream.is_asked.clear()
        await self._until(self._clock.uptime_s + LONGEST_AIM_S, self._upstream.is_asked)
        await self._until(self._clock.uptime_s + after_s)

    async def _sleep(self, until_s: float, *events: asyncio.Event) -> None:
        """Until then, or until one of these happens."""
        waits = [asyncio.create_task(event.wait()) for event in events]
        waits.append(asyncio.create_task(_nothing(until_s - self._clock.uptime_s)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _begin(self) -> None:
        self.counts["lives"] += 1
        self._disturbed_at = self._clock.uptime_s
        self._judge.begin_life()
        self._upstream.begin_life()
        self._life = Life(
            self._clock,
            self._open,
            self._upstream,
            self._doors,
            self._mistake,
            is_brisk=self._is_next_brisk,
        )
        self._calm_at = self._clock.uptime_s + BRISK_S if self._is_next_brisk else inf
        self._is_next_brisk = False
        await self._life.begin(self._config)

    def _open(self, fuse: Fuse) -> Store:
        return WatchedStore(self._place.open(), self._judge, fuse)

    async def _die(self, down_s: float) -> None:
        if self._life is not None:
            self._upstream.look()
            await self._life.kill()
            self._over()
        self._begins_at = self._clock.uptime_s + down_s

    async def _restart(self, down_s: float) -> None:
        if self._life is not None:
            self._upstream.look()
            await self._life.stop()
            self._over()
        self._begins_at = self._clock.uptime_s + down_s

    def _over(self) -> None:
        self._judge.post.died()
        self._place.close()
        self._life = None

    async def _happen(self, event: Event) -> None:
        match event.kind:
            case Kind.STEP:
                await self._step(event)
            case Kind.SUSPEND:
                self._clock.advance(event.seconds)
                self._upstream.wake()
                await self._look()
            case Kind.CRASH:
                self._is_next_brisk = event.is_brisk
                await self._die(event.seconds)
            case Kind.FUSE:
                self._arm(event)
            case Kind.RESTART:
                await self._restart(event.seconds)
            case Kind.RELOAD:
                await self._reload(Random(event.salt))
            case Kind.HUSH:
                await self._hush(Random(event.salt), event.seconds)
            case Kind.AUDIT:
                self._audit()

    def _audit(self) -> None:
        """Where nothing has been in its way for a while, nothing waits that was decided before that."""
        since_s = self._clock.uptime_s - QUIET_S
        if self._life is None or self._disturbed_at > since_s:
            return
        times = [since_s + QUIET_S * part / 4 for part in range(5)]
        moods = {name: {self._plan.moods(name, at_s) for at_s in times} for name in CHANNELS}
        well = {name for name, seen in moods.items() if seen == {Mood.FINE}}
        self.counts["audits"] += len(well)
        self._judge.audit(self._place.ends(), well, timedelta(seconds=QUIET_S))

    def _arm(self, event: Event) -> None:
        self._dies_for_s = event.seconds
        if self._life is not None:
            self._life.fuse.place = event.place

    async def _step(self, event: Event) -> None:
        """Within a second the monitor notices."""
        by = timedelta(seconds=event.seconds)
        self._clock.step(by)
        if event.back_s is None or event.back_s > 1:
            await self._look()
        if event.back_s is not None:
            await self._until(self._clock.uptime_s + event.back_s)
            self._clock.step(-by)
            await self._look()

    async def _look(self) -> None:
        life = self._life
        await self._until(self._clock.uptime_s + self._chance.random())
        if life is not None and life is self._life:
            await life.beat()
            if not life.fuse.is_dead:
                self._judge.check_clock()

    async def _reload(self, chance: Random) -> None:
        self._config = configured(self._file, self._rules(redraw(chance, self._judge.watches)))
        if self._life is not None:
            await self._life.reload(self._config)

    async def _hush(self, chance: Random, seconds: float) -> None:
        begins = self._clock.now()
        ends = begins + timedelta(seconds=seconds)
        rule = chance.choice((None, *(watch.name for watch in self._judge.watches)))
        hush = Hush(to_ms(begins), to_ms(ends), rule, chance.choice((None, None, *CODES)))
        self._judge.hushes.append(hush)
        silence = Silence(from_ms(hush.begins_ms), from_ms(hush.ends_ms), hush.rule, hush.code)
        self._place.silence(silence)
        if self._life is not None:
            await self._life.beat()


async def _nothing(seconds: float) -> Literal[True]:
    """As an event: it takes so long to happen."""
    await asyncio.sleep(seconds)
    return True
