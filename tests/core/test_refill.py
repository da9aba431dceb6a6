"""What a new database is told when the old one was deleted under the running monitor."""

from datetime import timedelta
from itertools import count

from monitor.core.alert import Firing
from monitor.core.decision import Alert, Cause, Decision, Notice, NoticeKind, PollRecord, SpanStart
from monitor.core.product import Absent, Feed, Invalid, Observation, ProductKey, Seen
from monitor.core.refill import refill
from monitor.core.world import FeedState, Product, World
from tests.core.builders import H800, MINUTE, START, key_of, seen

ONE, TWO = Feed("default", 1), Feed("default", 2)
EVERY = Feed("other", None)
LATER = START + MINUTE
BAD = Invalid("remainingCount is null")
GONE = Absent(sure=True)


def product(key: ProductKey, current: Observation, last_known: Seen | Absent | None) -> Product:
    return Product(key, current, last_known, H800)


def refilled(world: World) -> list[Decision]:
    ids = count(1)
    return refill(world, LATER, lambda: f"event-{next(ids)}")


def world_of(feed: Feed, *products: Product, last_ok_at: bool = True) -> World:
    state = FeedState(START, last_ok_at=START if last_ok_at else None)
    return World(feeds={feed: state}, products={feed: {p.key: p for p in products}})


def test_what_is_seen_now_is_told_in_one_poll() -> None:
    known = product(key_of(), seen(3), seen(3))
    told, rest = refilled(world_of(ONE, known))
    assert told == Decision(
        PollRecord(ONE, START, timedelta(0), valid=1), spans=[SpanStart(key_of(), seen(3))]
    )
    assert rest == Decision(None)


def test_what_was_known_comes_before_what_is_doubtful_now() -> None:
    left, dark, new = key_of("LEFT"), key_of("DARK"), key_of("NEW")
    known, doubtful, _ = refilled(
        world_of(ONE, product(left, GONE, GONE), product(dark, BAD, seen(3)), product(new, BAD, None))
    )
    assert known.spans == [SpanStart(left, Seen(0, None, H800)), SpanStart(dark, seen(3))]
    assert known.poll == PollRecord(ONE, START, timedelta(0), valid=2, invalid=0)
    assert doubtful.spans == [SpanStart(left, GONE), SpanStart(dark, BAD), SpanStart(new, BAD)]
    assert doubtful.poll == PollRecord(ONE, START, timedelta(0), valid=0, invalid=3)


def test_a_feed_that_never_answered_has_nothing_to_tell() -> None:
    assert refilled(world_of(ONE, last_ok_at=False)) == [Decision(None)]
    told, _ = refilled(world_of(ONE))
    assert told == Decision(PollRecord(ONE, START, timedelta(0)))


def test_a_feed_without_products_does_not_need_any() -> None:
    told, _ = refilled(World(feeds={ONE: FeedState(START, last_ok_at=START)}))
    assert told.spans == []


def test_alerts_and_first_sights_go_with_the_last_poll_of_their_feed() -> None:
    keys = [key_of(aidc_id=1), key_of(aidc_id=2), key_of(aidc_id=7, source="other")]
    alerts = [Alert("nodes", key, Firing(START), Cause.STOCK, "event-9") for key in keys]
    world = World(
        feeds={feed: FeedState(START, last_ok_at=START) for feed in (ONE, TWO, EVERY)},
        products={ONE: {keys[0]: product(keys[0], BAD, seen(3))}},
        alerts={(alert.rule, alert.product): alert for alert in alerts},
        rule_feeds={("nodes", ONE), ("nodes", EVERY)},
    )
    first, last, two, every, _ = refilled(world)
    assert (first.alerts, first.rule_feeds) == ([], [])
    assert (last.alerts, last.rule_feeds) == ([alerts[0]], [("nodes", ONE)])
    assert (two.alerts, two.rule_feeds) == ([alerts[1]], [])
    assert (every.alerts, every.rule_feeds) == ([alerts[2]], [("nodes", EVERY)])


def test_open_episodes_are_kept_and_told_to_nobody() -> None:
    world = World(episodes={(NoticeKind.BLIND, "default"), (NoticeKind.BLIND, "a"), (NoticeKind.BACK, "x")})
    (decision,) = refilled(world)
    assert decision == Decision(
        None,
        notices=[
            Notice("event-1", NoticeKind.BACK, "x", LATER, {}, ()),
            Notice("event-2", NoticeKind.BLIND, "a", LATER, {}, ()),
            Notice("event-3", NoticeKind.BLIND, "default", LATER, {}, ()),
        ],
    )
