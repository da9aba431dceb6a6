"""What the reading verbs are told: status, history with its uncertainty, and how every delivery went."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.alert import Firing
from monitor.core.backoff import Accepted
from monitor.core.decision import Notice, NoticeKind, Transition
from monitor.core.product import Absent, Invalid, Seen
from monitor.core.window import Span
from monitor.store.announce import raise_notice
from monitor.store.history import history, product_keys
from monitor.store.reading import ChannelStatus, Status, status
from monitor.store.telling import delivery, notices_since, transitions_since
from tests.store.ground import H800, NOON, TIMEOUT, Monitor, key, listing, new_store, seen
from tests.store.test_housekeeping import keep_house, random_history
from tests.store.test_outbox import DOWN, REVOKED, SLACK, decide, fired, take, try_once
from tests.store.test_world_property import FEEDS

TICK = timedelta(seconds=15)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine, feeds=FEEDS)


def stand(monitor: Monitor) -> Status:
    return monitor.write(lambda c: status(c, FEEDS, monitor.now))


def spans(monitor: Monitor) -> tuple[Span, ...]:
    (found,) = monitor.write(lambda c: history(c, NOON, ["PRD-1"]))
    return found.spans


def test_status_tells_how_each_feed_was_polled(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    last_ok_at = monitor.now
    monitor.poll(TIMEOUT)
    feed, other, _ = stand(monitor).feeds
    assert (feed.last_ok_at, feed.last_poll_at, feed.last_failure) == (
        last_ok_at,
        monitor.now,
        TIMEOUT.reason,
    )
    assert other.last_poll_at is None


def test_the_newest_poll_is_the_last_one_and_not_that_of_the_latest_time(monitor: Monitor) -> None:
    monitor.poll(TIMEOUT)
    monitor.now -= DAY
    monitor.poll(listing({"PRD-1": seen(1)}))
    feed, *_ = stand(monitor).feeds
    assert (feed.last_ok_at, feed.last_poll_at, feed.last_failure) == (monitor.now, monitor.now, None)


def test_status_tells_of_each_product_what_it_is_and_since_when(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1, attributes=H800), "PRD-2": seen(2)}))
    since = monitor.now
    for _ in range(2):
        monitor.poll(listing({"PRD-1": seen(1, attributes=H800)}))
    one, two = stand(monitor).products
    assert (one.product.current, one.since, one.last_seen_at) == (Seen(1, None, H800), since, None)
    assert (two.product.current, two.last_seen_at) == (Absent(sure=True), since)


def test_status_tells_alerts_and_open_episodes(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    monitor.write(lambda c: raise_notice(c, Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, ())))
    found = stand(monitor)
    assert [(alert.product, alert.state) for alert in found.alerts] == [(key("PRD-1"), Firing(monitor.now))]
    assert [notice.kind for notice in found.episodes] == [NoticeKind.BLIND]


def test_status_counts_deliveries_and_gives_the_newest_trouble(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    try_once(monitor, Accepted())
    decide(monitor, fired("PRD-2"))
    try_once(monitor, REVOKED)
    decide(monitor, fired("PRD-3"))
    try_once(monitor, DOWN)
    decide(monitor, fired("PRD-4"))
    take(monitor)
    (channel,) = stand(monitor).channels
    assert channel == ChannelStatus(
        "slack",
        waiting=2,
        in_flight=1,
        next_at=NOON,
        sent=1,
        failed=1,
        trouble=DOWN.reason,
        trouble_at=NOON,
    )


def test_status_counts_a_notice_that_was_lost(monitor: Monitor) -> None:
    monitor.write(lambda c: raise_notice(c, Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, SLACK)))
    try_once(monitor, REVOKED)
    (channel,) = stand(monitor).channels
    assert (channel.failed, channel.trouble) == (1, REVOKED.reason)


def test_an_empty_database_has_nothing_to_tell(monitor: Monitor) -> None:
    found = stand(monitor)
    assert (found.products, found.alerts, found.channels) == ((), (), ())
    assert monitor.write(lambda c: history(c, NOON)) == ()
    assert monitor.write(lambda c: transitions_since(c, NOON)) == ()


def test_history_tells_both_sides_of_every_change(monitor: Monitor) -> None:
    for remaining in (0, 0, 3, 3, 0):
        monitor.poll(listing({"PRD-1": seen(remaining)}))
    _, window, after = spans(monitor)
    assert window == Span(seen(3), 3, NOON + 3 * TICK, NOON + 2 * TICK, NOON + 4 * TICK, NOON + 5 * TICK)
    assert (after.until_at, after.last_at) == (None, NOON + 5 * TICK)


def test_a_failed_poll_widens_the_uncertainty(monitor: Monitor) -> None:
    for answer in (listing({"PRD-1": seen(0)}), TIMEOUT, TIMEOUT, listing({"PRD-1": seen(3)})):
        monitor.poll(answer)
    before, window = spans(monitor)
    assert (before.last_at, before.until_at) == (NOON + TICK, NOON + 4 * TICK)
    assert window.unseen_from == NOON + TICK


def test_an_absence_of_one_poll_is_not_sure(monitor: Monitor) -> None:
    one, without = listing({"PRD-1": seen(1), "PRD-2": seen(1)}), listing({"PRD-2": seen(1)})
    for answer in (
        one,
        without,
        one,
        without,
        without,
        one,
        listing({"PRD-1": Invalid("odd"), "PRD-2": seen(1)}),
    ):
        monitor.poll(answer)
    assert [span.observation for span in spans(monitor)] == [
        seen(1),
        Absent(sure=False),
        seen(1),
        Absent(sure=True),
        seen(1),
        Invalid("odd"),
    ]


def test_history_begins_with_the_span_that_reaches_into_the_time_asked_for(monitor: Monitor) -> None:
    for remaining in (1, 2, 2, 3):
        monitor.poll(
            listing({"PRD-1": seen(remaining, attributes=H800 if remaining > 2 else seen(0).attributes)})
        )
    (found,) = monitor.write(lambda c: history(c, NOON + 3 * TICK))
    assert [span.first_poll_id for span in found.spans] == [2, 4]
    assert found.attributes == H800
    assert {change.at for change in found.changes} == {NOON + 4 * TICK}
    assert ("price", None, "19.9") in {(change.field, change.old, change.new) for change in found.changes}


def test_history_is_the_same_after_thinning(monitor: Monitor) -> None:
    random_history(monitor, 11, 300)
    before = monitor.write(lambda c: history(c, NOON))
    keep_house(monitor, 31 * DAY)
    assert monitor.write(lambda c: history(c, NOON)) == before


def test_transitions_come_with_their_deliveries_and_attempts(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    try_once(monitor, DOWN)
    try_once(monitor, Accepted(), NOON + SECOND)
    decide(monitor, fired("PRD-2", NOON + SECOND))
    one, two = monitor.write(lambda c: transitions_since(c, NOON))
    assert isinstance(one.what, Transition)
    assert one.what.product == key("PRD-1")
    assert [(d.state, [a.outcome for a in d.attempts]) for d in one.deliveries] == [
        ("sent", ["transient", "accepted"])
    ]
    assert [(d.state, d.attempts, d.in_flight) for d in two.deliveries] == [("pending", (), False)]
    assert monitor.write(lambda c: transitions_since(c, NOON + SECOND)) == (two,)


def test_notices_come_with_their_deliveries(monitor: Monitor) -> None:
    notice = Notice("n", NoticeKind.BLIND, "alaya", NOON, {"feed": "alaya"}, SLACK)
    monitor.write(lambda c: raise_notice(c, notice))
    (told,) = monitor.write(lambda c: notices_since(c, NOON))
    assert isinstance(told.what, Notice)
    assert told.what.facts == {"feed": "alaya"}
    assert [d.channel for d in told.deliveries] == ["slack"]


def test_a_delivery_is_found_by_its_number_with_what_it_tells(monitor: Monitor) -> None:
    decide(monitor, fired("PRD-1"))
    monitor.write(lambda c: raise_notice(c, Notice("n", NoticeKind.BLIND, "alaya", NOON, {}, SLACK)))
    one, two = (monitor.write(lambda c, id_=id_: delivery(c, id_)) for id_ in (1, 2))  # type: ignore[misc]
    assert one is not None
    assert two is not None
    assert isinstance(one.what, Transition)
    assert isinstance(two.what, Notice)
    assert monitor.write(lambda c: delivery(c, 3)) is None


@pytest.mark.parametrize("gone", [seen(0), seen(4, "库存不足"), None])
def test_history_of_whole_windows_reaches_back_to_when_the_product_was_known_gone(
    monitor: Monitor, gone: Seen | None
) -> None:
    other: dict[str, Seen | Invalid] = {"PRD-2": seen(1)}
    for answer in (seen(1), gone, gone, Invalid("odd"), seen(1), None, seen(2), seen(3)):
        monitor.poll(listing(other if answer is None else {**other, "PRD-1": answer}))
    late = monitor.now
    (short,) = monitor.write(lambda c: history(c, late, ["PRD-1"]))
    (whole,) = monitor.write(lambda c: history(c, late, ["PRD-1"], whole_windows=True))
    assert [span.observation for span in short.spans] == [seen(3)]
    assert [span.observation for span in whole.spans] == [
        Absent(sure=True) if gone is None else gone,
        Invalid("odd"),
        seen(1),
        Absent(sure=False),
        seen(2),
        seen(3),
    ]


def test_the_keys_of_all_products_are_told_in_order(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-2": seen(1), "PRD-1": seen(1)}))
    assert monitor.write(product_keys) == (key("PRD-1"), key("PRD-2"))
