"""How much stock a made-up product has at a simulated second. Pure: a function of (seed, second).

Nothing is carried from one second to the next, so any second can be asked for, in any order, and
the same seed always tells the same story. Second 0 is nine in the morning of the first day.
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import cos, pi
from typing import Final, assert_never

from monitor.simulator.offer import OUT_OF_STOCK

OPENING_S: Final = 24
"""The first cycle of a pulse is a short one: whoever starts the demo sees it sell out and return."""

DAY_S: Final = 86_400
_FIRST_HOUR_S: Final = 9 * 3600
_BUSIEST_S: Final = 15 * 3600


@dataclass(frozen=True, slots=True)
class Steady:
    remaining: int


@dataclass(frozen=True, slots=True)
class Tide:
    """Rises and falls between none and `capacity`; the more is `taken` at the busiest hour, the scarcer."""

    capacity: int
    slot_s: int
    taken: float
    unlisted_when_out: bool = False
    blocked_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """Sells out and comes back once in every cycle, up to `peak` nodes at a time."""

    peak: int
    cycle_s: int = 60


Behaviour = Steady | Tide | Pulse


@dataclass(frozen=True, slots=True)
class Stock:
    remaining: int
    stock_error: str | None = None
    listed: bool = True


def stock_at(seed: int, product: str, behaviour: Behaviour, second: int) -> Stock:
    """The stock of `product` at a second from 0 on."""
    match behaviour:
        case Steady(remaining):
            return _labelled(remaining)
        case Tide():
            return _tide(seed, product, behaviour, second)
        case Pulse():
            return _labelled(_pulse(seed, product, behaviour, second))
        case _:
            assert_never(behaviour)


def busyness(second: int) -> float:
    """The rhythm of a day: 1 at three in the afternoon, 0 at three in the morning."""
    time_of_day_s = (second + _FIRST_HOUR_S) % DAY_S
    return (1 + cos(2 * pi * (time_of_day_s - _BUSIEST_S) / DAY_S)) / 2


def _labelled(remaining: int) -> Stock:
    return Stock(remaining, None if remaining else OUT_OF_STOCK)


def _tide(seed: int, product: str, tide: Tide, second: int) -> Stock:
    slot, into_s = divmod(second, tide.slot_s)
    before, after = _draw(seed, product, "level", slot), _draw(seed, product, "level", slot + 1)
    supply = before + (after - before) * into_s / tide.slot_s
    remaining = max(0, round(tide.capacity * (supply - tide.taken * busyness(second))))
    if not remaining:
        return Stock(0, OUT_OF_STOCK, listed=not tide.unlisted_when_out)
    is_blocked = _draw(seed, product, "blocked", slot) < tide.blocked_share
    return Stock(remaining, OUT_OF_STOCK if is_blocked else None)


def _pulse(seed: int, product: str, pulse: Pulse, second: int) -> int:
    cycle = 0 if second < OPENING_S else 1 + (second - OPENING_S) // pulse.cycle_s
    sold_out_at, back_at = _gap(seed, product, pulse, cycle)
    if sold_out_at <= second < back_at:
        return 0
    if second < sold_out_at:
        opened_at, closes_at = (_gap(seed, product, pulse, cycle - 1)[1] if cycle else 0), sold_out_at
    else:
        opened_at, closes_at = back_at, _gap(seed, product, pulse, cycle + 1)[0]
    nodes = 2 + int(_draw(seed, product, "nodes", opened_at) * (pulse.peak - 1))
    return nodes - nodes * (second - opened_at) // (closes_at - opened_at)


def _gap(seed: int, product: str, pulse: Pulse, cycle: int) -> tuple[int, int]:
    """From which second to which the product is gone in this cycle. Busy hours make it longer."""
    early, long = _draw(seed, product, "early", cycle), _draw(seed, product, "long", cycle)
    if not cycle:
        sold_out_at = 7 + int(early * 5)
        return sold_out_at, sold_out_at + 5 + int(long * 5)
    start = OPENING_S + (cycle - 1) * pulse.cycle_s
    sold_out_at = start + 10 + int(early * pulse.cycle_s / 6)
    gone_s = 8 + int((long + busyness(start)) * pulse.cycle_s / 8)
    return sold_out_at, sold_out_at + gone_s


def _draw(seed: int, product: str, what: str, index: int) -> float:
    """Evenly from [0, 1), the same for the same arguments in every process and on every machine."""
    digest = blake2b(f"{seed}/{product}/{what}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
