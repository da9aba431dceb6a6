"""What `alerts` tells, as values: transitions and notices in the order of time, with their deliveries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.stored import Place
from monitor.core.decision import Transition

if TYPE_CHECKING:
    from monitor.store.telling import Delivery, Told


@dataclass(frozen=True, slots=True)
class Filter:
    """None and the empty set let everything through."""

    rule: str | None = None
    channel: str | None = None
    states: frozenset[str] = frozenset()

    @property
    def is_about_deliveries(self) -> bool:
        return self.channel is not None or bool(self.states)

    def takes(self, delivery: "Delivery") -> bool:
        return self.channel in (None, delivery.channel) and (not self.states or delivery.state in self.states)


def read_tellings(place: Place, since: datetime, wanted: Filter) -> "list[Told]":
    """Oldest first. Raises DatabaseError."""
    from monitor.store.readonly import reading
    from monitor.store.telling import notices_since, transitions_since

    with reading(place.url) as connection:
        found = transitions_since(connection, since)
        if wanted.rule is None:
            found += notices_since(connection, since)
    return sorted(_wanted(found, wanted), key=lambda told: told.what.at)


def _wanted(found: "Iterable[Told]", wanted: Filter) -> "Iterator[Told]":
    for told in found:
        if wanted.rule is not None and isinstance(told.what, Transition) and told.what.rule != wanted.rule:
            continue
        deliveries = tuple(delivery for delivery in told.deliveries if wanted.takes(delivery))
        if deliveries or not wanted.is_about_deliveries:
            yield replace(told, deliveries=deliveries)
