"""Random polls, held against a second reading of the rules: what fires, what resolves, what never does.

The model below is written from the meaning of the words, product by product, as plainly as can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.answer import Failed, Listing
from monitor.core.decision import TransitionKind
from monitor.core.product import Invalid, Seen
from tests.core.builders import CODE, SECOND, Stage, failed, key_of, row, rule, seen, table

BAD_COUNT = Invalid("remainingCount is null")
BLOCKED = seen(5, "库存不足")
NEED = 2

Rowed = Seen | Invalid | None
Edge = tuple[TransitionKind, datetime]

ROWS: st.SearchStrategy[Rowed] = st.one_of(
    st.sampled_from([seen(0), seen(1), seen(2), seen(5), BLOCKED]),
    st.sampled_from([BAD_COUNT, None]),
)


@dataclass(frozen=True)
class Played:
    """One poll: how long after the last, and what it said; `rowed` None with an answer: not listed."""

    after: timedelta
    fails: bool
    is_empty: bool
    has_unusable_row: bool
    rowed: Rowed
    restarts: bool

    def answer(self) -> Failed | Listing:
        if self.fails:
            return failed()
        if self.is_empty:
            return Listing(())
        rows = [row(1, "OTHER"), *([row(self.rowed)] if self.rowed else [])]
        return Listing(tuple(rows), unusable=int(self.has_unusable_row))


POLLS = st.lists(
    st.builds(
        Played,
        after=st.integers(0, 40).map(lambda seconds: seconds * SECOND),
        fails=st.integers(0, 7).map(lambda n: n == 0),
        is_empty=st.integers(0, 5).map(lambda n: n == 0),
        has_unusable_row=st.integers(0, 5).map(lambda n: n == 0),
        rowed=ROWS,
        restarts=st.integers(0, 9).map(lambda n: n == 0),
    ),
    max_size=30,
)
TIMINGS = st.sampled_from([0, 20, 60]).map(lambda seconds: seconds * SECOND)


class Model:
    """One product and one rule that wants two nodes."""

    def __init__(self, hold_for: timedelta, keep_firing_for: timedelta) -> None:
        self.hold_for, self.keep_firing_for = hold_for, keep_firing_for
        self.is_known = self.ever_listed = False
        self.empties = self.absences = 0
        self.met_since: datetime | None = None
        self.unmet_since: datetime | None = None
        self.is_open = False
        self.edges: list[Edge] = []

    def poll(self, played: Played, now: datetime) -> None:
        met = self._meaning(played)
        if met is not None:
            self._move(met, now)

    def _meaning(self, played: Played) -> bool | None:
        """Met, not met, or nothing to be said."""
        if played.fails:
            return None
        if played.is_empty:
            return self._meaning_of_empty_list()
        self.ever_listed, self.empties = True, 0
        if played.rowed is None:
            return self._meaning_of_absence(played)
        self.is_known, self.absences = True, 0
        if isinstance(played.rowed, Invalid):
            return None
        return played.rowed.remaining >= NEED and not played.rowed.stock_error

    def _meaning_of_empty_list(self) -> bool | None:
        self.empties += 1
        if not self.is_known or (self.ever_listed and self.empties < 3):
            return None
        self.absences = 2
        return False

    def _meaning_of_absence(self, played: Played) -> bool | None:
        if not self.is_known:
            return None
        if not played.has_unusable_row:
            self.absences += 1
        return False if self.absences >= 2 else None

    def _move(self, met: bool, now: datetime) -> None:
        if met:
            self.unmet_since = None
            self.met_since = self.met_since or now
            if not self.is_open and now - self.met_since >= self.hold_for:
                self.is_open = True
                self.edges.append((TransitionKind.FIRED, now))
            return
        if not self.is_open:
            self.met_since = None
            return
        self.unmet_since = self.unmet_since or now
        if self.keep_firing_for == timedelta(0) or now - self.unmet_since >= self.keep_firing_for:
            self.edges.append((TransitionKind.RESOLVED, self.unmet_since))
            self.is_open, self.met_since, self.unmet_since = False, None, None


def _play(polls: Sequence[Played], stage: Stage, model: Model) -> None:
    for played in polls:
        if played.restarts:
            stage.restart()
        stage.poll(played.answer(), after=played.after)
        model.poll(played, stage.now)


@settings(max_examples=400, deadline=None)
@given(POLLS, TIMINGS, TIMINGS)
def test_the_edges_are_those_of_a_plain_reading_of_the_rules(
    polls: list[Played], hold_for: timedelta, keep_firing_for: timedelta
) -> None:
    wanting = rule(table(remaining=f">={NEED}"), hold_for=hold_for, keep_firing_for=keep_firing_for)
    stage, model = Stage(wanting), Model(hold_for, keep_firing_for)

    _play(polls, stage, model)

    edges = [(told.kind, told.at) for told in stage.transitions if told.product == key_of(CODE)]
    assert edges == model.edges


@settings(max_examples=200, deadline=None)
@given(POLLS, TIMINGS, TIMINGS)
def test_edges_alternate_and_no_unknown_poll_makes_one(
    polls: list[Played], hold_for: timedelta, keep_firing_for: timedelta
) -> None:
    wanting = rule(hold_for=hold_for, keep_firing_for=keep_firing_for, min_gap=30 * SECOND)
    stage = Stage(wanting)
    kinds: list[TransitionKind] = []
    for played in polls:
        told = stage.poll(played.answer(), after=played.after)
        mine = [
            kind
            for (kind, _, _), t in zip(told, stage.decision.transitions, strict=True)
            if t.product == key_of() and kind is not TransitionKind.REPEATED
        ]
        if played.fails or (isinstance(played.rowed, Invalid) and not played.is_empty):
            assert mine == []
        kinds += mine
    assert all(
        kind is (TransitionKind.RESOLVED if index % 2 else TransitionKind.FIRED)
        for index, kind in enumerate(kinds)
    )


@settings(max_examples=200, deadline=None)
@given(POLLS)
def test_told_openings_are_spaced_and_a_resolve_is_told_only_after_its_opening(polls: list[Played]) -> None:
    gap = 30 * SECOND
    stage = Stage(rule(min_gap=gap))
    for played in polls:
        stage.poll(played.answer(), after=played.after)

    mine = [told for told in stage.transitions if told.product == key_of()]
    told = [t for t in mine if t.deliveries[0].muted is None]
    openings = [t.at for t in told if t.kind is not TransitionKind.RESOLVED]
    assert all(later - earlier >= gap for earlier, later in pairwise(openings))
    told_openings = {t.opening for t in told if t.kind is not TransitionKind.RESOLVED}
    resolves = {t.opening for t in mine if t.kind is TransitionKind.RESOLVED}
    assert {t.opening for t in told if t.kind is TransitionKind.RESOLVED} == told_openings & resolves
