"""From the history of one era to what is to be counted, and every promise that was broken. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.torture.kill.history import History, Life
from tests.torture.kill.phases import Phase
from tests.torture.kill.polls import edges_of, life_of_poll, match
from tests.torture.kill.tellings import Form
from tests.torture.kill.told import (
    deliveries_not_in_order,
    doubts_without_a_cut,
    lost,
    marks,
    out_of_order,
    receptions_of,
    repeats,
    said_now_of_what_was_gone,
)

KILLED = "killed while "
IN_THE_GAP = "killed in the gap in all"
GAPS = frozenset({Phase.GAP, Phase.GAP_ANSWERED})
"""Each channel has a lane: one kill may land in both."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`gaps_ms`: of each repeat after a whole yes, how old that was at the kill."""

    counts: Mapping[str, int]
    violations: tuple[str, ...] = ()
    gaps_ms: tuple[int, ...] = ()


def judge(history: History) -> Verdict:
    matched, violations = match(history)
    receptions, false = receptions_of(history)
    repeated = repeats(history, receptions)
    marked, unfounded = marks(history, receptions)
    violations += [
        *edges_of(history, matched),
        *false,
        *lost(history, receptions),
        *out_of_order(history, receptions),
        *(violation for one in repeated for violation in one.violations),
        *unfounded,
        *said_now_of_what_was_gone(history, receptions, life_of_poll(matched)),
        *deliveries_not_in_order(history),
        *doubts_without_a_cut(history),
        *_lives_that_ended_badly(history),
        *history.complaints,
    ]
    by_gap, by_cut = sum(one.by_gap for one in repeated), sum(one.by_cut for one in repeated)
    return Verdict(
        {
            **_counts(history, lost=sum(one.startswith("lost") for one in violations)),
            "repeats after a kill in the gap": by_gap,
            "repeats after a cut answer": by_cut,
            "marked though it had not arrived": marked - by_gap - by_cut,
        },
        tuple(violations),
        tuple(gap for one in repeated for gap in one.gaps_ms),
    )


def _lives_that_ended_badly(history: History) -> list[str]:
    return [
        f"life {life.number} ended with {life.code} after {life.signals}"
        for life in history.lives
        if not _ended_well(life)
    ]


def _ended_well(life: Life) -> bool:
    """Before it minds signals and when its stop is over, a SIGTERM ends it as any other process."""
    match life.code:
        case None:
            return True
        case -9:
            return "SIGKILL" in life.signals
        case -15:
            return life.signals.count("SIGTERM") >= (2 if life.asked else 1)
        case code:
            return code == 0 and "SIGTERM" in life.signals


def _counts(history: History, lost: int) -> dict[str, int]:
    phases = Counter(phase for life in history.lives for phase in life.phases)
    accepted = [message for message in history.messages if message.accepted]
    windows = [t for message in accepted for t in message.tellings if t.form is Form.WINDOW]
    return {
        "cycles": sum(life.is_cycle for life in history.lives),
        "lost": lost,
        **{KILLED + phase: phases[phase] for phase in Phase},
        IN_THE_GAP: sum(not GAPS.isdisjoint(life.phases) for life in history.lives),
        "ended by SIGTERM": sum(life.code == 0 and life.is_cycle for life in history.lives),
        "polls committed": len(history.polls),
        "edges": len(history.edges),
        "deliveries": len(history.deliveries),
        "messages": len(history.messages),
        "messages accepted": len(accepted),
        "messages that went wrong": sum(message.bad for message in history.messages),
        "windows told": len(windows),
    }
