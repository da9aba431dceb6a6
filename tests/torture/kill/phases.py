"""In what was it killed? Told by what the world around it saw and what it left in the database. Pure.

Lanes and polls work side by side, so one kill may land in several phases at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.torture.kill.mortem import Claimed


class Phase(StrEnum):
    STARTING = "starting"
    POLLING = "polling"
    COMMITTING = "committing"
    CLAIMING = "claiming"
    SENDING = "sending"
    GAP = "in the send-to-commit gap before the answer"
    GAP_ANSWERED = "in the send-to-commit gap after the answer"
    STOPPING = "stopping"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll that this life asked for. `cut`: it was meant to fail. `served`: it was answered whole."""

    at: int
    feed: int
    cut: bool
    served: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that this life sent and the receiver accepted."""

    at: int
    channel: str
    events: tuple[str, ...]
    answered: bool


@dataclass(frozen=True, slots=True)
class Killed:
    """`committed`: ok polls of this life that are in the database."""

    asked: Sequence[Asked]
    committed: int
    heard: Sequence[Heard]
    claimed: Sequence[Claimed]
    unclaimed: Mapping[str, int]
    was_stopping: bool = False


def phases_of(killed: Killed) -> set[Phase]:
    found = {phase for phase, is_so in _of_polls(killed).items() if is_so}
    found |= {_of_claim(claimed, killed.heard) for claimed in killed.claimed}
    busy = {claimed.channel for claimed in killed.claimed}
    if killed.asked and any(channel not in busy for channel, count in killed.unclaimed.items() if count):
        found.add(Phase.CLAIMING)
    if killed.was_stopping:
        found.add(Phase.STOPPING)
    return found or {Phase.IDLE}


def gap_of(claimed: Claimed, heard: Sequence[Heard]) -> Heard | None:
    """The acceptance of what was claimed, if there was one: then the kill came between it and its record."""
    for one in reversed(heard):
        if one.channel == claimed.channel and claimed.event in one.events and one.at >= claimed.at:
            return one
    return None


def _of_polls(killed: Killed) -> Mapping[Phase, bool]:
    whole = sum(asked.served for asked in killed.asked)
    return {
        Phase.STARTING: not killed.asked and not killed.heard and not killed.claimed,
        Phase.POLLING: any(not asked.served and not asked.cut for asked in killed.asked),
        Phase.COMMITTING: whole > killed.committed,
    }


def _of_claim(claimed: Claimed, heard: Sequence[Heard]) -> Phase:
    accepted = gap_of(claimed, heard)
    if accepted is None:
        return Phase.SENDING
    return Phase.GAP_ANSWERED if accepted.answered else Phase.GAP
