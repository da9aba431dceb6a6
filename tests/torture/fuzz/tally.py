"""What a campaign counts, as a value that processes send to each other and that adds up."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from monitor.core.answer import Failed, FailureKind
from monitor.core.decision import Cause
from monitor.core.product import Invalid
from tests.torture.fuzz.player import LONGEST_HOLD_S, Played

MOST_GROWTH_MB: Final = 8.0
MOST_KEPT: Final = 10

_REASONS: Final = {
    "remainingCount is null": re.compile(r"remainingCount is null"),
    "remainingCount is missing": re.compile(r"remainingCount is missing"),
    "remainingCount is no whole number": re.compile(r"remainingCount .* is not a whole number", re.DOTALL),
    "remainingCount is below 0": re.compile(r"remainingCount .* is below 0"),
    "remainingCount is too large": re.compile(r"remainingCount .* is over"),
    "ext is no object": re.compile(r"ext .* is not an object", re.DOTALL),
    "contradicts itself": re.compile(r"two rows with this key"),
    "passed over": re.compile(r"not listed, but another"),
}
OF_ANSWERS: Final = (
    *(FailureKind.TOO_LARGE, FailureKind.KEY_REFUSED, FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR),
    *(FailureKind.NOT_JSON, FailureKind.ENVELOPE, FailureKind.NO_USABLE_ROW, FailureKind.EMPTY_LIST),
)
_CAUSES: Final = (
    *(Cause.STOCK, Cause.FIRST_SIGHT, Cause.EXISTING, Cause.COUNT, Cause.PRICE, Cause.STOCK_ERROR),
    *(Cause.LISTING, Cause.REMINDER, Cause.OPENED_AGAIN, Cause.MORE),
)
MUST_BE_REACHED: Final = (
    *("ok", "too deep to judge", "some rows unusable", "restart"),
    *(f"failed: {kind.value}" for kind in OF_ANSWERS),
    *(f"invalid: {name}" for name in _REASONS),
    *(f"told: {cause.value}" for cause in _CAUSES),
)


@dataclass(slots=True)
class Tally:
    answers: int = 0
    committed: int = 0
    transitions: int = 0
    longest_hold_s: float = 0.0
    growth_mb: float = 0.0
    reached: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    left_out: int = 0

    def note(self, played: Played) -> None:
        self.answers += 1
        self.longest_hold_s = max(self.longest_hold_s, played.hold_s)
        if isinstance(played.answer, Failed):
            self.reached[f"failed: {played.answer.kind.value}"] += 1
        if played.decision is None:
            self.reached["too deep to judge"] += 1
            return
        self.transitions += len(played.decision.transitions)
        for transition in played.decision.transitions:
            self.reached[f"told: {transition.cause.value}"] += 1
        self._note_poll(played)

    def _note_poll(self, played: Played) -> None:
        assert played.decision is not None
        record = played.decision.poll
        assert record is not None
        if record.reason is None:
            self.reached["ok"] += 1
            self.reached["some rows unusable"] += bool(record.unusable)
        elif not isinstance(played.answer, Failed):
            is_empty = record.reason == FailureKind.EMPTY_LIST.value
            kind = FailureKind.EMPTY_LIST if is_empty else FailureKind.NO_USABLE_ROW
            self.reached[f"failed: {kind.value}"] += 1
        for span in played.decision.spans:
            if isinstance(span.observation, Invalid):
                self.reached[f"invalid: {_reason(span.observation.reason)}"] += 1

    def complain(self, violation: str) -> None:
        if len(self.violations) < MOST_KEPT:
            self.violations.append(violation)
        else:
            self.left_out += 1

    def never_reached(self, wanted: Iterable[str] = MUST_BE_REACHED) -> list[str]:
        """What the generator owes: a kind that it never makes is one that nobody tried."""
        return [f"no answer led to '{name}'" for name in wanted if not self.reached[name]]

    def broken_bounds(self) -> list[str]:
        """Complaints about time and memory."""
        bounds = (
            (
                self.longest_hold_s <= LONGEST_HOLD_S,
                f"one answer held the loop {self.longest_hold_s * 1000:.1f} ms",
            ),
            (self.growth_mb <= MOST_GROWTH_MB, f"memory grew by {self.growth_mb:.1f} MB after the warm-up"),
        )
        return [why for is_kept, why in bounds if not is_kept]


def total(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for one in tallies:
        whole.answers += one.answers
        whole.committed += one.committed
        whole.transitions += one.transitions
        whole.longest_hold_s = max(whole.longest_hold_s, one.longest_hold_s)
        whole.growth_mb = max(whole.growth_mb, one.growth_mb)
        whole.reached += one.reached
        whole.violations += one.violations
        whole.left_out += one.left_out
    return whole


def _reason(text: str) -> str:
    return next(
        (name for name, pattern in _REASONS.items() if pattern.match(text)), f"unforeseen: {text:.60}"
    )
