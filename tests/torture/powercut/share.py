"""What one of several processes has to do of a replay, and what it hands back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.torture.powercut.recording import Recording

BLOCK: Final = 16
"""So many cuts in a row are one worker's: images of neighbours are often the same, and opened once."""

MOST_KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class Job:
    """`cuts`: after how many operations the power is cut. `drawn`: images of a cut beside the plain ones."""

    recording: Recording
    cuts: list[int]
    drawn: int
    seed: int
    scratch: Path
    result: Path


@dataclass(slots=True)
class Share:
    """`images`: the digests of those that were opened, each once. `findings`: by kind, of how many images.

    `left_out`: violations beside those that are kept.
    """

    images: set[bytes] = field(default_factory=set)
    torn: set[bytes] = field(default_factory=set)
    reordered: set[bytes] = field(default_factory=set)
    replays: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    left_out: int = 0

    def complain(self, violation: str) -> None:
        if len(self.violations) < MOST_KEPT:
            self.violations.append(violation)
        else:
            self.left_out += 1

    def add(self, other: "Share") -> None:
        self.images |= other.images
        self.torn |= other.torn
        self.reordered |= other.reordered
        self.replays += other.replays
        self.findings += other.findings
        self.violations += other.violations
        self.left_out += other.left_out


def shared_out(cuts: Iterable[int], workers: int) -> list[list[int]]:
    """Blocks of neighbours, in turn."""
    shares: list[list[int]] = [[] for _ in range(workers)]
    for cut in cuts:
        shares[cut // BLOCK % workers].append(cut)
    return shares
