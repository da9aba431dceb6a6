"""What the stand-in offers, and how it misbehaves, at each moment since its start. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from monitor.simulator.offer import Offer


class FaultKind(StrEnum):
    """How a request for the list is answered while the fault lasts."""

    FORBIDDEN = "403"
    SERVER_ERROR = "500"
    RATE_LIMITED = "429"
    EMPTY = "empty"
    HANG = "hang"
    RESET = "reset"
    HTML = "html"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Fault:
    """From `from_s` up to, but not at, `until_s`."""

    kind: FaultKind
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Change:
    """From `at_s` on, these fields of the offer have these values."""

    at_s: float
    identity: tuple[int, str]
    fields: Mapping[str, Any]


class Scenario(Protocol):
    def offers_at(self, at_s: float) -> Sequence[Offer]: ...

    def fault_at(self, at_s: float) -> Fault | None: ...


@dataclass(frozen=True, slots=True)
class Scripted:
    """A scenario that was written down. Changes apply in order of time, then of the file."""

    offers: tuple[Offer, ...]
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()

    def offers_at(self, at_s: float) -> Sequence[Offer]:
        """The listed offers, in the order of the file."""
        offers = {offer.identity: offer for offer in self.offers}
        for change in sorted(self.changes, key=lambda c: c.at_s):
            if change.at_s <= at_s:
                offers[change.identity] = replace(offers[change.identity], **change.fields)
        return [offer for offer in offers.values() if offer.listed]

    def fault_at(self, at_s: float) -> Fault | None:
        """The fault in force; of several the one that began last."""
        in_force = [fault for fault in self.faults if fault.from_s <= at_s < fault.until_s]
        return max(in_force, key=lambda fault: fault.from_s, default=None)
