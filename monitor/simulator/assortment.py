"""The products of a made-up history: those of the default catalogue with slower habits, and more. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final

from monitor.simulator.catalogue import CATALOGUE
from monitor.simulator.offer import Offer
from monitor.simulator.restocks import Habit
from monitor.simulator.stock import Steady

MOST_PRODUCTS: Final = 10_000
CENTRES: Final = 8

Assortment = Sequence[tuple[Offer, Habit | Steady]]


def assortment(seed: int, products: int) -> Assortment:
    """The first of the default catalogue; beyond its twelve, nodes that nobody has heard of."""
    known = [(offer, _HABITS[offer.aidc_id, offer.product_code]) for offer, _ in CATALOGUE]
    more = [_made_up(seed, number) for number in range(len(known), products)]
    return [*known, *more][:products]


def _made_up(seed: int, number: int) -> tuple[Offer, Habit]:
    """As rare as most of what people wait for: an opening in days."""
    chance = Random(f"{seed}/made up/{number}")
    like = chance.choice([offer for offer, _ in CATALOGUE if offer.gpu_count != "0"])
    code = f"PRD-TRAIN-{number}"
    offer = replace(like, product_code=code, name=f"分布式训练{number}", aidc_id=1 + number % CENTRES)
    return offer, Habit(
        bursts_a_week=0.3 * 20 ** chance.random(),
        lasts=timedelta(minutes=20 ** chance.random()),
        peak=1 + int(chance.random() * 8),
        openings_a_burst=1.8,
        unlisted_when_out=chance.random() < 0.1,
    )


_MINUTE: Final = timedelta(minutes=1)
_HABITS: Final[dict[tuple[int, str], Habit | Steady]] = {
    (1, "PRD-CCI-1"): Steady(6),
    (1, "PRD-TRAIN-1"): Habit(3, 3 * _MINUTE, 4, spread=1.4),
    (1, "PRD-TRAIN-2"): Habit(8, 4 * _MINUTE, 6),
    (1, "PRD-TRAIN-3"): Habit(10, 12 * _MINUTE, 12),
    (2, "PRD-CCI-1"): Steady(40),
    (2, "PRD-TRAIN-4"): Habit(4, 2 * _MINUTE, 5, spread=1.3),
    (2, "PRD-TRAIN-5"): Habit(14, 15 * _MINUTE, 9),
    (2, "PRD-TRAIN-6"): Habit(20, 40 * _MINUTE, 20, openings_a_burst=1.5),
    (2, "PRD-TRAIN-7"): Habit(9, 6 * _MINUTE, 6, blocked_share=0.25),
    (3, "PRD-TRAIN-8"): Habit(12, 10 * _MINUTE, 8),
    (3, "PRD-TRAIN-9"): Habit(24, 60 * _MINUTE, 60, openings_a_burst=1.5),
    (3, "PRD-TRAIN-10"): Habit(10, 5 * _MINUTE, 4, unlisted_when_out=True),
}
