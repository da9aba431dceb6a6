"""How many of the restock windows the polls can have seen at all. Pure."""

from dataclasses import dataclass
from math import log


@dataclass(frozen=True, slots=True)
class SeenShare:
    """Of `count` windows whose opening was seen, `again` were seen by a second poll, too."""

    again: int
    count: int

    @property
    def estimate(self) -> float | None:
        """The estimated share of windows that one poll or more saw. None: there are none to judge by.

        If windows last exponentially long, with mean m, and polls are d apart, a window is still there at the
        second poll with r = exp(-d/m), and a poll falls into it with m/d (1 - exp(-d/m)) = (1 - r) / (-ln r).
        """
        if not self.count:
            return None
        again = self.again / self.count
        if again in (0, 1):
            return again  # the limits of the formula at either end
        return (1 - again) / -log(again)
