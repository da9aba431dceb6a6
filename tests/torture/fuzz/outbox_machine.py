"""A state machine of Hypothesis for the outbox: lanes, crashes, refusals, reloads, clocks, a real database.

The machine keeps its own account of every delivery and holds the table against it after each step.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine

from monitor.core.alert import Clearing, Firing, Inactive, State
from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.core.decision import MuteReason, Transition, TransitionKind
from monitor.core.moment import from_ms
from monitor.core.shift import Step
from monitor.store import outbox, upkeep
from monitor.store.retain import retain
from tests.store.ground import NOON
from tests.torture.fuzz.outbox_ground import CHANNELS, FEED, PATIENCE, Ground, alert, notice, transition
from tests.torture.fuzz.outbox_judge import check_row, take
from tests.torture.fuzz.outbox_truth import Fate, Parcel, Subject, Truth

SECOND: Final = timedelta(seconds=1)
RULES: Final = ("any", "need")
SUBJECTS: Final = tuple((name, code) for name in RULES for code in ("PRD-1", "PRD-2"))
MUTED: Final = (None, None, None, MuteReason.SILENCE, MuteReason.FLAPPING)
AGAIN: Final = frozenset({Fate.FAILED, Fate.EXPIRED, Fate.MUTED, Fate.REMOVED})
DRAINED_WITHIN: Final = 200

subjects = st.sampled_from(SUBJECTS)
channels = st.sampled_from(CHANNELS)
refusals = st.sampled_from(
    [
        Refused(FailureClass.TRANSIENT, "HTTP 503"),
        Refused(FailureClass.TRANSIENT, "HTTP 429", timedelta(minutes=9)),
        Refused(FailureClass.AMBIGUOUS, "reset after the request was sent"),
        Refused(FailureClass.PERMANENT, "HTTP 404"),
    ]
)


class OutboxMachine(RuleBasedStateMachine):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.ground = Ground(engine)
        self.truth = Truth()
        self.muted: dict[str, MuteReason | None] = {}
        self.now = NOON
        self.events = 0

    # What the monitor decides

    @rule(subject=subjects, muted=st.sampled_from(MUTED))
    def it_opens_or_ends(self, subject: Subject, muted: MuteReason | None) -> None:
        opening = self.truth.openings.get(subject)
        if opening is None:
            event = self.truth.openings[subject] = self._event()
            self.muted[event] = muted
            self._tell(transition(event, subject, TransitionKind.FIRED, event, self.now, muted), Firing)
            return
        told = TransitionKind.RESOLVED
        muted = self.muted[opening]
        self._tell(transition(self._event(), subject, told, opening, self.now, muted), Inactive)
        self.truth.resolved.add(opening)
        self.truth.forget(subject)

    @rule(subject=subjects)
    def it_reminds(self, subject: Subject) -> None:
        opening = self.truth.openings.get(subject)
        if opening is not None and opening not in self.truth.clearing:
            told = TransitionKind.REPEATED
            self._tell(transition(self._event(), subject, told, opening, self.now, None), Firing)

    @rule(subject=subjects)
    def it_clears_or_comes_back(self, subject: Subject) -> None:
        opening = self.truth.openings.get(subject)
        if opening is not None:
            self.truth.clearing ^= {opening}
            state: type[State] = Clearing if opening in self.truth.clearing else Firing
            self.ground.decide(self.now, [], [alert(subject, opening, self.now, state=state)])

    @rule()
    def it_tells_of_itself(self) -> None:
        event = self._event()
        self.ground.notice(notice(event, self.now), self.now)
        self._enter(("", event))

    # What a lane does

    @rule(channel=channels)
    def a_lane_claims(self, channel: str) -> None:
        if self.truth.flying.get(channel):
            return
        claim = self.ground.write(lambda connection: outbox.claim(connection, channel, self.now))
        take(self.truth, channel, claim, self.now, self.ground.deliveries())

    @rule(channel=channels, share=st.integers(1, 4))
    def a_message_is_accepted(self, channel: str, share: int) -> None:
        """Perhaps the first of several: what did not go with it is put back."""
        flying = self.truth.flying.pop(channel, ())
        sent, unsent = flying[:share], flying[share:]
        if not flying:
            return
        recorded = self.ground.record(sent, Accepted(), self.now)
        assert recorded == outbox.Recorded(sent=sent)
        for number in sent:
            self.truth.parcels[number].fate = Fate.SENT
            self.truth.parcels[number].attempts += 1
        self.ground.write(lambda connection: outbox.release(connection, unsent))
        self._put_back(unsent)

    @rule(channel=channels, refused=refusals)
    def a_message_is_refused(self, channel: str, refused: Refused) -> None:
        flying = self.truth.flying.pop(channel, ())
        recorded = self.ground.record(flying, refused, self.now)
        is_lost = refused.kind is FailureClass.PERMANENT
        tried = [self.truth.parcels[number] for number in flying]
        alive = [parcel for parcel in tried if parcel.fate is Fate.FLIES]
        for parcel in tried:
            parcel.attempts += 1
        for parcel in alive:
            parcel.fate = Fate.FAILED if is_lost else Fate.WAITS
            parcel.may_be_repeat |= refused.kind is FailureClass.AMBIGUOUS
        numbers = tuple(parcel.number for parcel in alive)
        assert (recorded.failed if is_lost else recorded.retried) == numbers
        assert recorded.is_loss is (is_lost and any(parcel.kind for parcel in alive))

    @rule()
    def the_process_dies(self) -> None:
        self._recover(None)

    @rule(channel=channels)
    def a_lane_dies(self, channel: str) -> None:
        self._recover(channel)

    # What else happens

    @rule(seconds=st.one_of(st.integers(0, 90), st.sampled_from([900, 7_200, 22_000])))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(seconds=st.sampled_from([-86_400, -3_600, 3_600, 86_400]))
    def the_clock_is_set(self, seconds: int) -> None:
        step = seconds * SECOND
        self.now += step
        self.ground.write(lambda connection: upkeep.shift(connection, Step(self._event(), self.now, step)))
        for parcel in self.truth.parcels.values():
            if parcel.fate in {Fate.WAITS, Fate.FLIES}:
                parcel.expires_at += step

    @rule(channel=channels)
    def a_channel_is_removed(self, channel: str) -> None:
        self._retain(RULES, [name for name in CHANNELS if name != channel])
        self._remove(p for p in self.truth.parcels.values() if p.channel == channel)

    @rule(name=st.sampled_from(RULES))
    def a_rule_is_removed(self, name: str) -> None:
        self._retain([other for other in RULES if other != name], CHANNELS)
        self._remove(p for p in self.truth.parcels.values() if p.subject[0] == name)
        for subject in [s for s in self.truth.openings if s[0] == name]:
            self.truth.forget(subject)

    @rule(chance=st.integers(0, 10_000))
    def one_is_sent_again_by_hand(self, chance: int) -> None:
        flying = {number for numbers in self.truth.flying.values() for number in numbers}
        ended = [p for p in self.truth.parcels.values() if p.fate in AGAIN and p.number not in flying]
        if not ended:
            return
        parcel = ended[chance % len(ended)]
        self.ground.write(lambda connection: upkeep.retry(connection, parcel.number, self.now))
        parcel.fate = Fate.WAITS
        (row,) = [row for row in self.ground.deliveries() if row.id == parcel.number]
        parcel.expires_at = from_ms(row.expires_at)
        assert parcel.expires_at >= self.now + upkeep.LEAST_PATIENCE

    @invariant()
    def the_table_tells_what_happened(self) -> None:
        rows = self.ground.deliveries()
        assert len(rows) == len(self.truth.parcels)
        for row in rows:
            check_row(self.truth.parcels[row.id], row)

    def teardown(self) -> None:
        """From wherever the story got to, every delivery comes to an end."""
        self._recover(None)
        for subject, opening in self.truth.openings.items():
            if opening in self.truth.clearing:
                self.ground.decide(self.now, [], [alert(subject, opening, self.now, state=Firing)])
        self.truth.clearing.clear()
        for _ in range(DRAINED_WITHIN):
            if not any(map(self.truth.waiting, CHANNELS)):
                break
            self.now += timedelta(minutes=1)
            for channel in CHANNELS:
                self.a_lane_claims(channel)
                self.a_message_is_accepted(channel, DRAINED_WITHIN)
        assert not any(map(self.truth.waiting, CHANNELS)), "some deliveries never end"
        self.the_table_tells_what_happened()

    def _event(self) -> str:
        self.events += 1
        return f"event-{self.events}"

    def _tell(self, told: Transition, state: type[State]) -> None:
        subject = (told.rule, told.product.product_code)
        self.ground.decide(self.now, [told], [alert(subject, told.opening, self.now, state=state)])
        self._enter(subject, told)

    def _enter(self, subject: Subject, told: Transition | None = None) -> None:
        """Two deliveries more, which must be the last ones in the table."""
        is_muted = told is not None and told.deliveries[0].muted is not None
        new = [row for row in self.ground.deliveries() if row.id not in self.truth.parcels]
        assert sorted(row.channel for row in new) == sorted(CHANNELS)
        for row in new:
            self.truth.parcels[row.id] = Parcel(
                row.id,
                row.channel,
                subject,
                told.kind if told else None,
                told.opening if told else None,
                self.now + PATIENCE,
                Fate.MUTED if is_muted else Fate.WAITS,
            )

    def _put_back(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self.truth.parcels[number].fate is Fate.FLIES:
                self.truth.parcels[number].fate = Fate.WAITS

    def _recover(self, channel: str | None) -> None:
        lost = [
            number
            for name in CHANNELS
            if channel in {None, name}
            for number in self.truth.flying.pop(name, ())
            if self.truth.parcels[number].fate is Fate.FLIES
        ]
        recovered = self.ground.write(lambda connection: outbox.recover(connection, channel))
        assert sorted(recovered) == sorted(lost)
        for number in lost:
            self.truth.parcels[number].may_be_repeat = True
        self._put_back(lost)

    def _retain(self, rules: Collection[str], channels: Collection[str]) -> None:
        self.ground.write(lambda connection: retain(connection, rules, channels, [FEED], self.now))

    def _remove(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            if parcel.fate in {Fate.WAITS, Fate.FLIES}:
                parcel.fate = Fate.REMOVED
