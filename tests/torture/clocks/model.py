"""A second reading of what the words mean: what each answer should make of every alert. Plain, and apart.

It calls nothing of the monitor. Times are the monitor's own sense of time: the wall clock less the steps that
it noticed. Not in it: notices about products (unknown, blocked) and about rules that match nothing, products'
names, several feeds, matches of several tables, `ignore_stock_error`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from tests.torture.clocks.alert_model import AlertModel, Edge
from tests.torture.clocks.pacing import Line, Pacing
from tests.torture.clocks.scene import CODES, Row, Saw, Watch

EMPTY_LISTS_BELIEVED: Final = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a product. `is_listed` False: two lists in a row did not name it."""

    remaining: int = 0
    is_blocked: bool = False
    price: Decimal | None = None
    is_listed: bool = True


UNLISTED: Final = Fact(is_listed=False)


@dataclass(slots=True)
class Item:
    """A product that some list has named. `now` None: the last answer left it open."""

    price: Decimal | None = None
    misses: int = 0
    now: Fact | None = None
    known: Fact | None = None
    known_before: Fact | None = None


class Model:
    def __init__(self) -> None:
        self.line = Line()
        self.watches: tuple[Watch, ...] = ()
        self.items: dict[str, Item] = {}
        self.alerts: dict[tuple[str, str], AlertModel] = {}
        self._pacings: dict[tuple[str, str], Pacing] = {}
        self._has_looked: set[str] = set()
        self._empties = 0

    def configure(self, watches: Sequence[Watch], now: datetime) -> None:
        """A rule that goes takes its alerts along; one that comes sees everything for the first time."""
        self.watches = tuple(watches)
        named = {watch.name: watch for watch in watches}
        self.alerts = {key: alert for key, alert in self.alerts.items() if key[0] in named}
        for (name, _), alert in self.alerts.items():
            alert.watch = named[name]
        self._has_looked &= named.keys()
        self._read_back(now)

    def start(self, now: datetime) -> None:
        """A new life of the monitor: what the clock left in the future reads as now."""
        for alert in self.alerts.values():
            alert.pull_back(now)
        self._read_back(now)

    def poll(self, saw: Saw, now: datetime, is_hushed: Callable[[str, str], bool]) -> list[Edge] | None:
        """What this answer has to make of the alerts; None: it says nothing.

        `is_hushed`: is this rule silenced for that product?
        """
        if saw.failure == "useless rows":
            self._empties = 0
        if saw.failure is not None or (saw.is_empty and self._disbelieves_empty()):
            return None
        self._look(saw)
        edges = [edge for edge in self._moves(now, is_hushed) if edge is not None]
        self._has_looked |= {watch.name for watch in self.watches}
        return edges

    def _read_back(self, now: datetime) -> None:
        """How openings are spaced is known from history, which stays when a rule goes."""
        gaps = {watch.name: watch.min_gap for watch in self.watches}
        for (name, _), pacing in self._pacings.items():
            if name in gaps:
                pacing.read_back(now, gaps[name])

    def _disbelieves_empty(self) -> bool:
        self._empties += 1
        return bool(self.items) and self._empties < EMPTY_LISTS_BELIEVED

    def _look(self, saw: Saw) -> None:
        if saw.rows:
            self._empties = 0
        for code in CODES:
            if code in saw.rows:
                self._listed(self.items.setdefault(code, Item()), saw.rows[code])
            elif code in self.items:
                self._missed(self.items[code], saw)
        for item in self.items.values():
            item.known_before, item.known = item.known, item.now or item.known

    def _listed(self, item: Item, row: Row | None) -> None:
        item.misses = 0
        if row is None:
            item.now = None
            return
        item.price = item.price if row.price is None else row.price
        item.now = Fact(row.remaining, row.is_blocked, item.price)

    def _missed(self, item: Item, saw: Saw) -> None:
        if saw.is_empty:
            item.misses = 2
        elif not saw.has_stray:
            item.misses += 1
        item.now = UNLISTED if item.misses >= 2 else None

    def _moves(self, now: datetime, is_hushed: Callable[[str, str], bool]) -> Iterator[Edge | None]:
        for watch in self.watches:
            for code, item in self.items.items():
                is_met = None if item.now is None else meets(watch, code, item.now)
                if is_met is None or item.now is None:
                    continue
                alert = self._alert(watch, code)
                silent = is_hushed(watch.name, code)
                cause = cause_of(watch, code, item.known_before, item.now)
                if is_met:
                    first = cause if watch.name in self._has_looked else "existing"
                    yield alert.met(first, item.now.remaining, now, is_hushed=silent)
                else:
                    yield alert.not_met(cause, now, is_hushed=silent)

    def _alert(self, watch: Watch, code: str) -> AlertModel:
        alert = self.alerts.get((watch.name, code))
        if alert is None:
            pacing = self._pacings.setdefault((watch.name, code), Pacing(self.line))
            alert = self.alerts[watch.name, code] = AlertModel(watch, code, pacing)
        return alert


def cause_of(watch: Watch, code: str, before: Fact | None, after: Fact) -> str:
    """The first row of the table that changed since the product was last known."""
    if before is None:
        return "first sight"
    if not before.is_listed or not after.is_listed:
        return "listing"
    if (before.remaining == 0) != (after.remaining == 0):
        return "stock"
    is_its_own = fits(watch, code, before) or fits(watch, code, after)
    if is_its_own and enough(watch, before) != enough(watch, after):
        return "count"
    if is_its_own and cheap(watch, before) != cheap(watch, after):
        return "price"
    return "stock error" if before.is_blocked != after.is_blocked else "other"


def meets(watch: Watch, code: str, fact: Fact) -> bool | None:
    """None: it hangs on a price that was never told."""
    if not fact.is_listed or fact.remaining == 0 or fact.is_blocked:
        return False
    return fits(watch, code, fact)


def fits(watch: Watch, code: str, fact: Fact) -> bool | None:
    if code not in watch.codes or not enough(watch, fact):
        return False
    return cheap(watch, fact)


def enough(watch: Watch, fact: Fact) -> bool:
    return watch.least is None or fact.remaining >= watch.least


def cheap(watch: Watch, fact: Fact) -> bool | None:
    if watch.dearest is None:
        return True
    return None if fact.price is None else fact.price <= watch.dearest
