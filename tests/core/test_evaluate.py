"""Polls played one after another: what fires, what resolves, and why."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.alert import Clearing, Firing, Inactive, Pending
from monitor.core.answer import FailureKind, Listing, Poll
from monitor.core.decision import Cause, MuteReason, TransitionKind
from monitor.core.evaluate import decide
from monitor.core.matching import Rule
from monitor.core.product import Feed, Invalid, Seen
from tests.core.builders import (
    FEED,
    MINUTE,
    SECOND,
    Stage,
    failed,
    fired,
    key_of,
    listing_of,
    resolved,
    row,
    rule,
    seen,
    table,
)

DEAR = Decimal(17)
BAD_COUNT = Invalid("remainingCount is null")
NOTHING: dict[str, int] = {}
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

    record = stage.decision.poll
    assert record is not None
    assert (record.reason, record.valid, record.invalid, record.unusable) == (None, 2, 1, 2)


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


# causes


@pytest.mark.parametrize(
    ("watch", "without", "with_", "cause"),
    [
        pytest.param(rule(), seen(0), seen(6), Cause.STOCK, id="stock"),
        pytest.param(rule(table(remaining=">=4")), seen(3), seen(4), Cause.COUNT, id="count"),
        pytest.param(rule(table(price="<=16")), seen(3, price=DEAR), seen(3), Cause.PRICE, id="price"),
        pytest.param(rule(), seen(6, "库存不足"), seen(6), Cause.STOCK_ERROR, id="stock error"),
    ],
)
def test_a_rule_fires_and_resolves_with_its_cause(
    watch: Rule, without: Seen, with_: Seen, cause: Cause
) -> None:
    stage = Stage(watch)
    stage.poll({"PRD-1": without})

    assert stage.poll({"PRD-1": with_}) == fired(cause)
    assert stage.poll({"PRD-1": without}) == resolved(cause)


def test_a_product_is_gone_when_it_is_missing_for_the_second_time_and_back_when_listed_again() -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    stage.poll({"PRD-1": 3, "OTHER": 0})
    stage.poll({"OTHER": 0})
    stage.poll(failed())

    assert stage.poll({"OTHER": 0}) == resolved(Cause.LISTING)
    assert stage.last.facts.remaining is None
    assert stage.poll({"OTHER": 0}) == []
    assert stage.poll({"PRD-1": 3, "OTHER": 0}) == fired(Cause.LISTING)


def test_a_product_that_is_listed_again_without_stock_comes_back_by_its_stock() -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    for answer in ({"PRD-1": 3, "OTHER": 0}, {"OTHER": 0}, {"OTHER": 0}):
        stage.poll(answer)

    assert stage.poll({"PRD-1": 0, "OTHER": 0}) == []
    assert stage.poll({"PRD-1": 1, "OTHER": 0}) == fired(Cause.STOCK)


def test_another_attribute_may_fire_a_rule_and_resolves_it_silently() -> None:
    stage = Stage(rule(table(name="H800*")))
    stage.poll({"PRD-1": seen(3, name="A100 node")})

    assert stage.poll({"PRD-1": seen(3)}) == fired(Cause.OTHER)
    assert stage.poll({"PRD-1": seen(3, name="A100 node")}) == resolved(Cause.OTHER, MuteReason.NOT_A_SALE)


def test_a_changed_rule_fires_as_matching_now_and_resolves_silently() -> None:
    stage = Stage(rule(table(remaining=">=4")))
    stage.poll({"PRD-1": 3})

    stage.reload(rule(table(remaining=">=2")))
    assert stage.poll({"PRD-1": 3}) == fired(Cause.OTHER)
    stage.reload(rule(table(remaining=">=4")))
    assert stage.poll({"PRD-1": 3}) == resolved(Cause.OTHER, MuteReason.NOT_A_SALE)


def test_an_attribute_that_is_missing_keeps_its_last_value_in_the_match() -> None:
    stage = Stage(rule(table(price="<=16")))
    stage.poll({"PRD-1": seen(0)})

    assert stage.poll({"PRD-1": Seen(2)}) == fired(Cause.STOCK)
    assert stage.last.facts.price == seen(0).attributes.price


def test_an_attribute_that_was_never_known_is_unknown_until_it_is() -> None:
    stage = Stage(rule(table(price="<=16")))
    stage.poll({"PRD-1": seen(3, price=None)})
    assert stage.transitions == []

    assert stage.poll({"PRD-1": seen(3)}) == fired(Cause.PRICE)


def test_counts_of_different_products_are_never_added_up() -> None:
    stage = Stage(rule(table(remaining=">=4"), table(total_gpus=">=32")))

    assert stage.poll({"A": 3, "B": 3, "C": 3}) == []


# first sight


def test_a_product_that_is_there_when_a_rule_first_looks_fires() -> None:
    stage = Stage()

    assert stage.poll({"PRD-1": 3}) == fired(Cause.EXISTING)
    assert stage.poll({"PRD-1": 3, "NEW": 1}) == fired(Cause.FIRST_SIGHT)


def test_announce_existing_mutes_only_what_the_first_ok_poll_found() -> None:
    stage = Stage(rule(announce_existing=False))
    stage.poll(failed())

    assert stage.poll({"PRD-1": 3}) == fired(Cause.EXISTING, MuteReason.EXISTING)
    assert stage.poll({"PRD-1": 3, "NEW": 1}) == fired(Cause.FIRST_SIGHT)
    assert stage.poll({"PRD-1": 0, "NEW": 1}) == resolved(Cause.STOCK, MuteReason.EXISTING)
    assert stage.poll({"PRD-1": 1, "NEW": 1}) == fired(Cause.STOCK)


def test_what_existed_stays_muted_when_for_holds_it_past_the_first_poll() -> None:
    stage = Stage(rule(announce_existing=False, hold_for=MINUTE))
    stage.poll({"PRD-1": 3})

    assert stage.poll({"PRD-1": 3}, after=MINUTE) == fired(Cause.EXISTING, MuteReason.EXISTING)


def test_a_new_or_renamed_rule_sees_its_products_for_the_first_time() -> None:
    stage = Stage(rule(name="old"))
    stage.poll({"PRD-1": 3})

    stage.reload(rule(name="old"), rule(name="new", announce_existing=False))

    assert stage.poll({"PRD-1": 3}) == fired(Cause.EXISTING, MuteReason.EXISTING)
    assert stage.last.rule == "new"


def test_a_product_whose_first_row_was_unusable_is_seen_for_the_first_time_when_it_is_known() -> None:
    stage = Stage()
    stage.poll({"PRD-1": BAD_COUNT, "OTHER": 0})

    assert stage.poll({"PRD-1": 3, "OTHER": 0}) == fired(Cause.FIRST_SIGHT)


def test_the_peak_is_the_most_that_was_left_while_the_rule_was_met() -> None:
    stage = Stage(rule(table(price="<=16")))
    for observed in (seen(2), seen(6), seen(3)):
        stage.poll({"PRD-1": observed})

    assert stage.poll({"PRD-1": seen(50, price=DEAR)}) == resolved(Cause.PRICE)
    assert stage.last.facts.peak == 6
    assert stage.last.facts.remaining == 50


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


def test_a_filled_list_begins_the_count_of_empty_ones_anew() -> None:
    stage = Stage()
    for answer in ({"PRD-1": 3}, NOTHING, NOTHING, {"PRD-1": 3}, NOTHING, NOTHING):
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
