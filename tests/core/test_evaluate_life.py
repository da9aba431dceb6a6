"""Polls played over a restart, through empty lists, and in several feeds."""

from datetime import timedelta

import pytest

from monitor.core.answer import FailureKind, Listing
from monitor.core.decision import Cause, TransitionKind
from monitor.core.product import Feed
from tests.core.builders import (
    MINUTE,
    SECOND,
    Answer,
    Stage,
    failed,
    fired,
    key_of,
    resolved,
    row,
    rule,
    table,
)

NOTHING: dict[str, int] = {}


# restart


def test_a_restart_repeats_nothing() -> None:
    stage = Stage(rule(), rule(name="held", hold_for=MINUTE))
    stage.poll({"PRD-1": 3, "A": 0})
    stage.poll({"PRD-1": 3, "A": 0}, after=MINUTE)
    stage.restart()

    assert stage.poll({"PRD-1": 3, "A": 0}) == []
    assert (stage.decision.spans, stage.decision.attributes, stage.decision.rule_feeds) == ([], [], [])


def test_a_change_while_the_daemon_was_down_is_told_with_the_gap() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 0})
    seen_at = stage.now
    stage.restart()

    assert stage.poll({"PRD-1": 3}, after=timedelta(hours=9)) == fired(Cause.STOCK)
    assert stage.last.facts.unseen_from == seen_at


def test_a_gap_that_made_nobody_blind_is_not_mentioned() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll({"PRD-1": 0})
    stage.poll({"PRD-1": 3}, after=59 * SECOND)

    assert stage.last.facts.unseen_from is None


def test_a_restart_between_the_first_and_the_second_absence_forgets_neither() -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    stage.poll({"PRD-1": 3, "OTHER": 0})
    stage.poll({"OTHER": 0})
    stage.restart()

    assert stage.poll({"OTHER": 0}) == resolved(Cause.LISTING)


def test_a_rule_that_takes_over_from_other_feeds_resolves_what_fired_before_with_the_true_cause() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3})
    stage.world.rule_feeds.clear()
    stage.restart()

    assert stage.poll({"PRD-1": 0}) == resolved(Cause.STOCK)


# empty lists


def test_an_empty_list_after_a_filled_one_is_believed_the_third_time() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3})

    assert stage.poll(NOTHING) == []
    assert stage.outcome == "empty list"
    assert stage.poll(failed()) == []
    assert stage.poll(NOTHING) == []
    assert stage.poll(NOTHING) == resolved(Cause.LISTING)
    assert stage.outcome == "ok"
    assert stage.poll(NOTHING) == []
    assert stage.outcome == "ok"
    assert stage.poll({"PRD-1": 3}) == fired(Cause.LISTING)


@pytest.mark.parametrize(
    "filled", [{"PRD-1": 3}, failed(FailureKind.NO_USABLE_ROW)], ids=["usable rows", "rows that are no use"]
)
def test_a_filled_list_begins_the_count_of_empty_ones_anew(filled: Answer) -> None:
    stage = Stage()
    for answer in ({"PRD-1": 3}, NOTHING, NOTHING, filled, NOTHING, NOTHING):
        stage.poll(answer)

    assert stage.transitions[1:] == []
    assert stage.poll(NOTHING) == resolved(Cause.LISTING)


def test_a_restart_does_not_begin_the_count_of_empty_lists_anew() -> None:
    stage = Stage()
    for answer in ({"PRD-1": 3}, NOTHING, NOTHING):
        stage.poll(answer)
    stage.restart()

    assert stage.poll(NOTHING) == resolved(Cause.LISTING)


def test_an_empty_list_of_a_feed_that_never_listed_anything_is_ok_at_once() -> None:
    stage = Stage()
    stage.poll(NOTHING)

    assert stage.world.feeds[stage.feed].last_ok_at == stage.now
    assert stage.poll({"PRD-1": 3}) == fired(Cause.FIRST_SIGHT)


# feeds


def test_two_feeds_know_nothing_of_each_other() -> None:
    one, two = Feed("default", 1), Feed("default", 2)
    stage = Stage(feeds=(one, two))
    stage.poll(Listing((row(3, aidc_id=1),)), feed=one)
    stage.poll(Listing((row(3, aidc_id=2),)), feed=two)

    assert stage.poll(Listing((row(0, aidc_id=1),)), feed=one) == resolved(Cause.STOCK)
    stage.poll(NOTHING, feed=one)
    stage.poll(failed(), feed=one)

    assert stage.world.feeds[two].empties == 0
    assert stage.poll(Listing((row(3, aidc_id=2),)), feed=two) == []


def test_one_code_in_two_data_centres_is_two_products() -> None:
    stage = Stage()
    told = stage.poll(Listing((row(3, aidc_id=1), row(0, aidc_id=2))))

    assert told == fired(Cause.EXISTING)
    assert stage.last.product == key_of(aidc_id=1)


def test_every_rule_decides_for_itself() -> None:
    stage = Stage(rule(), rule(table(remaining=">=4"), name="many"))
    stage.poll({"PRD-1": 0})
    stage.poll({"PRD-1": 2})
    stage.poll({"PRD-1": 5})
    stage.poll({"PRD-1": 0})

    told = [(t.rule, t.kind, t.cause) for t in stage.transitions]
    assert told == [
        ("nodes", TransitionKind.FIRED, Cause.STOCK),
        ("many", TransitionKind.FIRED, Cause.COUNT),
        ("nodes", TransitionKind.RESOLVED, Cause.STOCK),
        ("many", TransitionKind.RESOLVED, Cause.STOCK),
    ]


def test_a_clock_that_was_set_back_makes_no_duration_negative() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3})
    stage.poll({"PRD-1": 0}, after=-MINUTE)

    assert stage.last.facts.lasted == timedelta(0)
