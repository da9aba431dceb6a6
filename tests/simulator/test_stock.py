from itertools import groupby, pairwise

import pytest

from monitor.simulator.catalogue import CATALOGUE, DEFAULT_SEED, Lively
from monitor.simulator.stock import DAY_S, Pulse, Steady, Stock, Tide, busyness, stock_at

HOUR_S = 3600
SEEDS = [DEFAULT_SEED, *range(100, 150)]
BEHAVIOURS = {offer.identity: behaviour for offer, behaviour in CATALOGUE}
PINNED = [2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3]


def story(seed: int, seconds: int) -> list[tuple[tuple[tuple[int, str], int, str | None], ...]]:
    lively = Lively(seed)
    return [
        tuple((offer.identity, offer.remaining, offer.stock_error) for offer in lively.offers_at(second))
        for second in range(seconds)
    ]


def watched(seed: int, from_s: float, polls: int) -> list[int]:
    """What a monitor sees of PRD-TRAIN-1 that polls once a second from `from_s` on."""
    return [
        stock_at(seed, "1/PRD-TRAIN-1", BEHAVIOURS[1, "PRD-TRAIN-1"], int(from_s + poll)).remaining
        for poll in range(polls)
    ]


def phases(counts: list[int]) -> list[tuple[bool, int]]:
    """Runs of available (True) and sold out, with their length in polls."""
    return [(in_stock, len(list(run))) for in_stock, run in groupby(count > 0 for count in counts)]


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(7, 300) == story(7, 300)
    assert Lively(7).offers_at(299.9) == Lively(7).offers_at(299.0)


def test_a_second_can_be_asked_for_without_those_before_it() -> None:
    forward = [Lively(3).offers_at(second) for second in range(200)]
    backward = [Lively(3).offers_at(second) for second in reversed(range(200))]
    assert forward == backward[::-1]


def test_the_story_of_a_seed_is_the_same_on_every_machine() -> None:
    assert watched(1, 0, 24) == PINNED


def test_the_catalogue_serves_the_story_of_each_product() -> None:
    served = [
        o.remaining for at in range(60) for o in Lively(9).offers_at(at) if o.product_code == "PRD-TRAIN-1"
    ]
    assert served == watched(9, 0, 60)


def test_another_seed_tells_another_story() -> None:
    assert len({str(story(seed, 60)) for seed in range(20)}) == 20


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("from_s", [0.0, 0.99, 4.5])
def test_the_watched_product_sells_out_and_comes_back_within_thirty_seconds(seed: int, from_s: float) -> None:
    seen = phases(watched(seed, from_s, 30 - int(from_s)))
    assert [in_stock for in_stock, _ in seen[:3]] == [True, False, True]
    assert all(length >= 2 for _, length in seen[:3])
    assert sum(length for _, length in seen[:2]) <= 21


@pytest.mark.parametrize("seed", SEEDS)
def test_the_watched_product_goes_on_selling_out_about_once_a_minute(seed: int) -> None:
    seen = phases(watched(seed, 0, 1224))
    assert sum(1 for in_stock, _ in seen if not in_stock) == 21
    assert min(length for _, length in seen[:-1]) >= 5


def test_the_watched_product_sells_down_to_the_last_node() -> None:
    counts = watched(DEFAULT_SEED, 0, 1200)
    falls = [before for before, after in pairwise(counts) if after == 0 < before]
    assert set(falls) == {1}
    assert max(counts) in {3, 4}


@pytest.mark.parametrize(("offer", "behaviour"), CATALOGUE)
def test_stock_stays_within_its_capacity_and_names_its_error(offer: object, behaviour: object) -> None:
    assert isinstance(behaviour, Steady | Tide | Pulse)
    most = {Steady: 40, Tide: getattr(behaviour, "capacity", 0), Pulse: 4}[type(behaviour)]
    for second in range(0, 2 * DAY_S, 997):
        stock = stock_at(5, str(offer), behaviour, second)
        assert 0 <= stock.remaining <= most
        assert stock.remaining or stock.stock_error == "库存不足"
        assert stock.listed or not stock.remaining


def test_the_day_is_busiest_at_three_in_the_afternoon() -> None:
    hours = {hour: busyness((hour - 9) % 24 * HOUR_S) for hour in range(24)}
    assert max(hours, key=hours.__getitem__) == 15
    assert min(hours, key=hours.__getitem__) == 3
    assert hours[15] == pytest.approx(1)
    assert hours[3] == pytest.approx(0)


def test_nights_leave_more_stock_than_days() -> None:
    tide = Tide(capacity=10, slot_s=60, taken=0.6)

    def mean(from_hour: int) -> float:
        start = (from_hour - 9) % 24 * HOUR_S
        counts = [stock_at(1, "x", tide, s).remaining for s in range(start, start + 4 * HOUR_S, 30)]
        return sum(counts) / len(counts)

    assert mean(1) > 2 * mean(13)


def test_gaps_are_longer_by_day_than_by_night() -> None:
    pulse = Pulse(4)

    def sold_out_seconds(from_hour: int) -> int:
        start = (from_hour - 9) % 24 * HOUR_S
        return sum(stock_at(1, "x", pulse, s).remaining == 0 for s in range(start, start + 2 * HOUR_S))

    assert sold_out_seconds(14) > 1.3 * sold_out_seconds(2)


def test_some_stock_is_blocked_and_some_products_vanish_when_sold_out() -> None:
    offers = [Lively().offers_at(second) for second in range(0, DAY_S, 50)]
    blocked = {o.product_code for seen in offers for o in seen if o.remaining and o.stock_error}
    assert blocked == {"PRD-TRAIN-7"}
    assert {len(seen) for seen in offers} == {11, 12}
    assert all(o.remaining for seen in offers for o in seen if o.product_code == "PRD-TRAIN-10")


@pytest.mark.parametrize("seed", SEEDS)
def test_gpus_of_data_centre_two_come_back_within_the_hour(seed: int) -> None:
    stories = [
        [stock_at(seed, f"2/{code}", behaviour, second).remaining for second in range(0, HOUR_S, 10)]
        for (aidc_id, code), behaviour in BEHAVIOURS.items()
        if aidc_id == 2
    ]
    assert any(before == 0 < after for story in stories for before, after in pairwise(story))


def test_a_steady_product_never_changes() -> None:
    assert {stock_at(s, "x", Steady(6), s * 1000) for s in range(50)} == {Stock(6)}
