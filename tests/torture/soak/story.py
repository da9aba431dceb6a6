"""What happens around the daemon in a soak, by its seed: stock, prices, outages, reloads. Pure."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

from monitor.simulator.offer import OUT_OF_STOCK, Offer
from monitor.simulator.scenario import Change

HOUR_S: Final = 3600.0
GPU: Final = "NVIDIA-H800A-NV-80G"
WATCHED: Final = 30
UNWATCHED: Final = 12
FLAPPING_A_DAY: Final = 2
INTERVALS_S: Final = (15, 20, 30, 45, 60)

Place = Literal["upstream", "hook", "mail", "disk"]
UPSTREAM_KINDS: Final = ("refused", "500", "hang", "403", "mixed", "html", "429", "reset")
HOOK_KINDS: Final = ("refused", "500", "slow", "429", "404", "late", "stuck")
MAIL_KINDS: Final = ("refused", "451", "550", "hang up")


@dataclass(frozen=True, slots=True)
class Outage:
    """From `from_s` up to `until_s` this place misbehaves in this way."""

    place: Place
    kind: str
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Day:
    """From `reload_s` on the configuration says the rest. `flapping`: which product, from, until."""

    outages: tuple[Outage, ...]
    reload_s: float
    interval_s: int
    has_extra_rule: bool
    hook_language: str
    flapping: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """So many `hours`, in days of `day_h` hours: in a shorter day everything is closer together."""

    seed: int
    hours: float
    day_h: float = 24.0

    @property
    def end_s(self) -> float:
        return self.hours * HOUR_S

    @property
    def day_s(self) -> float:
        return self.day_h * HOUR_S

    @property
    def days(self) -> list[Day]:
        return [self.day(number) for number in range(int(self.end_s // self.day_s) + 1)]

    @property
    def outages(self) -> list[Outage]:
        """In order; the last of 24 hours of the story's day is left alone."""
        last_s = self.end_s - self.day_s / 24
        found = [outage for day in self.days for outage in day.outages if outage.until_s < last_s]
        return sorted(found, key=lambda outage: outage.from_s)

    def day(self, number: int) -> Day:
        """Outages of one place do not overlap."""
        random = Random(f"{self.seed} day {number}")

        def at(hour: float) -> float:
            return (number + hour / 24) * self.day_s

        def outage(place: Place, kind: str, hour: float, shortest: float, longest: float) -> Outage:
            return Outage(place, kind, at(hour), at(hour + random.uniform(shortest, longest)))

        outages = [
            outage("upstream", _in_turn(UPSTREAM_KINDS, number), random.uniform(1, 4), 1.5, 5),
            outage("hook", _in_turn(HOOK_KINDS, number), 10, 0.3, 1.5),
            outage("mail", _in_turn(MAIL_KINDS, number), 12.5, 0.3, 2),
            outage("upstream", random.choice(UPSTREAM_KINDS), random.uniform(16, 18), 0.1, 0.5),
        ]
        if number % 7 == 3:
            outages.append(outage("disk", "refuses", 20, 0.1, 0.3))
        return Day(
            outages=tuple(outages),
            reload_s=at(9),
            interval_s=random.choice(INTERVALS_S),
            has_extra_rule=number % 2 == 1,
            hook_language=random.choice(("en", "zh")),
            flapping=tuple(_flapping(random, number * self.day_s, self.day_s) for _ in range(FLAPPING_A_DAY)),
        )

    def changes(self, listed: Sequence[Offer]) -> Iterator[Change]:
        """What becomes of each product, in the order of time, for ever."""
        random = Random(f"{self.seed} changes")
        due = [(random.uniform(0, HOUR_S), number) for number in range(len(listed))]
        heapq.heapify(due)
        in_stock = {number: offer.remaining > 0 for number, offer in enumerate(listed)}
        today, today_is = self.day(0), 0
        while True:
            at_s, number = heapq.heappop(due)
            if at_s // self.day_s != today_is:
                today_is = int(at_s // self.day_s)
                today = self.day(today_is)
            if any(number == flapping and since <= at_s < until for flapping, since, until in today.flapping):
                fields, pause_s = _flap(random, was_in_stock=in_stock[number])
            else:
                fields, pause_s = _next_of(random, was_in_stock=in_stock[number])
            in_stock[number] = bool(fields.get("remaining", in_stock[number]))
            yield Change(at_s, listed[number].identity, fields)
            heapq.heappush(due, (at_s + pause_s, number))


def offers(seed: int) -> list[Offer]:
    """The list as it is at the beginning."""
    random = Random(f"{seed} offers")
    return [
        Offer(
            f"PRD-TRAIN-{number}",
            f"Node {number}",
            aidc_id=1 + number % 2,
            gpu_name=GPU if number < WATCHED else None,
            gpu_count="8" if number < WATCHED else "0",
            price=_price(random),
            remaining=random.choice((0, 0, 3)),
        )
        for number in range(WATCHED + UNWATCHED)
    ]


def _in_turn(kinds: Sequence[str], number: int) -> str:
    return kinds[number % len(kinds)]


def _flapping(random: Random, since_s: float, day_s: float) -> tuple[int, float, float]:
    begin_s = since_s + random.uniform(0, 22 / 24) * day_s
    return random.randrange(WATCHED), begin_s, begin_s + random.uniform(0.5, 2) / 24 * day_s


def _flap(random: Random, *, was_in_stock: bool) -> tuple[dict[str, Any], float]:
    """The fields that change, and how long until the next change."""
    return {"remaining": 0 if was_in_stock else 2, "listed": True, "stock_error": None}, random.uniform(
        10, 90
    )


def _next_of(random: Random, *, was_in_stock: bool) -> tuple[dict[str, Any], float]:
    """As `_flap`."""
    if random.random() < 0.15:
        return {"price": _price(random)}, random.expovariate(1 / HOUR_S)
    if not was_in_stock:
        stock = {"remaining": random.randint(1, 9), "listed": True, "stock_error": None}
        return stock, random.expovariate(1 / (2 * HOUR_S))
    gone = random.random()
    if gone < 0.3:
        return {"remaining": random.randint(1, 9)}, random.expovariate(1 / HOUR_S)
    pause_s = random.expovariate(1 / (4 * HOUR_S))
    if gone < 0.8:
        return {"remaining": 0}, pause_s
    if gone < 0.9:
        return {"remaining": 0, "listed": False}, pause_s
    return {"stock_error": OUT_OF_STOCK}, pause_s


def _price(random: Random) -> str:
    return f"{random.randint(50, 400) / 10:g}"
