"""A state machine of Hypothesis for alerts: whatever polls, time, silences, reloads and restarts do to them.

Beside it runs a model of one product and two rules that knows nothing of states, only of what was seen when.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from monitor.core.answer import Failed, Listing, Row
from monitor.core.decision import Cause, Transition, TransitionKind
from monitor.core.matching import Rule
from monitor.core.product import Invalid, Seen
from tests.core.builders import CODE, MINUTE, SECOND, Stage, failed, key_of, row, seen, table
from tests.core.builders import rule as watching

GAP: Final = MINUTE
NEED: Final = 3
TIMINGS: Final = st.sampled_from([0, 20, 90]).map(lambda seconds: seconds * SECOND)
STEPS: Final = st.sampled_from([-86_400, -3_600, -1, 1, 3_600, 86_400]).map(lambda seconds: seconds * SECOND)
TELLS: Final = frozenset({Cause.REMINDER, Cause.SILENCE_ENDED, Cause.MORE})
"""Causes of telling again that are no opening."""

Edge = tuple[TransitionKind, datetime]


@dataclass
class Watch:
    """One rule: since when its need is met or no longer met, and whether it fires."""

    need: int
    hold_for: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    met_since: datetime | None = None
    unmet_since: datetime | None = None
    is_open: bool = False

    def see(self, met: bool, now: datetime) -> list[Edge]:
        if met:
            self.unmet_since = None
            self.met_since = self.met_since or now
            if self.is_open or now - self.met_since < self.hold_for:
                return []
            self.is_open = True
            return [(TransitionKind.FIRED, now)]
        if not self.is_open:
            self.met_since = None
            return []
        self.unmet_since = self.unmet_since or now
        if self.keep_firing_for and now - self.unmet_since < self.keep_firing_for:
            return []
        edge = (TransitionKind.RESOLVED, self.unmet_since)
        self.is_open, self.met_since, self.unmet_since = False, None, None
        return [edge]

    def shift(self, step: timedelta) -> None:
        self.met_since = self.met_since and self.met_since + step
        self.unmet_since = self.unmet_since and self.unmet_since + step


@dataclass
class History:
    """What was told of one alert, dated by a time that no clock step moves."""

    openings_told: set[str] = field(default_factory=set)
    last_told: timedelta | None = None


class AlertMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.watches = {"any": Watch(1), "need": Watch(NEED)}
        self.history = {name: History() for name in self.watches}
        self.lived = timedelta(0)
        self.silences: list[tuple[datetime, datetime]] = []
        self.is_known = self.ever_listed = False
        self.absences = self.empties = 0
        self.stage = Stage(*self._rules())

    @rule(seconds=st.integers(0, 700))
    def time_passes(self, seconds: int) -> None:
        self.lived += seconds * SECOND
        self.stage.now += seconds * SECOND

    @rule(remaining=st.integers(0, 6), error=st.sampled_from([None, None, None, " ", "库存不足"]))
    def it_is_listed(self, remaining: int, error: str | None) -> None:
        self._note_listed()
        self._poll(seen(remaining, error), 0 if (error or "").strip() else remaining)

    @rule()
    def its_row_is_invalid(self) -> None:
        self._note_listed()
        self._poll(Invalid("remainingCount is null"), None)

    @rule(passed_over=st.booleans())
    def it_is_not_listed(self, passed_over: bool) -> None:
        self.ever_listed, self.empties = True, 0
        self.absences += self.is_known and not passed_over
        is_gone = self.is_known and self.absences >= 2
        self._poll(None, 0 if is_gone else None, unusable=int(passed_over))

    @rule()
    def the_list_is_empty(self) -> None:
        self.empties += 1
        is_believed = not self.ever_listed or self.empties >= 3
        if is_believed and self.is_known:
            self.absences = 2
        self._play(Listing(()), 0 if is_believed and self.is_known else None)

    @rule()
    def the_poll_fails(self) -> None:
        self._play(failed(), None)

    @rule()
    def it_restarts(self) -> None:
        self.stage.restart()

    @rule(hold=TIMINGS, keep=TIMINGS, name=st.sampled_from(["any", "need"]))
    def it_reloads(self, hold: timedelta, keep: timedelta, name: str) -> None:
        self.watches[name].hold_for, self.watches[name].keep_firing_for = hold, keep
        self.stage.reload(*self._rules())

    @rule(step=STEPS)
    def the_clock_is_set(self, step: timedelta) -> None:
        self.stage.step_the_clock(step)
        for watch in self.watches.values():
            watch.shift(step)

    @rule(minutes=st.integers(1, 20))
    def it_is_silenced(self, minutes: int) -> None:
        self.silences.append((self.stage.now, self.stage.now + minutes * MINUTE))
        self.stage.silence(for_=minutes * MINUTE, product_code=CODE)

    def _rules(self) -> tuple[Rule, ...]:
        return tuple(
            watching(
                table(remaining=f">={watch.need}"),
                name=name,
                hold_for=watch.hold_for,
                keep_firing_for=watch.keep_firing_for,
                min_gap=GAP,
                remind_every=10 * MINUTE,
                more_at=Decimal(2),
            )
            for name, watch in self.watches.items()
        )

    def _note_listed(self) -> None:
        self.is_known = self.ever_listed = True
        self.absences = self.empties = 0

    def _poll(self, rowed: Seen | Invalid | None, meaning: int | None, unusable: int = 0) -> None:
        rows: list[Row] = [row(1, "OTHER"), *([row(rowed)] if rowed else [])]
        self._play(Listing(tuple(rows), unusable), meaning)

    def _play(self, answer: Listing | Failed, meaning: int | None) -> None:
        """`meaning`: how many are to be had; None when the answer leaves it open."""
        self.stage.poll(answer, after=SECOND)
        self.lived += SECOND
        told = [t for t in self.stage.decision.transitions if t.product == key_of(CODE)]
        for name, watch in self.watches.items():
            mine = [t for t in told if t.rule == name]
            edges = [] if meaning is None else watch.see(meaning >= watch.need, self.stage.now)
            assert [(t.kind, t.at) for t in mine if t.kind is not TransitionKind.REPEATED] == edges
            assert mine == [] or meaning is not None, "told by a poll that leaves it open"
            assert self._is_firing(name) is watch.is_open
            for transition in mine:
                self._check_telling(transition, watch)

    def _is_firing(self, name: str) -> bool:
        alert = self.stage.alert(CODE, name)
        return alert is not None and alert.opening is not None

    def _check_telling(self, t: Transition, watch: Watch) -> None:
        history = self.history[t.rule]
        is_silenced = any(start <= self.stage.now < end for start, end in self.silences)
        if all(delivery.muted for delivery in t.deliveries):
            return
        assert not is_silenced, "told in spite of a silence"
        if t.kind is TransitionKind.RESOLVED:
            assert t.opening in history.openings_told, "the end of what was never told"
            return
        if t.kind is TransitionKind.REPEATED:
            assert watch.is_open
            assert watch.unmet_since is None, "repeated of what is gone"
        if t.cause not in TELLS:
            assert history.last_told is None or self.lived - history.last_told >= GAP, "openings too close"
            history.last_told = self.lived
        history.openings_told.add(t.opening)
