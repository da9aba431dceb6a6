"""Polls played one after another: what is unknown, and what timers hold."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.alert import Clearing, Firing, Inactive, Pending
from monitor.core.answer import FailureKind, Listing, Poll
from monitor.core.decision import Cause, MuteReason, Notice, PollRecord, Transition
from monitor.core.evaluate import decide
from monitor.core.product import Invalid
from tests.core.builders import (
    FEED,
    MINUTE,
    SECOND,
    Stage,
    failed,
    fired,
    listing_of,
    resolved,
    row,
    rule,
    table,
)

BAD_COUNT = Invalid("remainingCount is null")
UNKNOWN_POLLS = [
    pytest.param(failed(), id="a failed poll"),
    pytest.param(failed(FailureKind.EMPTY_LIST), id="an empty list that is not believed"),
    pytest.param({"PRD-1": BAD_COUNT, "OTHER": 0}, id="an unusable count"),
    pytest.param({"OTHER": 0}, id="missing for the first time"),
    pytest.param(Listing((row(0, "OTHER"),), unusable=1), id="missing beside an unusable row"),
    pytest.param(Listing((row(0, "OTHER"), row(0), row(9))), id="rows that contradict each other"),
]


def test_a_product_that_comes_back_fires_and_one_that_goes_resolves() -> None:
    stage = Stage()

    assert stage.poll({"PRD-1": 0}) == []
    assert stage.poll({"PRD-1": 3}) == fired(Cause.STOCK)
    assert stage.poll({"PRD-1": 2}) == []
    assert stage.poll({"PRD-1": 0}) == resolved(Cause.STOCK)
    assert stage.poll({"PRD-1": 0}) == []


def test_a_resolve_belongs_to_its_opening() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 1})
    stage.poll({"PRD-1": 0})

    opening, resolve = stage.transitions
    assert opening.opening == opening.event_id == resolve.opening
    assert resolve.event_id != opening.event_id


@pytest.mark.parametrize("unknown", UNKNOWN_POLLS)
@pytest.mark.parametrize("remaining", [0, 3])
def test_unknown_is_neither_out_nor_in(unknown: dict[str, int], remaining: int) -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    stage.poll({"PRD-1": remaining, "OTHER": 0})

    assert stage.poll(unknown) == []
    assert stage.poll({"PRD-1": remaining, "OTHER": 0}) == []


@pytest.mark.parametrize("unknown", UNKNOWN_POLLS)
def test_a_change_behind_an_unknown_poll_is_told_by_the_next_known_one(unknown: dict[str, int]) -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    stage.poll({"PRD-1": 0, "OTHER": 0})
    stage.poll(unknown)

    assert stage.poll({"PRD-1": 3, "OTHER": 0}) == fired(Cause.STOCK)
    stage.poll(unknown)
    assert stage.poll({"PRD-1": 0, "OTHER": 0}) == resolved(Cause.STOCK)


def test_a_failed_poll_changes_neither_spans_nor_alerts() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3})
    before = deepcopy((stage.world.products, stage.world.alerts, stage.world.spacings))

    stage.poll(failed(FailureKind.SERVER_ERROR, "server error (HTTP 502)"))

    assert (stage.world.products, stage.world.alerts, stage.world.spacings) == before
    assert (stage.decision.spans, stage.decision.attributes, stage.decision.alerts) == ([], [], [])
    assert stage.outcome == "server error (HTTP 502)"


def test_the_body_of_a_failure_is_kept_when_its_reason_is_news() -> None:
    stage = Stage()

    excerpts = []
    for answer in (failed(), failed(), failed(FailureKind.NOT_JSON), failed(), {"PRD-1": 0}, failed()):
        stage.poll(answer)
        assert stage.decision.poll is not None
        excerpts.append(stage.decision.poll.excerpt)

    assert excerpts == ["<html>", None, "<html>", "<html>", None, "<html>"]


def test_an_ok_poll_is_recorded_with_its_rows() -> None:
    stage = Stage()
    stage.poll(Listing((row(1), row(BAD_COUNT, "A"), row(1, "B")), unusable=2))

    assert stage.decision.poll == PollRecord(FEED, stage.now, SECOND, valid=2, invalid=1, unusable=2)
    stage.poll(failed())
    assert stage.decision.poll == PollRecord(FEED, stage.now, SECOND, reason="timeout", excerpt="<html>")


def test_the_time_of_the_last_poll_is_known_whatever_it_brought() -> None:
    stage = Stage()
    for answer in ({"PRD-1": 0}, failed()):
        stage.poll(answer)
        assert stage.world.feeds[FEED].last_poll_at == stage.now


def test_an_alert_that_moves_is_stored_as_it_is_known() -> None:
    stage = Stage(rule(hold_for=MINUTE), rule(name="later", hold_for=2 * MINUTE))
    stage.poll({"PRD-1": 3})
    assert stage.decision.alerts == list(stage.world.alerts.values())
    stage.poll({"PRD-1": 3}, after=MINUTE)
    assert stage.decision.alerts == [stage.alert()]


def test_what_a_poll_tells_has_ids_of_its_own() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll(failed(), after=MINUTE)
    stage.poll({"PRD-1": 3})
    told: list[Notice | Transition] = [*stage.notices, *stage.transitions]
    assert sorted(one.event_id for one in told) == ["event-1", "event-2", "event-3"]
    assert [notice.subject for notice in stage.notices] == ["default", "default"]


def test_deciding_leaves_the_world_as_it_is() -> None:
    stage = Stage(rule(hold_for=MINUTE), rule(name="other"), blind_after=timedelta(0))
    stage.poll({"PRD-1": 3, "A": 0, "B": BAD_COUNT})
    before = deepcopy(stage.world)

    for answer in (listing_of({"PRD-1": 0, "B": 2}), failed()):
        decide(stage.world, Poll(FEED, stage.now, SECOND, answer), stage.settings, stage.now, lambda: "id")

    assert stage.world == before


# for and keep_firing_for


def test_for_holds_the_alert_until_it_was_met_long_enough() -> None:
    stage = Stage(rule(hold_for=MINUTE))
    stage.poll({"PRD-1": 0})

    assert stage.poll({"PRD-1": 3}) == []
    assert stage.state() == Pending(stage.now)
    assert stage.poll({"PRD-1": 9}, after=59 * SECOND) == []
    assert stage.poll({"PRD-1": 2}, after=1 * SECOND) == fired(Cause.STOCK)
    assert stage.state() == Firing(stage.now)
    assert stage.alert() is not None


def test_a_product_that_leaves_before_for_is_over_says_nothing() -> None:
    stage = Stage(rule(hold_for=MINUTE))
    stage.poll({"PRD-1": 3})

    assert stage.poll({"PRD-1": 0}) == []
    assert stage.state() == Inactive()
    assert stage.poll({"PRD-1": 3}, after=MINUTE) == []


def test_for_runs_on_through_an_unknown_poll_and_is_compared_by_the_next_known_one() -> None:
    stage = Stage(rule(hold_for=MINUTE))
    stage.poll({"PRD-1": 0})
    stage.poll({"PRD-1": 3})

    assert stage.poll({"PRD-1": BAD_COUNT, "OTHER": 0}, after=2 * MINUTE) == []
    assert isinstance(stage.state(), Pending)
    assert stage.poll({"PRD-1": 3, "OTHER": 0}) == fired(Cause.STOCK)


def test_keep_firing_for_tides_over_a_short_absence() -> None:
    stage = Stage(rule(keep_firing_for=MINUTE))
    stage.poll({"PRD-1": 3})
    since = stage.now

    assert stage.poll({"PRD-1": 0}) == []
    assert stage.state() == Clearing(since, stage.now)
    assert stage.poll({"PRD-1": 2}) == []
    assert stage.state() == Firing(since)


def test_a_resolve_after_patience_is_dated_when_the_product_left() -> None:
    stage = Stage(rule(keep_firing_for=MINUTE))
    stage.poll({"PRD-1": 3})
    stage.poll({"PRD-1": 0}, after=10 * SECOND)
    left_at = stage.now
    stage.poll(failed(), after=MINUTE)
    stage.poll({"PRD-1": BAD_COUNT, "OTHER": 0}, after=MINUTE)
    assert isinstance(stage.state(), Clearing)

    assert stage.poll({"PRD-1": 0, "OTHER": 0}, after=MINUTE) == resolved(Cause.STOCK)
    assert stage.last.at == stage.last.facts.seen_at == left_at
    assert stage.last.facts.lasted == 10 * SECOND


def test_the_cause_of_a_resolve_is_what_began_its_patience() -> None:
    stage = Stage(rule(table(remaining=">=2"), keep_firing_for=MINUTE))
    stage.poll({"PRD-1": 3})
    stage.poll({"PRD-1": 1})
    stage.poll({"PRD-1": 0})

    assert stage.poll({"PRD-1": 0}, after=MINUTE) == resolved(Cause.COUNT)


def test_a_product_that_does_not_change_is_looked_at_again_only_after_a_reload() -> None:
    stage = Stage(rule(table(remaining=">=2")))
    listing = listing_of({"PRD-1": 3})
    stage.poll(listing)
    stage.settings = replace(stage.settings, rules=(rule(table(remaining=">=4")),))

    assert stage.poll(listing) == []
    stage.reload()
    stage.poll(failed())
    assert stage.poll(listing) == resolved(Cause.OTHER, MuteReason.NOT_A_SALE)
