"""What is to happen in one cycle, drawn from the seed and the cycle's number. Pure.

A cycle is one life of the daemon. How it ends is tied to a moment that the world around it sees, so that
kills land where they are aimed on a slow machine, too; a good part of them falls just anywhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from tests.torture.kill.catalogue import FEEDS


class Moment(StrEnum):
    BORN = "born"
    ASKED = "asked"
    HALF_ANSWERED = "half answered"
    ANSWERED = "answered"
    HEARD = "heard"
    ACCEPTED = "accepted"
    TOLD = "told"


class Ending(StrEnum):
    KILL = "kill"
    STOP = "stop"
    STOP_THEN_KILL = "stop, then kill"
    STOP_TWICE = "stop twice"


@dataclass(frozen=True, slots=True)
class Plan:
    """`delay_s` after the `nth` time of `moment` the ending begins; `then_s` parts its two signals."""

    feeds: tuple[int, ...]
    changes_at_start: int
    changes_after: frozenset[int]
    moment: Moment
    nth: int
    delay_s: float
    ending: Ending
    then_s: float


@dataclass(frozen=True, slots=True)
class _Aim:
    weight: int
    moment: Moment
    most_nth: int
    within_s: float
    at_once: float


_AIMS: Final = (
    _Aim(25, Moment.BORN, 1, 0.30, 0.0),
    _Aim(6, Moment.ASKED, 2, 0.004, 0.5),
    _Aim(5, Moment.HALF_ANSWERED, 2, 0.0, 1.0),
    _Aim(20, Moment.ANSWERED, 2, 0.015, 0.1),
    _Aim(8, Moment.HEARD, 2, 0.0, 1.0),
    _Aim(18, Moment.ACCEPTED, 2, 0.006, 0.5),
    _Aim(18, Moment.TOLD, 2, 0.008, 0.4),
)
_ENDINGS: Final = {Ending.KILL: 85, Ending.STOP_THEN_KILL: 9, Ending.STOP: 4, Ending.STOP_TWICE: 2}
LIVES_ON_ONE_FEED: Final = 6
"""So many lives in a row begin with the same feed: it must have a history of its own to go wrong."""


def chance(*seed: object) -> Random:
    return Random("/".join(map(str, seed)))


def plan_of(seed: int, lane: int, cycle: int) -> Plan:
    draw = chance(seed, lane, cycle, "plan")
    aim = draw.choices(_AIMS, [aim.weight for aim in _AIMS])[0]
    return Plan(
        feeds=_feeds(chance(seed, lane, cycle // LIVES_ON_ONE_FEED, "feeds")),
        changes_at_start=draw.choices((0, 1, 2, 3), (10, 40, 35, 15))[0],
        changes_after=frozenset(number for number in range(1, 5) if draw.random() < 0.3),
        moment=aim.moment,
        nth=draw.randint(1, aim.most_nth),
        delay_s=0.0 if draw.random() < aim.at_once else draw.uniform(0, aim.within_s),
        ending=draw.choices(list(_ENDINGS), list(_ENDINGS.values()))[0],
        then_s=draw.uniform(0, 0.06),
    )


def _feeds(draw: Random) -> tuple[int, ...]:
    first = draw.randrange(len(FEEDS))
    return FEEDS[first:] + FEEDS[:first]
