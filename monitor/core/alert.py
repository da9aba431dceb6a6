"""The alert's state machine: one rule and one product. Pure; time is an argument.

`unknown` never moves a state, not even when a timer has run out: the next known observation
compares `now - since`. Edges are read from the two states, never from what was sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from monitor.core.matching import Condition, Met, NotMet, Rule, Unknown


@dataclass(frozen=True, slots=True)
class Inactive:
    pass


@dataclass(frozen=True, slots=True)
class Pending:
    """Met since then, but not yet for as long as the rule's `for`."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    since: datetime


@dataclass(frozen=True, slots=True)
class Clearing:
    """No longer met since `cleared_at`, but not yet for as long as the rule's `keep_firing_for`."""

    since: datetime
    cleared_at: datetime


State = Inactive | Pending | Firing | Clearing


class Edge(StrEnum):
    FIRED = "fired"
    RESOLVED = "resolved"


def next_state(state: State, condition: Condition, rule: Rule, now: datetime) -> State:
    """The state after an observation made at `now`."""
    match condition:
        case Unknown():
            return state
        case Met():
            return _when_met(state, rule, now)
        case NotMet():
            return _when_not_met(state, rule, now)
        case _:
            assert_never(condition)


def edge(before: State, after: State) -> Edge | None:
    """What the change announces, if anything."""
    was, is_ = _is_open(before), _is_open(after)
    if is_ and not was:
        return Edge.FIRED
    return Edge.RESOLVED if was and not is_ else None


def moves_at(state: State, rule: Rule) -> datetime | None:
    """When a timer runs out: until then the state stays what it is if the condition does. None: never."""
    match state:
        case Pending(since):
            return since + rule.hold_for
        case Clearing(_, cleared_at):
            return cleared_at + rule.keep_firing_for
        case Inactive() | Firing():
            return None
        case _:
            assert_never(state)


def resolved_at(before: State, now: datetime) -> datetime:
    """A resolve is dated when the product left, not when the patience ended."""
    return before.cleared_at if isinstance(before, Clearing) else now


def elapsed(since: datetime, now: datetime) -> timedelta:
    """Time gone by, never negative: a `since` that a clock step left in the future reads as now."""
    return max(now - since, timedelta(0))


def _is_open(state: State) -> bool:
    return isinstance(state, Firing | Clearing)


def _when_met(state: State, rule: Rule, now: datetime) -> State:
    match state:
        case Inactive():
            return Pending(now) if rule.hold_for else Firing(now)
        case Pending(since):
            return Firing(now) if elapsed(since, now) >= rule.hold_for else state
        case Firing():
            return state
        case Clearing(since):
            return Firing(since)
        case _:
            assert_never(state)


def _when_not_met(state: State, rule: Rule, now: datetime) -> State:
    match state:
        case Inactive() | Pending():
            return Inactive()
        case Firing(since):
            return Clearing(since, now) if rule.keep_firing_for else Inactive()
        case Clearing(_, cleared_at):
            return Inactive() if elapsed(cleared_at, now) >= rule.keep_firing_for else state
        case _:
            assert_never(state)
