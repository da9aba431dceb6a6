"""The statistics of a product and of a rule, and that no number of them knows what nobody watched."""

from collections.abc import Sequence
from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.hours import Clock, local_clock
from monitor.core.lengths import Lengths, between, of_windows
from monitor.core.moment import to_ms
from monitor.core.presence import Presence, of_any, of_one
from monitor.core.product import Seen
from monitor.core.stats import HourOfWeek, Statistics, of_product, of_rule
from monitor.core.survival import Sample
from monitor.core.watched import Folded, Hole, fold, shown_by
from tests.core.polled import TICK, Answer, at, holes_of, spans_of

OUT = Seen(0)
FAILED = None
HOUR = timedelta(hours=1)


def clock_of(polls: int) -> Clock:
    return local_clock(UTC, at(0), at(polls))


def folded(polls: Sequence[Answer]) -> Folded[int]:
    spans = spans_of(polls)
    sights = [
        (to_ms(s.from_at), None if s.unseen_from is None else to_ms(s.unseen_from), shown_by(s.observation))
        for s in spans
    ]
    holes = [Hole(to_ms(h.start), to_ms(h.end), to_ms(h.answered_at or h.start)) for h in holes_of(polls)]
    answered = to_ms(spans[-1].last_at) if spans else to_ms(at(0))
    return fold(sights, answered, holes, to_ms(at(0)), to_ms(at(len(polls))))


def of(*polls: Answer) -> Statistics:
    return of_product(folded(polls), clock_of(len(polls)))


def test_shares_are_of_the_time_that_is_known() -> None:
    found = of(OUT, OUT, OUT, Seen(2), Seen(2), FAILED, FAILED, FAILED, FAILED, OUT)
    assert (found.observed, found.available) == (6 * TICK, 2 * TICK)
    assert (found.observed_share, found.available_share) == (0.6, 1 / 3)


def test_when_nothing_is_known_no_share_is_told() -> None:
    found = of(FAILED, FAILED)
    assert (found.observed_share, found.available_share, found.windows) == (0, None, 0)
    assert (found.last_opened_at, found.most, found.peak) == (None, 0, None)
    assert all(hour.share is None for hour in found.hours)


def test_windows_are_counted_with_what_was_not_seen_of_them() -> None:
    found = of(Seen(1), OUT, Seen(2), FAILED, Seen(5), OUT, Seen(3))
    assert (found.windows, found.opening_unseen, found.end_unseen, found.open_now) == (4, 2, 1, 1)
    assert (found.last_opened_at, found.most) == (at(6), 5)


def test_a_window_that_was_lost_after_its_first_poll_does_not_tell_whether_it_was_short() -> None:
    found = of(OUT, Seen(1), FAILED, OUT, Seen(1), OUT, Seen(1), Seen(1), OUT, Seen(1), Seen(1), FAILED)
    assert (found.seen_share.again, found.seen_share.count) == (2, 3)


def test_peak_and_pace_are_medians_of_enough_windows() -> None:
    window = (Seen(6), Seen(4), Seen(1), OUT)
    assert (of(OUT, *window * 5).peak, of(OUT, *window * 5).drained_per_minute) == (None, None)
    found = of(OUT, *window * 6)
    assert (found.peak, found.drained_per_minute) == (6, 10)


def test_a_single_drop_has_no_pace() -> None:
    assert of(OUT, *(Seen(6), Seen(4), OUT) * 9).drained_per_minute is None


def test_drops_that_a_clock_set_back_put_into_one_moment_have_no_pace() -> None:
    sights = [
        (0, None, 0),
        *((at_ms, at_ms - 5, left) for at_ms, left in ((900, 5), (300, 3), (400, 1), (500, 0))),
    ]
    found = of_product(fold(sights, 900, [], 0, 900), local_clock(UTC, at(0), at(1)))
    assert found.drained_per_minute is None


def test_the_windows_of_a_rule_are_those_of_its_products() -> None:
    one = folded([OUT, Seen(1), OUT, OUT, OUT, OUT])
    other = folded([OUT, OUT, Seen(3), Seen(3), OUT, OUT])
    found = of_rule([one, other], clock_of(6))
    assert (found.windows, found.most, found.available) == (2, 3, 3 * TICK)
    assert (found.lasts[0].count, found.between[0].count) == (2, 1)


def test_hours_are_those_that_were_watched() -> None:
    polls = [OUT] * 240 + [FAILED] * 240 + [Seen(1)] * 240
    found = of(*polls)
    sunday = 6 * 24  # 1 March 2026, from 10:00 on
    assert found.hours[sunday + 10 : sunday + 13] == (
        HourOfWeek(HOUR, timedelta(0)),
        HourOfWeek(timedelta(0), timedelta(0)),
        HourOfWeek(HOUR, HOUR),
    )
    assert [hour.share for hour in found.hours[sunday + 9 : sunday + 13]] == [None, 0, None, 1]


polls_of_one = st.lists(
    st.sampled_from([OUT, OUT, Seen(1), Seen(2), Seen(4, "库存不足")]), min_size=1, max_size=40
)
some = st.lists(st.integers(0, 39), max_size=12)


@settings(deadline=None)
@given(polls_of_one, some)
def test_a_hole_is_neither_out_nor_in(polls: list[Answer], blind: list[int]) -> None:
    """Take the answers of some polls away: what is told of the rest must be what all of them told."""
    of_one_product = [folded(polls)], [folded(hidden(polls, blind))]
    check(*of_one_product, len(polls))


@settings(deadline=None)
@given(polls_of_one, polls_of_one, some, some)
def test_nor_is_it_where_products_are_taken_together(
    one: list[Answer], other: list[Answer], blind_to_one: list[int], blind_to_other: list[int]
) -> None:
    length = min(len(one), len(other))
    one, other = one[:length], other[:length]
    seen = [folded(hidden(one, blind_to_one)), folded(hidden(other, blind_to_other))]
    check([folded(one), folded(other)], seen, length)


def hidden(polls: Sequence[Answer], blind: Sequence[int]) -> list[Answer]:
    return [FAILED if index in blind else answer for index, answer in enumerate(polls)]


def check(whole: Sequence[Folded[int]], seen: Sequence[Folded[int]], polls: int) -> None:
    start, end, clock = to_ms(at(0)), to_ms(at(polls)), clock_of(polls)
    everything, known = of_any(whole, start, end), of_any(seen, start, end)
    all_of_it, told = of_rule(whole, clock), of_rule(seen, clock)
    never_more(
        of_windows(p for product in seen for p in product.pieces),
        of_windows(p for product in whole for p in product.pieces),
    )
    never_more(gaps(known), gaps(everything))
    assert told.available <= all_of_it.available
    assert told.observed - told.available <= all_of_it.observed - all_of_it.available
    for hour, truth in zip(told.hours, all_of_it.hours, strict=True):
        assert hour.available <= truth.available
        assert hour.observed - hour.available <= truth.observed - truth.available
    assert sum((hour.observed for hour in told.hours), timedelta(0)) == told.observed
    assert sum((hour.available for hour in told.hours), timedelta(0)) == told.available
    if len(seen) == 1:
        assert of_one(seen[0], start, end).openings == known.openings


def gaps(presence: Presence) -> Lengths:
    return between(presence.openings, presence.dark, presence.answered_ms)


def never_more(told: Lengths, truth: Lengths) -> None:
    """What is said to have ended did so, after just that time; what was lost lasted for so long at least."""
    left_of(told.shortest, truth.shortest)
    longest = sorted([*left_of(told.longest, truth.longest), *truth.longest.lost])
    assert all(lost <= real for lost, real in zip(told.shortest.lost[::-1], longest[::-1], strict=False))


def left_of(told: Sample, truth: Sample) -> list[int]:
    """What ended in truth and was not told. ValueError when something was told that did not."""
    left = list(truth.ended)
    for length in told.ended:
        left.remove(length)
    return left
