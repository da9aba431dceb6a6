"""What one poll says of each product, and the edges that follow: the plain meaning of the words. Pure.

Held against the decisions of `monitor.core`, with which it shares no code but names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from monitor.core.answer import FailureKind
from monitor.core.decision import TransitionKind
from monitor.core.matching import Criterion, Range, Rule
from monitor.core.product import Feed, ProductKey
from tests.torture.fuzz.reading import Reading, ReadRow, Sight

NEED: Final = 4
MOST_PAID: Final = 20
_PRICE: Final = 6  # its place among the attributes of a sight

RULES: Final = (
    Rule("any", ((),), ("phone",)),
    Rule("need", ((Criterion("remaining", ranges=(Range.parse(f">={NEED}"),)),),), ("phone", "mail")),
    Rule("cheap", ((Criterion("price", ranges=(Range.parse(f"<={MOST_PAID}"),)),),), ("mail",)),
)
"""Without patience, so that each known observation opens or ends at once what it opens or ends."""

Edge = tuple[str, ProductKey, TransitionKind]


class Unsure(NamedTuple):
    """The poll leaves the product open: an invalid row, two that contradict, or passed over."""


class Gone(NamedTuple):
    """Not listed by an ok poll."""


Said = Sight | Unsure | Gone


@dataclass(slots=True)
class Known:
    """One product: what was said last, its price as far as it was ever known, and the rules it fires."""

    said: Said
    price: Decimal | None = None
    open: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Meaning:
    """What must come of the poll. `certain`: products of which it says something that counts."""

    failure: FailureKind | None = None
    spans: dict[ProductKey, Said] = field(default_factory=dict)
    edges: set[Edge] = field(default_factory=set)
    certain: set[ProductKey] = field(default_factory=set)


class Model:
    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.known: dict[ProductKey, Known] = {}
        self.ever_listed = False
        self.empties = 0

    def poll(self, reading: Reading) -> Meaning:
        if reading.failure is not None:
            return self._failed(reading.failure)
        if not reading.rows and not reading.unusable:
            return self._empty_list()
        said, unusable = self._listed(reading.rows)
        if not any(isinstance(one, Sight) for one in said.values()):
            return self._failed(FailureKind.NO_USABLE_ROW)
        self.ever_listed, self.empties = True, 0
        meaning = Meaning()
        for key in self.known.keys() - said.keys():
            self._missed(meaning, key, passed_over=bool(unusable + reading.unusable))
        for key, one in said.items():
            self._say(meaning, key, one)
        return meaning

    def _failed(self, kind: FailureKind) -> Meaning:
        if kind is FailureKind.NO_USABLE_ROW:
            self.empties = 0
        return Meaning(kind)

    def _empty_list(self) -> Meaning:
        self.empties += 1
        if self.ever_listed and self.empties < 3:
            return Meaning(FailureKind.EMPTY_LIST)
        meaning = Meaning()
        for key in self.known:
            self._say(meaning, key, Gone())
            self._settle(meaning, key, None)
        return meaning

    def _listed(self, rows: Iterable[ReadRow]) -> tuple[dict[ProductKey, Said], int]:
        """By key; and how many rows belong to a data centre that nobody can tell."""
        said: dict[ProductKey, Said] = {}
        homeless = 0
        for row in rows:
            aidc_id = self._centre_of(row)
            if aidc_id is None:
                homeless += 1
            elif self.feed.aidc_id in {None, aidc_id}:
                key = ProductKey(self.feed.source, aidc_id, row.code)
                one = row.sight or Unsure()
                said[key] = one if said.setdefault(key, one) == one else Unsure()
        return said, homeless

    def _centre_of(self, row: ReadRow) -> int | None:
        if row.aidc_id is not None or self.feed.aidc_id is not None:
            return row.aidc_id if row.aidc_id is not None else self.feed.aidc_id
        homes = {key.aidc_id for key in self.known if key.product_code == row.code}
        return homes.pop() if len(homes) == 1 else None

    def _missed(self, meaning: Meaning, key: ProductKey, *, passed_over: bool) -> None:
        before = self.known[key].said
        if isinstance(before, Gone):
            if not passed_over:
                self._settle(meaning, key, None)
            return
        self._say(meaning, key, Unsure() if passed_over else Gone())

    def _say(self, meaning: Meaning, key: ProductKey, said: Said) -> None:
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = Known(said)
            meaning.spans[key] = said
        elif _differs(known.said, said):
            meaning.spans[key] = said
        known.said = said
        if isinstance(said, Sight):
            price = said.attributes[_PRICE]
            known.price = price if isinstance(price, Decimal) else known.price
            self._settle(meaning, key, said)

    def _settle(self, meaning: Meaning, key: ProductKey, sight: Sight | None) -> None:
        """None: it is gone for certain."""
        meaning.certain.add(key)
        known = self.known[key]
        for rule in RULES:
            met = _is_met(rule.name, sight, known.price) if sight else False
            if met is True and rule.name not in known.open:
                known.open.add(rule.name)
                meaning.edges.add((rule.name, key, TransitionKind.FIRED))
            elif met is False and rule.name in known.open:
                known.open.remove(rule.name)
                meaning.edges.add((rule.name, key, TransitionKind.RESOLVED))


def _is_met(rule: str, sight: Sight, price: Decimal | None) -> bool | None:
    """None: a price that was never known leaves it open, unless there is nothing to be had anyway."""
    if sight.remaining == 0 or (sight.error or "").strip():
        return False
    if rule == "need":
        return sight.remaining >= NEED
    if rule == "cheap":
        return None if price is None else price <= MOST_PAID
    return True


def _differs(before: Said, after: Said) -> bool:
    """Attributes have rows of their own; a span tells of stock and error only."""
    if isinstance(before, Sight) and isinstance(after, Sight):
        return (before.remaining, before.error) != (after.remaining, after.error)
    return type(before) is not type(after)
