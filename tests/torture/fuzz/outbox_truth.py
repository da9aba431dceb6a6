"""What became of every delivery as those see it who gave, took and answered for it: the machine's truth."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from monitor.core.decision import TransitionKind

Subject = tuple[str, str]
"""A rule and a product code, or a notice: what the order of deliveries is kept for."""


class Fate(Enum):
    WAITS = auto()
    FLIES = auto()
    SENT = auto()
    FAILED = auto()
    EXPIRED = auto()
    MUTED = auto()
    REMOVED = auto()  # ended with its rule or its channel


ENDS = {
    Fate.SENT: "sent",
    Fate.FAILED: "failed",
    Fate.EXPIRED: "expired",
    Fate.MUTED: "muted",
    Fate.REMOVED: "expired",
}


@dataclass
class Parcel:
    """One delivery. `kind` and `opening` are those of its transition; of a notice there are none."""

    number: int
    channel: str
    subject: Subject
    kind: TransitionKind | None
    opening: str | None
    expires_at: datetime
    fate: Fate = Fate.WAITS
    may_be_repeat: bool = False
    attempts: int = 0


@dataclass
class Truth:
    """`openings`: the event ids of alerts that fire; `clearing`: those whose stock is gone for now."""

    parcels: dict[int, Parcel] = field(default_factory=dict)
    flying: dict[str, tuple[int, ...]] = field(default_factory=dict)
    openings: dict[Subject, str] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    clearing: set[str] = field(default_factory=set)

    def waiting(self, channel: str) -> list[Parcel]:
        return [p for p in self.parcels.values() if p.channel == channel and p.fate is Fate.WAITS]

    def elders(self, parcel: Parcel) -> list[Parcel]:
        """Those of its alert and channel that were given earlier and have not ended."""
        return [
            p
            for p in self.parcels.values()
            if (p.channel, p.subject) == (parcel.channel, parcel.subject)
            and p.number < parcel.number
            and p.fate in {Fate.WAITS, Fate.FLIES}
        ]

    def forget(self, subject: Subject) -> None:
        self.clearing.discard(self.openings.pop(subject))
