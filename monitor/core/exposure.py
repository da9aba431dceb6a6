"""The time in which an opening might have been seen, sorted by age and kind of slot as it passes. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from monitor.core.calendar import SLOT_S, Slots
from monitor.core.openings import Out, Record
from monitor.core.rates import Counts


class Piece(NamedTuple):
    """Up to `end`, for so many seconds, age and kind of slot were these; `opened` at its end."""

    end: float
    age: int
    kind: int
    seconds: float
    opened: float


class Exposure:
    """The counts of a record up to a moment that moves on. `windows`: how many openings are in them."""

    def __init__(self, record: Record, slots: Slots) -> None:
        self.counts = Counts()
        self.windows = 0
        self._pieces = (piece for out in record.outs for piece in _pieces(out, slots))
        self._next = next(self._pieces, None)

    def move_to(self, moment: float) -> Counts:
        """Moments must not go back; what is left of a slot at `moment` is counted with the next move."""
        counts = self.counts
        piece = self._next
        while piece is not None and piece.end <= moment:
            counts.seconds[piece.age][piece.kind] += piece.seconds
            if piece.opened:
                counts.openings[piece.age][piece.kind] += piece.opened
                self.windows += 1
            piece = next(self._pieces, None)
        self._next = piece
        return counts


def _pieces(out: Out, slots: Slots) -> Iterator[Piece]:
    for start, end, age in out.age_pieces(out.start, out.end):
        begin, slot = start, int(start // SLOT_S)
        while begin < end:
            slot += 1
            stop = min(float(slot * SLOT_S), end)
            opened = out.opened if stop == out.end else 0.0
            yield Piece(stop, age, slots.kind(slot - 1), stop - begin, opened)
            begin = stop
