"""Polls played one after another: why a rule fires and resolves, and what it sees first."""

from decimal import Decimal

import pytest

from monitor.core.decision import Cause, MuteReason
from monitor.core.matching import Rule
from monitor.core.product import Invalid, Seen
from tests.core.builders import (
    MINUTE,
    Stage,
    failed,
    fired,
    resolved,
    rule,
    seen,
    table,
)

DEAR = Decimal(17)
BAD_COUNT = Invalid("remainingCount is null")


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
