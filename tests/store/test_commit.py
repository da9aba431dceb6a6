"""One decision, one transaction: what it writes, and what it leaves alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.alert import Clearing, Firing, Inactive
from monitor.core.answer import Failed, FailureKind
from monitor.core.decision import (
    Alert,
    Cause,
    Decision,
    DeliveryIntent,
    Facts,
    MuteReason,
    Notice,
    NoticeEnd,
    NoticeKind,
    PollRecord,
    SpanStart,
    Transition,
    TransitionKind,
)
from monitor.core.moment import to_ms
from monitor.core.product import Invalid, ProductKey
from monitor.store.commit import commit
from monitor.store.row_ids import RowIds
from tests.store.ground import FEED, H800, NOON, TIMEOUT, Monitor, key, listing, new_store, seen

HOUR = timedelta(hours=1)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    with new_store(tmp_path) as engine:
        yield Monitor(engine)


def fired(code: str = "PRD-1", *intents: DeliveryIntent) -> Transition:
    product = key(code)
    facts = Facts(*product, remaining=3)
    event_id = f"event-of-{code}"
    cause, kind = Cause.STOCK, TransitionKind.FIRED
    return Transition(event_id, "any", product, NOON, kind, cause, event_id, facts, intents)


def blind(event_id: str, *intents: DeliveryIntent) -> Notice:
    return Notice(event_id, NoticeKind.BLIND, "alaya", NOON, {"feed": "alaya", "since": 1}, intents)


def test_an_unchanged_product_costs_no_row(monitor: Monitor) -> None:
    for _ in range(3):
        monitor.poll(listing({"PRD-1": seen(3)}))
    assert monitor.rows("SELECT first_poll_id, until_poll_id, kind, remaining_count FROM snapshot") == [
        (1, None, "valid", 3)
    ]
    assert monitor.rows("SELECT count(*) FROM poll") == [(3,)]


def test_a_new_span_ends_the_one_before_it(monitor: Monitor) -> None:
    for remaining in (3, 0):
        monitor.poll(listing({"PRD-1": seen(remaining)}))
    assert monitor.rows("SELECT first_poll_id, until_poll_id, remaining_count FROM snapshot") == [
        (1, 2, 3),
        (2, None, 0),
    ]


def test_a_failed_poll_is_one_row_with_its_reason(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(3)}))
    monitor.poll(Failed(FailureKind.SERVER_ERROR, "HTTP 500", excerpt="oops"))
    assert monitor.rows("SELECT outcome, reason, excerpt, valid, duration_ms FROM poll WHERE id = 2") == [
        ("failed", "HTTP 500", "oops", 0, 0)
    ]
    assert monitor.rows("SELECT until_poll_id FROM snapshot") == [(None,)]


def test_a_product_first_named_by_an_invalid_row_has_a_row_without_attributes(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": Invalid("no count"), "PRD-2": seen(1)}))
    assert monitor.rows("SELECT name, price, gpu_count FROM product WHERE product_code = 'PRD-1'") == [
        (None, None, None)
    ]
    assert monitor.rows("SELECT kind, reason FROM snapshot WHERE product_id = 1") == [("invalid", "no count")]


def test_attributes_keep_their_types_and_their_changes_are_recorded(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    monitor.poll(listing({"PRD-1": seen(1, attributes=H800)}))
    monitor.poll(listing({"PRD-1": seen(1, attributes=replace(H800, gpu_count=4))}))
    assert monitor.rows("SELECT name, memory_gb, gpu_count, price, price_unit FROM product") == [
        ("train", "512.5", 4, "19.9", 11)
    ]
    assert monitor.rows("SELECT poll_id, old, new FROM product_change WHERE field = 'gpu_count'") == [
        (2, None, "8"),
        (3, "8", "4"),
    ]


def test_a_product_that_leaves_was_last_seen_by_the_ok_poll_before(monitor: Monitor) -> None:
    both = listing({"PRD-1": seen(1), "PRD-2": seen(1)})
    monitor.poll(both)
    monitor.poll(both)
    last_seen_at = monitor.now_ms
    monitor.poll(TIMEOUT)
    monitor.poll(listing({"PRD-2": seen(1)}))
    assert monitor.rows("SELECT last_seen_at FROM product WHERE product_code = 'PRD-1'") == [(last_seen_at,)]


def test_a_product_that_was_absent_already_was_not_seen_since(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    last_seen_at = monitor.now_ms
    for _ in range(3):
        monitor.poll(listing({"PRD-2": seen(1)}))
    assert monitor.rows("SELECT last_seen_at FROM product WHERE product_code = 'PRD-1'") == [(last_seen_at,)]


def test_an_alert_is_kept_while_it_is_not_inactive(monitor: Monitor) -> None:
    product = key("PRD-1")
    alert = Alert("any", product, Firing(NOON), Cause.STOCK, "event", NOON, MuteReason.SILENCE, 6)
    clearing = replace(alert, state=Clearing(NOON, NOON + HOUR), muted=None)
    for kept in (alert, clearing):
        monitor.write(lambda c, kept=kept: commit(c, Decision(None, alerts=[kept]), RowIds()))  # type: ignore[misc]
    assert monitor.rows("SELECT rule, state, since, cleared_at, cause, opening, muted, peak FROM alert") == [
        ("any", "clearing", to_ms(NOON), to_ms(NOON + HOUR), "stock", "event", None, 6)
    ]
    gone = replace(alert, state=Inactive())
    monitor.write(lambda c: commit(c, Decision(None, alerts=[gone]), RowIds()))
    assert monitor.rows("SELECT * FROM alert") == []


def test_a_transition_has_a_delivery_for_every_channel(monitor: Monitor) -> None:
    intents = (DeliveryIntent("slack", None, HOUR), DeliveryIntent("mail", MuteReason.SILENCE))
    transition = fired("PRD-1", *intents)
    monitor.write(lambda c: commit(c, Decision(None, transitions=[transition]), RowIds()))
    noon = to_ms(NOON)
    assert monitor.rows(
        "SELECT channel, state, reason, next_at, expires_at, ended_at FROM delivery ORDER BY id"
    ) == [
        ("slack", "pending", None, noon, noon + 3_600_000, None),
        ("mail", "muted", "silence", None, noon + 6 * 3_600_000, noon),
    ]


def test_a_rules_first_ok_poll_of_a_feed_is_noted_once(monitor: Monitor) -> None:
    decision = Decision(PollRecord(FEED, NOON, timedelta(0)), rule_feeds=[("any", FEED)])
    for _ in range(2):
        monitor.write(lambda c: commit(c, decision, RowIds()))
    assert monitor.rows("SELECT rule, source_id, aidc_id, first_poll_id FROM rule_feed") == [
        ("any", 1, None, 1)
    ]


def test_an_episode_is_told_once_until_it_ends(monitor: Monitor) -> None:
    to_mail = DeliveryIntent("mail")
    for decision in (
        Decision(None, notices=[blind("one", to_mail)]),
        Decision(None, notices=[blind("two", to_mail)]),
        Decision(None, notice_ends=[NoticeEnd(NoticeKind.BLIND, "alaya")], notices=[blind("three", to_mail)]),
    ):
        monitor.write(lambda c, decision=decision: commit(c, decision, RowIds()))  # type: ignore[misc]
    assert monitor.rows("SELECT event_id, ended_at FROM notice ORDER BY id") == [
        ("one", to_ms(NOON)),
        ("three", None),
    ]
    assert monitor.rows("SELECT count(*) FROM delivery") == [(2,)]


def test_a_notice_that_is_no_episode_is_over_at_once(monitor: Monitor) -> None:
    for event_id in ("one", "two"):
        notice = replace(blind(event_id), is_episode=False)
        monitor.write(lambda c, notice=notice: commit(c, Decision(None, notices=[notice]), RowIds()))  # type: ignore[misc]
    assert monitor.rows("SELECT ended_at FROM notice") == [(to_ms(NOON),)] * 2


def test_a_transaction_that_fails_leaves_the_ids_as_they_were(monitor: Monitor) -> None:
    spans = [SpanStart(key("PRD-1"), seen(1))]
    decision = Decision(PollRecord(FEED, NOON, timedelta(0)), spans=spans, transitions=[fired(), fired()])
    ids = RowIds()
    with pytest.raises(Exception, match="UNIQUE"):
        monitor.write(lambda c: commit(c, decision, ids))
    assert ids == RowIds()
    assert monitor.rows("SELECT count(*) FROM poll, product") == [(0,)]


def test_ids_that_are_not_in_memory_are_found_in_the_database(monitor: Monitor) -> None:
    monitor.poll(listing({"PRD-1": seen(1)}))
    spans = [SpanStart(key("PRD-1"), seen(2))]
    decision = Decision(PollRecord(FEED, NOON, timedelta(0)), spans=spans)
    committed = monitor.write(lambda c: commit(c, decision, RowIds()))
    assert committed.added == RowIds({"alaya": 1}, {key("PRD-1"): 1}, {1: 2})
    assert monitor.rows("SELECT until_poll_id FROM snapshot") == [(2,), (None,)]


def test_products_of_two_data_centres_and_sources_are_kept_apart(monitor: Monitor) -> None:
    keys = [ProductKey(source, aidc, "PRD-1") for source in ("alaya", "other") for aidc in (1, 2)]
    spans = [SpanStart(product, seen(1)) for product in keys]
    monitor.write(lambda c: commit(c, Decision(PollRecord(FEED, NOON, HOUR), spans=spans), RowIds()))
    assert monitor.rows("SELECT count(*) FROM snapshot WHERE until_poll_id IS NULL") == [(4,)]
