"""The stock as the provider has it. Every change is in the journal before anyone can be told of it."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from tests.torture.kill.catalogue import CODES, codes_of
from tests.torture.kill.journal import Journal, Line

AGAIN: Final = 0.6
"""The product that changed last changes again: gone before it is told, and back before that is told."""


class Shelf:
    """`changes_left`: so many changes may still be made before more would be told than one message holds."""

    def __init__(self, journal: Journal, stock: dict[str, int]) -> None:
        self.stock = stock
        self.changes_left = 0
        self._last = ""
        self._journal = journal

    def change(self, feeds: Sequence[int], chance: Random) -> None:
        """One product of these feeds sells out, comes back, or is counted anew."""
        if self.changes_left <= 0:
            return
        self.changes_left -= 1
        codes = [code for feed in feeds for code in codes_of(feed)]
        code = self._last if self._last in codes and chance.random() < AGAIN else chance.choice(codes)
        self._last = code
        before = self.stock[code]
        values = [value for value in (0, 0, 0, 1, 3, 4, 6, 9) if value != before]
        remaining = chance.choice(values)
        self._journal.write("stock", code=code, remaining=remaining)
        self.stock[code] = remaining


def stock_of(lines: Iterable[Line]) -> dict[str, int]:
    """As a journal left it; at first all is sold out."""
    stock = dict.fromkeys(CODES, 0)
    stock.update((line["code"], line["remaining"]) for line in lines if line["what"] == "stock")
    return stock
