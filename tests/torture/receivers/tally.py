"""What a part of the harness counted and what it found broken, added up part by part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.torture.receivers.cases import Case
from tests.torture.receivers.visits import Visit
from tests.torture.report import Count

SLACK_S = 15.0
"""So much later than its backoff a recovery may come on a busy machine."""


@dataclass
class Tally:
    violations: list[str] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)

    def __iadd__(self, other: "Tally") -> Self:
        self.violations += other.violations
        for name, value in other.counts.items():
            self.count(name, value)
        return self

    def count(self, name: str, value: Count) -> None:
        """Numbers add up; of what begins with `longest` the largest stays."""
        before = self.counts.get(name, 0)
        if isinstance(value, str) or isinstance(before, str):
            self.counts[name] = value
        else:
            self.counts[name] = max(before, value) if name.startswith("longest") else before + value

    def add(self, case: Case, visits: Sequence[Visit]) -> None:
        """One case, and how long it was from the receiver's first fault to the message that it kept."""
        self.count("cases", 1)
        taken = [visit.at_s for visit in visits if visit.taken and visit.reply.says_yes]
        if not taken or not case.replies:
            return
        recovery_s = taken[-1] - visits[0].at_s
        waits_s = [max(1.25 * 2**number, case.waits_s) for number in range(len(case.replies))]
        allowed_s = sum(waits_s) + case.answers_s * len(case.replies)
        self.count("longest recovery past its backoff, s", max(recovery_s - allowed_s, 0.0))
        if recovery_s > allowed_s + SLACK_S:
            self.violations.append(f"{case.name}: well again only after {recovery_s:.1f} s")
