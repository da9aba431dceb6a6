"""A past that was lived: the monitor decides every poll of it, and what is stored is kept for replays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from hypothesis import strategies as st

from monitor.core.answer import Failed, Listing
from monitor.core.answered import Answered
from monitor.core.decision import Transition
from monitor.core.matching import Rule
from monitor.core.moment import to_ms
from monitor.core.product import Invalid, Seen
from monitor.core.replay import Past, Sight
from tests.core.builders import FEED, SECOND, Stage, failed, key_of, row, rule, seen, table

TICK = 15 * SECOND
ODD = Invalid("remainingCount is null")
DEAR = seen(3, price="30")

Shown = Seen | Invalid | None
"""None: not listed."""


@dataclass(frozen=True)
class Played:
    """One poll, so many ticks after the last one."""

    shown: Shown
    fails: bool = False
    is_unclear: bool = False
    after: int = 1

    def answer(self) -> Failed | Listing:
        if self.fails:
            return failed()
        rows = [row(1, "OTHER"), *([row(self.shown)] if self.shown else [])]
        return Listing(tuple(rows), unusable=int(self.is_unclear))


LISTED: st.SearchStrategy[Shown] = st.sampled_from(
    [seen(0), seen(1), seen(2), seen(5), seen(4, "库存不足"), DEAR]
)
ANYTHING: st.SearchStrategy[Shown] = st.one_of(LISTED, st.sampled_from([ODD, None]))


def pasts(shown: st.SearchStrategy[Shown]) -> st.SearchStrategy[list[Played]]:
    """The same is mostly shown for a few polls; some polls fail, and now and then there is a hole."""
    stretch = st.tuples(
        shown,
        st.integers(1, 8),
        st.sampled_from([False] * 6 + [True]),
        st.sampled_from([False] * 6 + [True]),
        st.sampled_from([1] * 8 + [3, 20]),
    ).map(
        lambda drawn: [
            Played(drawn[0], drawn[2] and number == 1, drawn[3], drawn[4] if number == 0 else 1)
            for number in range(drawn[1])
        ]
    )
    return st.lists(stretch, min_size=1, max_size=14).map(
        lambda parts: [one for part in parts for one in part]
    )


DURATIONS = st.sampled_from([0, 20, 60, 150]).map(lambda seconds: seconds * SECOND)
RULES: st.SearchStrategy[Rule] = st.builds(
    rule,
    st.sampled_from(
        [(), table(remaining=">=2"), table(price="<=20", price_unit="11"), table(total_gpus="<=24")]
    ),
    name=st.just("nodes"),
    hold_for=DURATIONS,
    keep_firing_for=DURATIONS,
    min_gap=DURATIONS,
    more_at=st.sampled_from([None, Decimal(2)]),
    remind_every=st.one_of(st.none(), st.just(45 * SECOND)),
    announce_existing=st.booleans(),
    notify_sold_out=st.booleans(),
)


@dataclass(frozen=True)
class Lived:
    stage: Stage
    past: Past
    transitions: Sequence[Transition]


def live(polls: Sequence[Played], *rules: Rule) -> Lived:
    """Every poll of it decided, in the daemon's way."""
    stage, key = Stage(*rules), key_of()
    times: list[int] = []
    sights: list[Sight] = []
    for played in polls:
        stage.poll(played.answer(), after=played.after * TICK)
        if stage.outcome == "ok":
            times.append(to_ms(stage.now))
            product = stage.world.products[FEED].get(key)
            if product and (not sights or sights[-1].observation != product.current):
                sights.append(Sight(times[-1], product.current))
    answered = Answered(times, [0] * len(times))
    return Lived(stage, Past(key, FEED, sights, answered), [t for t in stage.transitions if t.product == key])


def without_ids(transitions: Sequence[Transition]) -> list[Transition]:
    """Event ids are drawn: here they are the numbers in which they come."""
    numbers: dict[str, str] = {}
    named = map(str, count())
    return [
        replace(
            one,
            event_id=numbers.setdefault(one.event_id, next(named)),
            opening=numbers.setdefault(one.opening, next(named)),
        )
        for one in transitions
    ]


def ids() -> "map[str]":
    return map("replayed-{}".format, count())
