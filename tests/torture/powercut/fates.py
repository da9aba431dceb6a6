"""What may become of unsynced operations when the power is cut: the plain cases, then drawn ones. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from tests.torture.powercut.disk import KEPT, LOST, WHOLE, Fate, Part
from tests.torture.powercut.operations import Change, OfNames, Write

SECTOR: Final = 512
PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Scheme:
    """`name` says in a report which case it was."""

    name: str
    fates: tuple[Fate, ...]

    @property
    def is_torn(self) -> bool:
        """Some write reached the disk in part."""
        return any(fate.parts not in {WHOLE, ()} for fate in self.fates)

    @property
    def is_reordered(self) -> bool:
        """Something reached the disk although something before it did not."""
        kept = [fate.is_kept and fate.parts != () for fate in self.fates]
        return any(later and not earlier for earlier, later in pairwise(kept))


def schemes(pending: Sequence[Change], drawn: int, random: Random) -> Iterator[Scheme]:
    """The plain cases, and as many `drawn` ones. When nothing is unsynced there is one case only."""
    if not pending:
        yield Scheme("nothing unsynced", ())
        return
    for name, fate_of in PLAIN.items():
        yield Scheme(name, tuple(fate_of(change) for change in pending))
    yield Scheme("last kept, all others lost", (*[LOST] * (len(pending) - 1), KEPT))
    yield Scheme("first lost, all others kept", (LOST, *[KEPT] * (len(pending) - 1)))
    for number in range(drawn):
        yield Scheme(f"drawn {number}", _drawn(pending, random))


def torn(write: Write, unit: int, arrived: Callable[[], bool]) -> tuple[Part, ...]:
    """The parts of a write that arrived, if the disk takes `unit` bytes at a time."""
    first, last = write.offset // unit, (write.end - 1) // unit
    borders = [
        (max(number * unit - write.offset, 0), min((number + 1) * unit, write.end) - write.offset)
        for number in range(first, last + 1)
    ]
    return tuple(border for border in borders if arrived())


def _names_only(change: Change) -> Fate:
    return KEPT if isinstance(change, OfNames) else LOST


def _data_only(change: Change) -> Fate:
    return LOST if isinstance(change, OfNames) else KEPT


def _sizes_without_data(change: Change) -> Fate:
    return Fate((), is_kept=True)


def _data_without_sizes(change: Change) -> Fate:
    return Fate(WHOLE, is_kept=isinstance(change, OfNames))


PLAIN: Final[dict[str, Callable[[Change], Fate]]] = {
    "all kept": lambda _: KEPT,
    "all lost": lambda _: LOST,
    "names kept, data lost": _names_only,
    "data kept, names lost": _data_only,
    "sizes and names kept, data lost": _sizes_without_data,
    "data and names kept, sizes lost": _data_without_sizes,
}


def _drawn(pending: Sequence[Change], random: Random) -> tuple[Fate, ...]:
    """A lottery with odds of its own: how much arrives, how much is torn and how, and whether names do so
    in the order in which they were made, as a journal keeps them, or in any."""
    arrives, tears = random.choice((0.2, 0.5, 0.8, 0.95)), random.choice((0.0, 0.2, 0.6))
    unit = random.choice((SECTOR, SECTOR, PAGE))
    is_ordered = random.random() < 0.5
    names = sum(isinstance(change, OfNames) for change in pending)
    kept_names = random.randint(0, names)
    fates: list[Fate] = []
    for change in pending:
        if isinstance(change, OfNames):
            kept_names -= 1
            fates.append(KEPT if (kept_names >= 0 if is_ordered else random.random() < arrives) else LOST)
        elif isinstance(change, Write) and random.random() < tears:
            fates.append(Fate(torn(change, unit, lambda: random.random() < 0.5), random.random() < 0.8))
        else:
            is_there = random.random() < arrives
            grows = is_there if random.random() < 0.8 else not is_there
            fates.append(Fate(WHOLE if is_there else (), grows))
    return tuple(fates)
