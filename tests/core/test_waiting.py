"""What a wait returns with, and when it says that it cannot see."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.core.product import Absent, Feed, Invalid, Observation, ProductKey
from monitor.core.waiting import Answered, Found, Look, blindness, due_at, found_by, may_match
from tests.core.builders import H800, MINUTE, START, key_of, rule, seen, table

TICK = timedelta(seconds=15)
ONE = Answered(Feed("default", None), TICK, MINUTE, START, START)
NODES = rule(table(gpu_name="NVIDIA-H800*", remaining=">=2"))


def look(
    *feeds: Answered, at: datetime = START, products: dict[ProductKey, Observation] | None = None
) -> Look:
    stock = {key_of(): seen(3)} if products is None else products
    return Look(at, feeds or (ONE,), {key: (H800, observation) for key, observation in stock.items()})


def test_a_product_that_meets_the_rule_in_a_fresh_poll_is_found() -> None:
    assert found_by(NODES, look()) == Found(key_of(), seen(3), START)


@pytest.mark.parametrize(
    "observation", [seen(1), seen(3, "库存不足"), Invalid("no count"), Absent(sure=True), Absent(sure=False)]
)
def test_what_does_not_meet_it_for_sure_is_not_found(observation: Observation) -> None:
    assert found_by(NODES, look(products={key_of(): observation})) is None


@pytest.mark.parametrize(("age", "is_found"), [(2.9, True), (3, False)])
def test_a_poll_is_fresh_for_three_intervals(age: float, is_found: bool) -> None:
    assert bool(found_by(NODES, look(at=START + age * TICK))) is is_found


def test_a_poll_in_the_future_is_fresh_and_one_that_never_came_is_not() -> None:
    assert found_by(NODES, look(at=START - MINUTE))
    assert found_by(NODES, look(replace(ONE, last_ok_at=None))) is None


def test_a_failed_poll_takes_nothing_from_a_fresh_one() -> None:
    assert found_by(NODES, look(replace(ONE, last_poll_at=START + TICK, failure="timeout"), at=START + TICK))


def test_only_a_feed_that_covers_the_product_makes_it_fresh() -> None:
    second = replace(ONE, feed=Feed("default", 2))
    other = replace(ONE, feed=Feed("other", None))
    assert found_by(NODES, look(second, other)) is None
    found = found_by(
        NODES, look(second, other, replace(ONE, feed=Feed("default", 1), last_ok_at=START + TICK))
    )
    assert found == Found(key_of(), seen(3), START + TICK)


def test_for_and_silences_do_not_hold_it_up() -> None:
    assert found_by(replace(NODES, hold_for=MINUTE), look())


def test_the_first_table_that_is_met_comes_first_and_then_the_most_nodes() -> None:
    either = rule(table(gpu_count="8"), table(gpu_count="4"))
    stock: dict[ProductKey, Observation] = {
        key_of("PRD-1"): seen(9, gpu_count=4),
        key_of("PRD-2"): seen(1),
        key_of("PRD-4"): seen(3),
        key_of("PRD-3"): seen(3),
    }
    found = found_by(either, look(products=stock))
    assert found is not None
    assert found.key == key_of("PRD-3")


def test_a_feed_is_blind_after_its_patience_with_the_reason() -> None:
    failing = replace(ONE, failure="timeout")
    assert blindness(look(failing, at=START + MINUTE), START) == {ONE.feed: "timeout"}
    assert blindness(look(failing, at=START + MINUTE - TICK), START) == {}


def test_a_feed_that_was_silent_long_before_is_given_its_patience_anew() -> None:
    old = replace(ONE, last_ok_at=START - 60 * MINUTE)
    never = replace(ONE, feed=Feed("other", None), last_ok_at=None)
    assert blindness(look(old, never), START) == {}
    assert blindness(look(old, never, at=START + MINUTE), START) == {old.feed: None, never.feed: None}


def test_no_poll_is_due_before_an_interval_after_the_last() -> None:
    later = replace(ONE, feed=Feed("default", 2), last_poll_at=START + TICK)
    assert due_at(look(ONE, later)) == START + TICK
    assert due_at(look(ONE, replace(later, last_poll_at=None))) is None


@pytest.mark.parametrize(
    ("wanted", "feed", "may"),
    [
        ({}, Feed("default", 1), True),
        ({"gpu_name": "NVIDIA*"}, Feed("default", 1), True),
        ({"source": "other"}, Feed("default", None), False),
        ({"source": "def*"}, Feed("default", None), True),
        ({"aidc_id": "2"}, Feed("default", 1), False),
        ({"aidc_id": "2"}, Feed("default", 2), True),
        ({"aidc_id": "2"}, Feed("default", None), True),
        ({"aidc_id": "2", "source": "other"}, Feed("default", None), False),
    ],
)
def test_only_feeds_that_may_have_it_are_asked(wanted: dict[str, str], feed: Feed, may: bool) -> None:
    assert may_match(rule(table(**wanted)), feed) is may


def test_a_feed_is_asked_for_the_sake_of_any_table() -> None:
    either = rule(table(source="other"), table(source="default"))
    assert may_match(either, Feed("default", None))
