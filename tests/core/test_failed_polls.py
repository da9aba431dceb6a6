"""A failed poll of any kind, in any state and with anything due, decides nothing; the next ok poll does."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import pytest

from monitor.core.alert import Clearing, Firing, Inactive, Pending
from monitor.core.answer import FailureKind
from monitor.core.decision import Cause, NoticeKind
from monitor.core.product import Invalid
from monitor.core.world import World
from tests.core.builders import (
    MINUTE,
    SECOND,
    Answer,
    Stage,
    Told,
    failed,
    fired,
    repeated,
    resolved,
    rule,
    seen,
)

IN: Answer = {"PRD-1": 3, "OTHER": 0}
OUT: Answer = {"PRD-1": 0, "OTHER": 0}
UNKNOWN: Answer = {"PRD-1": Invalid("remainingCount is null"), "OTHER": 0}
MISSING: Answer = {"OTHER": 0}
BLOCKED: Answer = {"PRD-1": seen(6, "库存不足"), "OTHER": 0}


@dataclass(frozen=True)
class Eve:
    """What went before the failure, and what the next ok poll, three minutes later, then has to tell."""

    state: type[Inactive | Pending | Firing | Clearing]
    polls: Sequence[Answer]
    next_poll: Answer
    tells: Sequence[Told]
    settings: dict[str, object] = field(default_factory=dict)
    is_silenced: bool = False


EVES = {
    "nothing fires": Eve(Inactive, [OUT], IN, fired(Cause.STOCK)),
    "it waits and its time is up": Eve(Pending, [OUT, IN], IN, fired(Cause.STOCK), {"hold_for": MINUTE}),
    "it fires": Eve(Firing, [IN], OUT, resolved(Cause.STOCK)),
    "a reminder is due": Eve(Firing, [IN], IN, repeated(Cause.REMINDER), {"remind_every": MINUTE}),
    "a held opening may be told": Eve(
        Firing, [IN, OUT, IN], IN, repeated(Cause.OPENED_AGAIN), {"min_gap": MINUTE}
    ),
    "a silence is over": Eve(Firing, [IN], IN, repeated(Cause.SILENCE_ENDED), is_silenced=True),
    "it clears and patience is over": Eve(
        Clearing, [IN, OUT], OUT, resolved(Cause.STOCK), {"keep_firing_for": MINUTE}
    ),
    "the product is unknown": Eve(Firing, [IN, UNKNOWN], OUT, resolved(Cause.STOCK)),
    "it was missing once": Eve(Firing, [IN, MISSING], MISSING, resolved(Cause.LISTING)),
    "it is blocked": Eve(Inactive, [BLOCKED], IN, fired(Cause.STOCK_ERROR)),
}


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("eve", EVES.values(), ids=EVES.keys())
def test_a_failed_poll_touches_no_alert_and_no_span_whatever_is_due(eve: Eve, kind: FailureKind) -> None:
    stage = staged(eve)
    before = what_polls_decide(stage.world)

    assert stage.poll(failed(kind, "in words"), after=2 * MINUTE) == []

    decision = stage.decision
    assert (decision.spans, decision.attributes, decision.alerts, decision.rule_feeds) == ([], [], [], [])
    assert [notice.kind for notice in decision.notices] == [NoticeKind.BLIND]
    assert decision.notice_ends == []
    assert what_polls_decide(stage.world) == before
    assert stage.outcome == "in words"
    assert isinstance(stage.state(), eve.state)


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("eve", EVES.values(), ids=EVES.keys())
def test_what_was_due_during_failures_is_decided_by_the_next_ok_poll(eve: Eve, kind: FailureKind) -> None:
    stage = staged(eve)
    for after in (MINUTE, MINUTE, 45 * SECOND):
        stage.poll(failed(kind), after=after)

    assert stage.poll(eve.next_poll) == eve.tells
    assert stage.outcome == "ok"
    assert NoticeKind.BACK in [notice.kind for notice in stage.decision.notices]


def staged(eve: Eve) -> Stage:
    stage = Stage(rule(**eve.settings))  # type: ignore[arg-type]
    if eve.is_silenced:
        stage.silence(for_=MINUTE)
    for answer in eve.polls:
        stage.poll(answer)
    assert isinstance(stage.state(), eve.state)
    return stage


def what_polls_decide(world: World) -> object:
    """All but what a feed remembers of its failures."""
    (state,) = world.feeds.values()
    known = world.products, world.unsettled, world.alerts, world.spacings, world.rule_feeds
    return deepcopy((*known, state.last_ok_at, state.ever_listed, state.evaluate_all))
