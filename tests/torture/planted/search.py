"""Plants one mistake and searches for a test that fails because of it, in growing rings of tests.

A test counts when it fails with the mistake, fails again, and passes without it: so neither a test that
fails by chance nor one that fails always can pass for a catch.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.torture.planted.mistake import Mistake, planted
from tests.torture.planted.suite import Suite, Tried

PATIENCE_WITH_ONE_S: Final = 90.0
MOST_DOUBTED: Final = 3
"""So many tests of one ring may fail by chance before we go on to the next ring."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Tests that are tried together. Empty `tests`: those of the mistake itself."""

    name: str
    tests: tuple[str, ...]
    within_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """`test`: the one that caught it, in `ring`. Without: it survived, or (`hung`) the tests never ended."""

    mistake: Mistake
    seconds: float
    ring: str = ""
    test: str = ""
    hung: bool = False

    @property
    def is_caught(self) -> bool:
        return bool(self.test)


def search(suite: Suite, mistake: Mistake, rings: Sequence[Ring]) -> Found:
    """Leaves the source as it was."""
    started = time.monotonic()
    hung = False
    for ring in rings:
        test, ring_hung = _in_ring(suite, mistake, ring)
        if test:
            return Found(mistake, time.monotonic() - started, ring.name, test)
        hung = hung or ring_hung
    return Found(mistake, time.monotonic() - started, hung=hung)


def _in_ring(suite: Suite, mistake: Mistake, ring: Ring) -> tuple[str, bool]:
    doubted: list[str] = []
    while len(doubted) < MOST_DOUBTED:
        tried = _with(suite, mistake, ring.tests or mistake.nearest, ring.within_s, doubted)
        if tried.failed is None:
            return "", tried.hung
        if _is_proof(suite, mistake, tried.failed):
            return tried.failed, False
        doubted.append(tried.failed)
    return "", False


def _is_proof(suite: Suite, mistake: Mistake, test: str) -> bool:
    again = _with(suite, mistake, (test,), PATIENCE_WITH_ONE_S)
    if again.failed is None:
        return False
    without = suite.run((test,), PATIENCE_WITH_ONE_S)
    return without.failed is None and not without.hung


def _with(
    suite: Suite, mistake: Mistake, tests: Sequence[str], within_s: float, without: Sequence[str] = ()
) -> Tried:
    with planted(suite.checkout, mistake):
        return suite.run(tests, within_s, without)
