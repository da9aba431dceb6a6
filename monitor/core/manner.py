"""How a channel that is no person is told: one event at a time, and only of what it wants. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.core.decision import Cause, TransitionKind

_OPENINGS: Final = frozenset({Cause.OPENED_AGAIN, Cause.SILENCE_ENDED})


class Occasion(StrEnum):
    """What an event is to somebody who acts on it: an opening that is told late is one all the same."""

    OPENED = "opened"
    UPDATE = "update"
    ENDED = "ended"


EVERY_OCCASION: Final = frozenset(Occasion)


@dataclass(frozen=True, slots=True)
class Manner:
    """`occasions` are wanted, others recorded as muted. `most_a_day`: so often it is sent to in 24 hours.

    `acts`: it does something in the world, so it hears only of what names it.
    """

    occasions: frozenset[Occasion] = EVERY_OCCASION
    most_a_day: int | None = None
    acts: bool = False


Manners = Mapping[str, Manner]
"""By the name of the channel; one that is not among them is told as people are."""


def occasion_of(kind: TransitionKind, cause: Cause) -> Occasion:
    if kind is TransitionKind.RESOLVED:
        return Occasion.ENDED
    return Occasion.OPENED if kind is TransitionKind.FIRED or cause in _OPENINGS else Occasion.UPDATE
