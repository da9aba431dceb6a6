"""When a feed was answered over a long time, and when it had been by a slower monitor. Pure.

Times are integer milliseconds since 1970: there may be two million of them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Polls(Protocol):
    def first_from(self, at_ms: int) -> int | None:
        """The first answer at or after that time; None: there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """`times`: of the ok polls that are stored, in order. `between`: how many more came before the next one.

    Those were thinned away because they saw what the one before them saw; they lay evenly.
    """

    times: Sequence[int]
    between: Sequence[int]

    def first_from(self, at_ms: int) -> int | None:
        """The first answer at or after that time; None: there is none."""
        index = bisect_left(self.times, at_ms)
        if index == len(self.times):
            return None
        if index == 0 or not self.between[index - 1]:
            return self.times[index]
        return self._nth(index - 1, self._nth_from(index - 1, at_ms))

    def last_before(self, at_ms: int) -> int | None:
        """The last answer before that time; None: there is none."""
        index = bisect_left(self.times, at_ms)
        if index == 0:
            return None
        if index == len(self.times):
            return self.times[-1]
        return self._nth(index - 1, self._nth_from(index - 1, at_ms) - 1)

    def _nth(self, index: int, number: int) -> int:
        """Of the answers from `times[index]`, which is number 0, to the one after it in `times`."""
        start, end = self.times[index], self.times[index + 1]
        return start + (end - start) * number // (self.between[index] + 1)

    def _nth_from(self, index: int, at_ms: int) -> int:
        """The number of the first of them at or after that time."""
        start, end = self.times[index], self.times[index + 1]
        number = (at_ms - start) * (self.between[index] + 1) // (end - start)
        return number if self._nth(index, number) >= at_ms else number + 1

    def holes(self, patience_ms: int) -> list[tuple[int, int]]:
        """From one answer to the next, where that was longer than `patience_ms`."""
        return [
            (before, after)
            for before, after, more in zip(self.times, self.times[1:], self.between, strict=False)
            if after - before > patience_ms * (more + 1)
        ]


@dataclass(frozen=True, slots=True)
class Slower:
    """Of the answers only the first one of each `every_ms`: what a monitor with a longer interval had got."""

    polls: Answered
    every_ms: int

    def first_from(self, at_ms: int) -> int | None:
        start = self.polls.times[0] if self.polls.times else 0
        slot = max(at_ms - start, 0) // self.every_ms
        answer = self.polls.first_from(start + slot * self.every_ms)
        if answer is None or answer >= at_ms:
            return answer
        return self.polls.first_from(start + (slot + 1) * self.every_ms)
