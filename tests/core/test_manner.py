"""Who acts hears of what he asked for, and of an opening that is told late as of any other."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, MuteReason, TransitionKind
from monitor.core.manner import Manner, Occasion, occasion_of
from tests.core.builders import CODE, MINUTE, Stage, rule

FIRED, RESOLVED, REPEATED = TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.REPEATED


@pytest.mark.parametrize(
    ("kind", "cause", "occasion"),
    [
        (FIRED, Cause.STOCK, Occasion.OPENED),
        (FIRED, Cause.EXISTING, Occasion.OPENED),
        (REPEATED, Cause.OPENED_AGAIN, Occasion.OPENED),
        (REPEATED, Cause.SILENCE_ENDED, Occasion.OPENED),
        (REPEATED, Cause.REMINDER, Occasion.UPDATE),
        (RESOLVED, Cause.STOCK, Occasion.ENDED),
    ],
)
def test_an_event_is_one_of_three_things_to_who_acts(
    kind: TransitionKind, cause: Cause, occasion: Occasion
) -> None:
    assert occasion_of(kind, cause) is occasion


def test_what_a_channel_does_not_want_is_recorded_and_others_are_told() -> None:
    stage = Stage(
        rule(name="a", notify=("phone",), remind_every=MINUTE),
        rule(name="b", notify=("mail",), remind_every=MINUTE),
    )
    stage.settings.manners["phone"] = Manner(frozenset({Occasion.OPENED}))  # type: ignore[index]
    stage.poll({CODE: 0})
    stage.poll({CODE: 3})
    stage.poll({CODE: 3}, after=2 * MINUTE)
    stage.poll({CODE: 0}, after=timedelta(minutes=1))
    told = {
        channel: [(t.kind, d.muted) for t in stage.transitions for d in t.deliveries if d.channel == channel]
        for channel in ("phone", "mail")
    }
    unwanted = MuteReason.CHANNEL_SETTING
    assert told["phone"] == [(FIRED, None), (REPEATED, unwanted), (RESOLVED, unwanted)]
    assert told["mail"] == [(FIRED, None), (REPEATED, None), (RESOLVED, None)]


def test_why_nobody_is_told_goes_before_what_one_channel_does_not_want() -> None:
    stage = Stage(rule(notify_sold_out=False))
    stage.settings.manners["phone"] = Manner(frozenset({Occasion.OPENED}))  # type: ignore[index]
    stage.poll({CODE: 3})
    stage.poll({CODE: 0})
    assert stage.transitions[-1].deliveries[0].muted is MuteReason.RULE_SETTING
