"""Holds what the monitor stores against the reference model, poll by poll, and messages against both."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitor.core.backoff import Outcome
from monitor.core.decision import Decision, NoticeKind, Transition
from monitor.store.outbox import Claim
from tests.torture.clocks.alert_model import Edge
from tests.torture.clocks.model import Model
from tests.torture.clocks.notices_model import NoticesModel
from tests.torture.clocks.post import End, Post
from tests.torture.clocks.scene import Hush, Saw, Watch
from tests.torture.clocks.times import SimulatedClock

NOTICED: Final = timedelta(seconds=0.5)
ROUNDED: Final = timedelta(milliseconds=3)
_MODELLED: Final = {NoticeKind.BLIND, NoticeKind.BACK, NoticeKind.KEY_REFUSED}


class Judge:
    """Is told of every transaction. `newest` says what the last request was truly told.

    The monitor's sense of time is its own date less `moved`, the steps by which it moved its timers.
    """

    def __init__(self, clock: SimulatedClock, newest: Callable[[], Saw], post: Post) -> None:
        self.model = Model()
        self.notices = NoticesModel()
        self.post = post
        self.watches: tuple[Watch, ...] = ()
        self.hushes: list[Hush] = []
        self.counts: Counter[str] = Counter()
        self.edges: list[Edge] = []
        self._clock = clock
        self._newest = newest
        self._ahead = timedelta(0)
        self._life_began_wrong_by = timedelta(0)
        self._moved_in_life = timedelta(0)

    @property
    def _moved(self) -> timedelta:
        return self.model.line.moved

    @property
    def now(self) -> datetime:
        """It goes on evenly as long as a life lasts; between two it is the wall clock that counts."""
        return self._clock.now() - self._clock.wrong_by + self._ahead

    def object_to(self, what: str) -> None:
        self.post.object_to(what)

    def begin_life(self) -> None:
        self._life_began_wrong_by, self._moved_in_life = self._clock.wrong_by, timedelta(0)
        self._ahead = self._clock.wrong_by - self._moved
        self.notices.start(self.now)

    def check_clock(self) -> None:
        """The monitor has had its second: is it aware of every step?"""
        unnoticed = self._clock.wrong_by - self._life_began_wrong_by - self._moved_in_life
        if abs(unnoticed) > NOTICED:
            self.object_to(f"a step of the wall clock by {unnoticed} was not followed")

    def audit(self, ends: Iterable[End], channels: Collection[str], patience: timedelta) -> None:
        """Nothing waits on these channels that was decided so long ago, but what a rule's patience holds."""
        self.post.audit(ends, channels, self.now - patience, self._is_clearing)

    def committed(self, decision: Decision) -> None:
        self.post.committed(decision, self.now)
        told = {notice.kind.value for notice in decision.notices if notice.kind in _MODELLED}
        if decision.poll is None:
            self._judge_blindness(told)
            return
        self.counts["polls"] += 1
        saw, now = self._newest(), self.now
        edges = self.model.poll(saw, now, self._is_hushed)
        failure = saw.failure if edges is not None else saw.failure or "empty list"
        if (failure is None) != (decision.poll.reason is None):
            self.object_to(f"a poll that saw {saw} was stored as {decision.poll.reason or 'ok'}")
        expected = self.notices.poll(failure, now, now + self._moved)
        if told != expected:
            self.object_to(f"notices {sorted(told)} instead of {sorted(expected)}")
        self._compare(edges or [], decision.transitions)
        for transition in decision.transitions:
            self._hold_against_the_answer(transition, saw)

    def claimed(self, channel: str, claim: Claim) -> None:
        self.post.claimed(channel, claim, self.now, self._clock.uptime_s, self._is_there)

    def recorded(self, delivery_ids: Sequence[int], outcome: Outcome) -> None:
        self.post.recorded(delivery_ids, outcome, self._clock.uptime_s)

    def released(self, delivery_ids: Sequence[int]) -> None:
        self.post.released(delivery_ids)

    def shifted(self, step: timedelta) -> None:
        self.counts["steps followed"] += 1
        self.model.line.moved += step
        self._moved_in_life += step

    def pulled_back(self) -> None:
        self.model.start(self.now)
        self.notices.read_back(self.now, self._moved)

    def retained(self) -> None:
        self.model.configure(self.watches, self.now)
        self.notices.reload()

    def _hold_against_the_answer(self, transition: Transition, saw: Saw) -> None:
        """Whatever the model thinks: nothing is announced but what this very answer showed."""
        if transition.kind.value == "resolved":
            return
        row = saw.rows.get(transition.product.product_code)
        if saw.failure is not None or row is None or row.remaining == 0 or row.is_blocked:
            self.post.false_announcements += 1
            self.object_to(f"FALSE: {_said(transition)} out of an answer that said {saw}")

    def _judge_blindness(self, told: set[str]) -> None:
        if told != {"blind"}:
            return
        if self.notices.is_blind or not self.notices.may_be_blind(self.now):
            self.object_to("blind was told between two polls though it was not so")
        self.notices.is_blind = True

    def _is_hushed(self, rule: str, code: str) -> bool:
        if not self.hushes:
            return False
        now_ms = (self.now + self._moved).timestamp() * 1000
        return any(
            hush.rule in {None, rule}
            and hush.code in {None, code}
            and hush.begins_ms <= now_ms < hush.ends_ms
            for hush in self.hushes
        )

    def _is_clearing(self, rule: str, code: str) -> bool:
        alert = self.model.alerts.get((rule, code))
        return alert is not None and alert.gone_since is not None

    def _is_there(self, rule: str, code: str) -> bool:
        alert = self.model.alerts.get((rule, code))
        return alert is not None and alert.is_there

    def _compare(self, expected: Sequence[Edge], stored: Sequence[Transition]) -> None:
        due = {(edge.rule, edge.code): edge for edge in expected}
        for transition in stored:
            key = (transition.rule, transition.product.product_code)
            edge = due.pop(key, None)
            if edge is None:
                self.object_to(f"{_said(transition)} was not to be")
                continue
            self.counts[edge.kind] += 1
            self.edges.append(edge)
            self._compare_one(edge, transition)
            self.post.expect(edge, transition.event_id)
        for edge in due.values():
            self.object_to(f"missing: {edge}")

    def _compare_one(self, edge: Edge, transition: Transition) -> None:
        muted = {intent.muted.value if intent.muted else None for intent in transition.deliveries}
        if muted != {edge.muted}:
            self.object_to(f"{_said(transition)} is muted {muted}, not {edge.muted}: {edge}")
        if (transition.kind.value, transition.cause.value) != (edge.kind, edge.cause):
            self.object_to(f"{_said(transition)} instead of {edge}")
        if abs(transition.at - self._moved - edge.at) > ROUNDED:
            self.object_to(f"{_said(transition)} is dated {transition.at - self._moved}, not {edge.at}")
        watch = next(watch for watch in self.model.watches if watch.name == edge.rule)
        if {intent.channel for intent in transition.deliveries} != set(watch.channels):
            self.object_to(f"{_said(transition)} goes to {transition.deliveries}, not to {watch.channels}")
        if edge.lasted is not None:
            facts = transition.facts
            if facts.peak != edge.peak or facts.lasted is None or abs(facts.lasted - edge.lasted) > ROUNDED:
                self.object_to(f"{_said(transition)} tells of {facts.peak} for {facts.lasted}, not {edge}")


def _said(transition: Transition) -> str:
    code = transition.product.product_code
    return (
        f"{transition.event_id} {transition.kind.value} ({transition.cause.value}) {transition.rule}/{code}"
    )
