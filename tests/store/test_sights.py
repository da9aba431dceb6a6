"""What the database kept of a past is enough to decide it again: the transitions are those of the monitor."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

import pytest

from monitor.core.answer import Failed, Listing
from monitor.core.decision import Transition
from monitor.core.matching import Criterion, Range, Rule
from monitor.core.moment import to_ms
from monitor.core.product import Absent, Attributes, Feed, Invalid, ProductKey, Seen
from monitor.core.replay import Past, replay
from monitor.core.world import Settings
from monitor.store.housekeeping import Housekeeping
from monitor.store.sights import Replayable, replayable
from tests.store.ground import H800, NOON, SETTINGS, TIMEOUT, Monitor, key, listing, new_store, seen

TICK = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)
CODES = ("A", "B", "C")
RULES = (
    Rule("any", ((Criterion("product_code", globs=("*",)),),), ("slack",)),
    Rule(
        "two",
        ((_AT_LEAST_TWO := Criterion("remaining", ranges=(Range.parse(">=2"),)),),),
        ("slack",),
        hold_for=MINUTE,
    ),
    Rule("kept", ((_AT_LEAST_TWO,),), ("slack",), keep_firing_for=2 * MINUTE, remind_every=3 * MINUTE),
    Rule(
        "cheap",
        (
            (
                Criterion("price", ranges=(Range.parse("<=20"),)),
                Criterion("price_unit", ranges=(Range.parse("11"),)),
            ),
        ),
        ("slack",),
        announce_existing=False,
        min_gap=timedelta(0),
    ),
)
PRICES = (Decimal("19.9"), Decimal(21), None)


def _settings(*rules: Rule) -> Settings:
    return replace(SETTINGS, rules=rules)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_replayed_is_what_the_monitor_stored(tmp_path: Path, seed: int) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine, _settings(*RULES))
        for answer, later in _answers(Random(seed)):
            monitor.poll(answer, later=later)
        told = _stored(monitor)
        again = _replayed(monitor, NOON)
    assert again == told
    assert len(told) > 30


@pytest.mark.parametrize("seed", range(3))
def test_thinning_changes_nothing(tmp_path: Path, seed: int) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine, _settings(*RULES))
        for answer, later in _answers(Random(seed), holes=(TICK,)):
            monitor.poll(answer, later=later)
        before, polls = _replayed(monitor, NOON), monitor.rows("SELECT count(*) FROM poll")
        house, then = Housekeeping(timedelta(days=400)), monitor.now + timedelta(days=40)
        while monitor.write(lambda connection: house.step(connection, then)):
            pass
        assert monitor.rows("SELECT count(*) FROM poll") < polls
        assert _replayed(monitor, NOON) == before


def test_what_was_before_the_time_asked_for_is_known_and_existing(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for left in (0, 2, 2, 2):
            monitor.poll(listing({"A": seen(left)}))
        (one,) = _pasts(monitor, monitor.now - TICK)
        (opening,) = _replayed(monitor, monitor.now - TICK, RULES[0])
    assert [sight.observation for sight in one.past.sights] == [seen(2)]
    assert list(one.past.answered.times) == [monitor.now_ms - 15_000, monitor.now_ms]
    assert opening[2:5] == (monitor.now_ms - 15_000, "fired", "existing")


def test_attributes_are_those_of_their_time(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for price, left in (("19.9", 1), ("25", 1), ("25", 2), ("7", 2), ("7", 0)):
            priced = replace(H800, price=Decimal(price))
            monitor.poll(listing({"A": seen(left, attributes=priced)}))
        (one,) = _pasts(monitor, NOON)
        (late,) = _pasts(monitor, monitor.now)
    observed = [sight.observation for sight in one.past.sights]
    assert [(s.remaining, s.attributes.price) for s in observed if isinstance(s, Seen)] == [
        *((1, Decimal("19.9")), (1, Decimal(25)), (2, Decimal(25)), (2, Decimal(7)), (0, Decimal(7)))
    ]
    assert [attributes.price for attributes in one.attributes] == [Decimal("19.9"), Decimal(25), Decimal(7)]
    assert [type(sight.observation) for sight in late.past.sights] == [Seen]


def test_a_product_is_surely_gone_with_the_second_clear_answer(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for rows, unusable in (({"A": seen(1)}, 0), ({}, 0), ({}, 1), ({}, 0), ({}, 0)):
            monitor.poll(listing({"B": seen(1), **rows}, unusable=unusable))
        one, _ = _pasts(monitor, NOON)
    told = [(sight.at_ms, sight.observation) for sight in one.past.sights]
    start = to_ms(NOON)
    assert told[1:] == [(start + 30_000, Absent(sure=False)), (start + 60_000, Absent(sure=True))]


def test_a_believed_empty_list_makes_it_sure_at_once(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for answer in (listing({"A": seen(1)}), *[Listing(())] * 3):
            monitor.poll(answer)
        (one,) = _pasts(monitor, NOON)
    assert [sight.observation for sight in one.past.sights[1:]] == [Absent(sure=True)]


def test_only_what_is_wanted_is_read_and_progress_is_told(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        monitor.poll(listing({"A": seen(1), "B": seen(1)}))
        found = list(
            monitor.write(
                lambda connection: list(
                    replayable(
                        connection,
                        NOON,
                        lambda product, _: product.product_code == "B",
                        lambda done, of: steps.append((done, of)),
                    )
                )
            )
        )
    assert [one.past.key for one in found] == [key("B")]
    assert steps == [(0, 2), (1, 2), (2, 2)]


def test_a_database_without_polls_has_no_past(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        assert _pasts(Monitor(engine), NOON) == []


def test_feeds_of_one_centre_answer_for_its_products_only(tmp_path: Path) -> None:
    first, second = Feed("alaya", 1), Feed("alaya", 2)
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine, feeds=(first, second))
        for number in range(4):
            monitor.poll(listing({"A": seen(number % 2)}), first)
            monitor.poll(listing({"A": seen(1)}, aidc_id=2), second, timedelta(seconds=5))
        one, other = _pasts(monitor, NOON)
    assert (one.past.feed, other.past.feed) == (first, second)
    assert len(one.past.answered.times) == len(other.past.answered.times) == 4
    assert set(one.past.answered.times).isdisjoint(other.past.answered.times)
    assert one.answers.usual_ms == 20_000
    assert (len(one.past.sights), len(other.past.sights)) == (4, 1)


def test_a_time_that_nobody_watched_is_a_hole(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for later in (15, 15, 600, 15):
            monitor.poll(listing({"A": seen(1)}), later=timedelta(seconds=later))
        for _ in range(8):
            monitor.poll(TIMEOUT)
        monitor.poll(listing({"A": seen(1)}))
        (one,) = _pasts(monitor, NOON)
    start = to_ms(NOON)
    holes = one.past.answered.holes(one.answers.patience_ms)
    assert holes == [(start + 30_000, start + 630_000), (start + 645_000, start + 780_000)]


def test_a_clock_that_was_set_back_reads_as_one_that_stood_still(tmp_path: Path) -> None:
    with new_store(tmp_path) as engine:
        monitor = Monitor(engine)
        for left, later in ((0, 15), (1, 15), (0, -60), (1, 15)):
            monitor.poll(listing({"A": seen(left)}), later=timedelta(seconds=later))
        (one,) = _pasts(monitor, NOON - MINUTE)
    times = list(one.past.answered.times)
    assert times == sorted(set(times))
    assert [sight.at_ms for sight in one.past.sights] == times


def _answers(
    chance: Random, holes: Sequence[timedelta] = (TICK, TICK, TICK, 10 * MINUTE)
) -> list[tuple[Listing | Failed, timedelta]]:
    """Hours of a busy catalogue: the same is mostly told for a few polls; some polls fail or are empty."""
    told: list[tuple[Listing | Failed, timedelta]] = []
    shown: dict[str, Seen | Invalid | None] = dict.fromkeys(CODES)
    for _ in range(150):
        shown[chance.choice(CODES)] = _drawn(chance)
        rows = {code: one for code, one in shown.items() if one is not None}
        full = listing({"STEADY": seen(9, attributes=H800), **rows}, unusable=int(chance.random() < 0.1))
        answers: list[Listing | Failed] = [full] * chance.randint(1, 9)
        if chance.random() < 0.1:
            answers[1:1] = chance.choice([[TIMEOUT], [TIMEOUT] * 6, [Listing(())], [Listing(())] * 4])
        told += [
            (answer, chance.choice(holes) if not number else TICK) for number, answer in enumerate(answers)
        ]
    return told


def _drawn(chance: Random) -> Seen | Invalid | None:
    attributes = replace(H800, price=chance.choice(PRICES))
    usable = [seen(left, attributes=attributes) for left in (0, 0, 1, 2, 5)]
    return chance.choice([*usable, seen(3, "库存不足", attributes), Invalid("remainingCount is null"), None])


Row = tuple[object, ...]


def _stored(monitor: Monitor) -> list[Row]:
    muted = "(SELECT reason FROM delivery WHERE transition_id = t.id AND state = 'muted')"
    columns = f"rule, product_code, at, edge, cause, {muted}"
    rows = monitor.rows(f"SELECT {columns} FROM transition t JOIN product p ON p.id = t.product_id")
    return sorted(rows, key=repr)


def _replayed(monitor: Monitor, since: datetime, *rules: Rule) -> list[Row]:
    told = [one for found in _pasts(monitor, since) for one in _told(found.past, rules or RULES)]
    return sorted((_row(one) for one in told), key=repr)


def _told(past: Past, rules: Sequence[Rule]) -> list[Transition]:
    return list(replay(past, _settings(*rules), map("again-{}".format, count()).__next__))


def _row(one: Transition) -> Row:
    muted = one.deliveries[0].muted
    return (
        *(one.rule, one.product.product_code, to_ms(one.at), one.kind.value, one.cause.value),
        None if muted is None else muted.value,
    )


def _pasts(monitor: Monitor, since: datetime) -> list[Replayable]:
    return monitor.write(lambda connection: list(replayable(connection, since, _is_anything)))


def _is_anything(_key: ProductKey, _attributes: Sequence[Attributes]) -> bool:
    return True
