"""What happens to one monitor in its month, drawn from the seed: a list of times and accidents. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from random import Random
from typing import Final

from tests.torture.clocks.fuse import PLACES
from tests.torture.clocks.receivers import Mood
from tests.torture.clocks.scene import CHANNELS
from tests.torture.clocks.times import BOOT, UPTIME_S

DAY_S: Final = 86_400.0
CALM_S: Final = 9 * 3600.0
"""At the end nothing happens any more: long enough for every delivery to end."""
STEPS_S: Final = (1, 61, 3_600, 7_200, DAY_S, 5 * DAY_S)
YEARS_S: Final = 10 * 365 * DAY_S
TO_1970_S: Final = (datetime(1970, 1, 5, tzinfo=UTC) - BOOT).total_seconds()


_ILL: Final = {Mood.FLAKY: 10, Mood.DOWN: 4, Mood.BUSY: 3, Mood.CLOSED: 3}
"""Percent of the hours in which a receiver is so; else it is well."""


class Kind(Enum):
    STEP = auto()
    SUSPEND = auto()
    CRASH = auto()
    FUSE = auto()
    RESTART = auto()
    RELOAD = auto()
    HUSH = auto()
    AUDIT = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """`seconds`: of the step, the sleep, the time for which nothing runs, or the silence.

    `back_s`: so long after it the clock is set right again. `place`: where the process dies next. `aimed_s`:
    not at once, but so long after the next request has been sent.
    """

    at_s: float
    kind: Kind
    seconds: float = 0.0
    back_s: float | None = None
    place: str = ""
    aimed_s: float | None = None
    is_brisk: bool = False
    salt: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    events: tuple[Event, ...]
    end_s: float
    moods: Callable[[str, float], Mood]
    fault_share: Callable[[float], float]


def draw(chance: Random, days: float, *, faults: bool = True, density: float = 1.0) -> Plan:
    """Without `faults` it is a month in which all goes well. `density`: so many times as many accidents."""
    end_s = UPTIME_S + days * DAY_S
    calm_s = end_s - CALM_S
    if not faults:
        return Plan((), end_s, lambda *_: Mood.FINE, lambda _: 0.0)
    events = sorted(_events(chance, days * density, calm_s), key=lambda event: event.at_s)
    return Plan(tuple(events), end_s, _moods(chance, calm_s, density), _fault_share(chance, calm_s))


def _events(chance: Random, days: float, calm_s: float) -> list[Event]:
    rates: dict[Callable[[Random, float], Event], float] = {
        _step: 0.5,
        _suspend: 0.3,
        _crash: 0.3,
        _fuse: 0.3,
        _restart: 0.1,
        _reload: 0.3,
        _hush: 0.4,
        _audit: 2.0,
    }
    return [
        replace(drawn(chance, chance.uniform(UPTIME_S + 60, calm_s)), aimed_s=_aim(chance))
        for drawn, a_day in rates.items()
        for _ in range(round(a_day * days) or int(chance.random() < a_day * days))
    ]


def _aim(chance: Random) -> float | None:
    """Half of all things happen while a request is on its way, or right after its answer."""
    return chance.choice((None, None, None, 0.01, chance.uniform(0, 0.5), chance.uniform(0, 8)))


def _step(chance: Random, at_s: float) -> Event:
    seconds = chance.choice(STEPS_S) * chance.choice((-1, 1))
    if chance.random() < 0.15:
        seconds = chance.choice((YEARS_S, TO_1970_S))
    back_s = (
        chance.choice((None, 0.5, 120.0, 4_000.0)) if abs(seconds) < 2 * DAY_S else chance.uniform(1, 9_000)
    )
    return Event(at_s, Kind.STEP, seconds, back_s)


def _suspend(chance: Random, at_s: float) -> Event:
    return Event(
        at_s, Kind.SUSPEND, chance.choice((20.0, 200.0, 3_000.0, 30_000.0)) * chance.uniform(0.5, 1.5)
    )


def _crash(chance: Random, at_s: float) -> Event:
    return Event(at_s, Kind.CRASH, _down_s(chance), is_brisk=chance.random() < 0.05)


def _fuse(chance: Random, at_s: float) -> Event:
    return Event(at_s, Kind.FUSE, _down_s(chance), place=chance.choice(PLACES))


def _restart(chance: Random, at_s: float) -> Event:
    return Event(at_s, Kind.RESTART, _down_s(chance))


def _reload(chance: Random, at_s: float) -> Event:
    return Event(at_s, Kind.RELOAD, salt=chance.getrandbits(30))


def _hush(chance: Random, at_s: float) -> Event:
    return Event(at_s, Kind.HUSH, chance.uniform(600, 30_000), salt=chance.getrandbits(30))


def _audit(_chance: Random, at_s: float) -> Event:
    """A look at the outbox: what waits there though nothing is in its way?"""
    return Event(at_s, Kind.AUDIT)


def _down_s(chance: Random) -> float:
    return chance.choice((0.5, 3.0, 60.0, 2_000.0, 10_000.0)) * chance.uniform(0.5, 1.5)


def _moods(chance: Random, calm_s: float, density: float) -> Callable[[str, float], Mood]:
    drawn = {name: _hours_of(chance, int(calm_s / 3600) + 1, density) for name in CHANNELS}
    return lambda name, at_s: drawn[name][int(at_s / 3600)] if at_s < calm_s else Mood.FINE


def _hours_of(chance: Random, hours: int, density: float) -> list[Mood]:
    """Mostly well; now and then a bad hour, and once in ten days a bad night."""
    weights = [80.0, *(weight * density for weight in _ILL.values())]
    moods = chance.choices([Mood.FINE, *_ILL], weights, k=hours)
    for _ in range(hours // 240):
        begin = chance.randrange(max(hours - 9, 1))
        moods[begin : begin + 9] = [chance.choice((Mood.DOWN, Mood.BUSY))] * len(moods[begin : begin + 9])
    return moods


def _fault_share(chance: Random, calm_s: float) -> Callable[[float], float]:
    """Half of the answers are faulty, but neither all days nor all hours are alike."""
    hours = [chance.choice((0.1, 0.4, 0.5, 0.6, 0.9)) for _ in range(int(calm_s / 3600) + 1)]
    return lambda at_s: hours[int(at_s / 3600)] if at_s < calm_s else 0.0
