"""What `history` tells, as values: which products are meant, their windows, and what was known when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from monitor.cli.overview import unseen_of
from monitor.cli.stored import Place
from monitor.core.product import ProductKey, glob_matches
from monitor.core.timeline import Segment, StockState, timeline
from monitor.core.window import Span, Window, windows

if TYPE_CHECKING:
    from monitor.store.history import ProductHistory

SHORTEST_CHART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Past:
    """One product in the time that was asked for; spans and windows reach out of it at both ends."""

    stored: "ProductHistory"
    spans: tuple[Span, ...]
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]

    @property
    def key(self) -> ProductKey:
        return self.stored.key

    @property
    def is_known_now(self) -> bool:
        return self.segments[-1].state is not StockState.UNKNOWN

    @property
    def observed_share(self) -> float:
        """How much of the time is known."""
        return 1 - self._share_of(StockState.UNKNOWN, StockState.NO_RECORD)

    @property
    def available_share(self) -> float:
        """How much of the time that is known it was to be had."""
        observed = self.observed_share
        return self._share_of(StockState.IN_STOCK) / observed if observed else 0.0

    def _share_of(self, *states: StockState) -> float:
        whole = self.segments[-1].end - self.segments[0].start
        part = sum((s.end - s.start for s in self.segments if s.state in states), timedelta(0))
        return part / whole


def read_past(
    place: Place, products: Sequence[str], rule: str | None, start: datetime, end: datetime
) -> list[Past]:
    """The products that are named, or those that changed. Raises DatabaseError, and UsageError for a name
    that is none."""
    from monitor.store.history import history, product_keys
    from monitor.store.readonly import reading
    from monitor.store.unseen import unseen

    check_rule(place, rule)
    with reading(place.url) as connection:
        wanted = wanted_keys(products, product_keys(connection))
        codes = {key.product_code for key in wanted}
        stored = history(connection, start, codes, whole_windows=True) if codes else ()
        gaps = unseen(connection, start, end)
    past = [
        _past(one, timeline(one.spans, unseen_of(one.key, gaps, begin, end), begin, end))
        for one in stored
        if one.key in wanted
        for begin in [_begin(one.spans, start, end)]
    ]
    return [
        one
        for one in past
        if (products or any(span.from_at >= start for span in one.spans))
        and (rule is None or rule in place.watched_by(one.key, one.stored.attributes))
    ]


def _begin(spans: Sequence[Span], start: datetime, end: datetime) -> datetime:
    """A record younger than what was asked for fills the chart: no record is nothing to look at."""
    first = min((span.from_at for span in spans), default=start)
    return min(max(start, first), end - SHORTEST_CHART)


def check_rule(place: Place, rule: str | None) -> None:
    """Raises UsageError for one that the configuration does not know."""
    if rule is None:
        return
    if place.rules is None:
        raise click.UsageError("--rule needs a configuration: name it with --config")
    names = [known.name for known in place.rules]
    if rule not in names:
        from monitor.config.suggesting import did_you_mean

        raise click.UsageError(f"there is no rule {rule!r}{did_you_mean(rule, names)}")


def wanted_keys(products: Sequence[str], known: Sequence[ProductKey]) -> set[ProductKey]:
    """All without a name. Raises UsageError with what comes nearest to names that fit nothing."""
    if not products:
        return set(known)
    wanted: set[ProductKey] = set()
    for name in products:
        found = {key for key in known if _is_meant(name, key)}
        if not found:
            raise click.UsageError(f"there is no product {name!r}{_nearest(name, known)}")
        wanted |= found
    return wanted


def _is_meant(name: str, key: ProductKey) -> bool:
    return glob_matches(name, key.product_code) or glob_matches(name, "/".join(map(str, key)))


def _nearest(name: str, known: Iterable[ProductKey]) -> str:
    by_letters = {key.product_code.casefold(): key.product_code for key in known}
    near = get_close_matches(name.rpartition("/")[2].casefold(), by_letters, n=3, cutoff=0.5)
    if not by_letters:
        return ": the database knows no product yet"
    return f"; nearest: {', '.join(by_letters[found] for found in near)}" if near else ""


def _past(stored: "ProductHistory", segments: Sequence[Segment]) -> Past:
    start = segments[0].start
    overlapping = [w for w in windows(stored.spans) if w.closed_at is None or w.closed_at > start]
    return Past(stored, stored.spans, tuple(overlapping), tuple(segments))
