"""What the monitor says of itself, once per episode."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.answer import FailureKind, Listing
from monitor.core.decision import DeliveryIntent, NoticeEnd, NoticeKind
from monitor.core.moment import to_ms
from monitor.core.product import Feed, Invalid, Seen
from tests.core.builders import (
    MINUTE,
    SECOND,
    START,
    Answer,
    Stage,
    failed,
    key_of,
    row,
    rule,
    seen,
    table,
)

REFUSED = failed(FailureKind.KEY_REFUSED, "forbidden: the key was refused (HTTP 403)")
BAD_COUNT = Invalid("remainingCount is null")
BLOCKED = seen(6, "库存不足")
IN: Answer = {"PRD-1": 3}


def _kinds(stage: Stage) -> list[NoticeKind]:
    return [notice.kind for notice in stage.decision.notices]


# blind and back


def test_a_feed_without_an_ok_poll_for_so_long_is_blind_and_then_back() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll(IN)
    seen_at = stage.now
    stage.poll(failed(), after=59 * SECOND)
    assert stage.notices == []

    stage.poll(failed(FailureKind.SERVER_ERROR, "server error (HTTP 502)"), after=SECOND)
    (blind,) = stage.notices
    assert (blind.kind, blind.subject, blind.at, blind.is_episode) == (
        NoticeKind.BLIND,
        "default",
        stage.now,
        True,
    )
    facts = {"feed": "default", "since": to_ms(seen_at), "reason": "server error (HTTP 502)"}
    assert blind.facts == facts
    assert blind.deliveries == (DeliveryIntent("ops", None, timedelta(hours=2)),)

    stage.poll(failed())
    assert _kinds(stage) == []
    stage.poll(IN)
    (back,) = stage.decision.notices
    assert (back.kind, back.is_episode) == (NoticeKind.BACK, False)
    assert back.facts == {"feed": "default", "since": to_ms(seen_at)}
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.BLIND, "default")]


def test_a_feed_that_was_never_seen_is_blind_since_the_start() -> None:
    stage = Stage()
    stage.poll(failed(), after=MINUTE)

    assert stage.notices[0].facts["since"] == to_ms(START)
    stage.poll(IN)
    assert stage.notices[1].facts["since"] == to_ms(START)


def test_every_blindness_is_told_again() -> None:
    stage = Stage()
    for answer in (failed(), IN, failed(), IN):
        stage.poll(answer, after=2 * MINUTE)

    assert [notice.kind for notice in stage.notices] == [
        NoticeKind.BLIND,
        NoticeKind.BACK,
        NoticeKind.BLIND,
        NoticeKind.BACK,
    ]


def test_a_restart_in_an_episode_does_not_tell_it_again() -> None:
    stage = Stage()
    stage.poll(failed(), after=MINUTE)
    stage.restart()
    stage.poll(failed(), after=MINUTE)

    assert len(stage.notices) == 1


def test_blindness_is_noticed_between_two_polls() -> None:
    stage = Stage()
    stage.poll(IN)
    stage.poll(failed())
    stage.watch_the_clock(after=30 * SECOND)
    assert stage.notices == []

    stage.watch_the_clock(after=30 * SECOND)
    assert stage.notices[0].facts["reason"] == "timeout"
    assert stage.decision.poll is None
    stage.watch_the_clock(after=MINUTE)
    assert len(stage.notices) == 1
    stage.poll(IN)
    assert _kinds(stage) == [NoticeKind.BACK]


def test_an_empty_list_that_is_not_believed_keeps_the_feed_blind() -> None:
    stage = Stage()
    stage.poll(IN)
    stage.poll(Listing(()), after=MINUTE)

    assert stage.notices[0].facts["reason"] == "empty list"


def test_one_feed_may_be_blind_alone() -> None:
    one, two = Feed("default", 1), Feed("default", 2)
    stage = Stage(feeds=(one, two))
    stage.poll(failed(), feed=one, after=MINUTE)
    stage.poll(Listing((row(1, aidc_id=2),)), feed=two)

    assert [notice.subject for notice in stage.notices] == ["default/aidc-1"]


# the key


def test_a_refused_key_is_told_the_third_time() -> None:
    stage = Stage(blind_after=timedelta(hours=1))
    stage.poll(REFUSED)
    stage.poll(REFUSED)
    assert stage.notices == []

    stage.poll(REFUSED)
    (notice,) = stage.notices
    assert (notice.kind, notice.subject) == (NoticeKind.KEY_REFUSED, "default")
    assert notice.facts == {"source": "default", "reason": REFUSED.reason}
    stage.poll(REFUSED)
    assert len(stage.notices) == 1


def test_other_failures_leave_the_count_of_refusals_and_an_ok_poll_clears_it() -> None:
    stage = Stage(blind_after=timedelta(hours=1))
    for answer in (REFUSED, REFUSED, IN, REFUSED, failed(), REFUSED):
        stage.poll(answer)
    assert stage.notices == []
    stage.watch_the_clock(after=SECOND)

    stage.poll(REFUSED)
    assert _kinds(stage) == [NoticeKind.KEY_REFUSED]
    stage.poll(IN)
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.KEY_REFUSED, "default")]


def test_refusals_are_counted_over_all_feeds_of_a_source() -> None:
    one, two, other = Feed("default", 1), Feed("default", 2), Feed("other", None)
    stage = Stage(feeds=(one, two, other), blind_after=timedelta(hours=1))
    for feed in (one, other, two):
        stage.poll(REFUSED, feed=feed)
    assert stage.notices == []

    stage.poll(REFUSED, feed=one)
    assert [notice.subject for notice in stage.notices] == ["default"]


# foreign rows


def test_rows_of_another_data_centre_are_noticed_once() -> None:
    stage = Stage(feeds=(Feed("default", 1),))
    mixed = Listing((row(3, aidc_id=1), row(3, aidc_id=2)))
    stage.poll(mixed)
    (notice,) = stage.notices
    assert (notice.kind, notice.facts) == (NoticeKind.FOREIGN_ROWS, {"feed": "default/aidc-1", "count": 1})

    stage.poll(mixed)
    assert len(stage.notices) == 1
    stage.poll(Listing((row(3, aidc_id=1),)))
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.FOREIGN_ROWS, "default/aidc-1")]
    stage.poll(mixed)
    assert len(stage.notices) == 2


# products that stay unknown


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        pytest.param(Listing((row(0, "OTHER"), row(BAD_COUNT))), "remainingCount is null", id="no count"),
        pytest.param(
            Listing((row(0, "OTHER"),), unusable=1),
            "not listed, but another row had no usable key",
            id="passed over",
        ),
    ],
)
def test_a_watched_product_that_stays_unknown_is_told_once(unknown: Listing, reason: str) -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll({"PRD-1": 3, "OTHER": 0})
    stage.poll(unknown)
    since = stage.now
    stage.poll(unknown, after=59 * SECOND)
    assert stage.notices == []

    stage.poll(unknown, after=SECOND)
    (notice,) = stage.notices
    assert (notice.kind, notice.subject) == (NoticeKind.PRODUCT_UNKNOWN, "default/1/PRD-1")
    assert notice.facts == {**key_of()._asdict(), "reason": reason, "since": to_ms(since)}
    stage.poll(unknown, after=MINUTE)
    assert len(stage.notices) == 1
    stage.poll({"PRD-1": 3, "OTHER": 0})
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.PRODUCT_UNKNOWN, "default/1/PRD-1")]


def test_a_product_that_nobody_watches_may_stay_unknown() -> None:
    stage = Stage(rule(table(product_code="OTHER")))
    for answer in (3, BAD_COUNT, BAD_COUNT):
        stage.poll({"PRD-1": answer, "OTHER": 0}, after=MINUTE)

    assert stage.notices == []


def test_a_product_that_is_unknown_for_changing_reasons_is_unknown_all_the_time() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll({"PRD-1": 3, "OTHER": 0})
    stage.poll({"PRD-1": BAD_COUNT, "OTHER": 0})
    since = stage.now
    stage.poll({"OTHER": 0}, after=30 * SECOND)
    stage.poll(Listing((row(0, "OTHER"),), unusable=1), after=30 * SECOND)

    assert [notice.facts["since"] for notice in stage.notices] == [to_ms(since)]
    assert stage.notices[0].facts["reason"] == "not listed"


def test_a_restart_forgets_neither_the_episode_nor_its_end() -> None:
    stage = Stage(blind_after=MINUTE)
    for answer in (3, BAD_COUNT, BAD_COUNT):
        stage.poll({"PRD-1": answer, "OTHER": 0}, after=MINUTE)
    stage.restart()
    stage.poll({"PRD-1": BAD_COUNT, "OTHER": 0}, after=MINUTE)
    assert len(stage.notices) == 1

    stage.restart()
    stage.poll({"PRD-1": 3, "OTHER": 0})
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.PRODUCT_UNKNOWN, "default/1/PRD-1")]


# products that stay blocked


def test_a_product_that_stays_blocked_is_told_once_on_the_rules_channels() -> None:
    stage = Stage(rule(blocked_after=10 * MINUTE, notify=("phone", "mail")))
    stage.poll({"PRD-1": BLOCKED})
    since = stage.now
    stage.poll({"PRD-1": BLOCKED}, after=10 * MINUTE - SECOND)
    assert stage.notices == []

    stage.poll({"PRD-1": BLOCKED}, after=SECOND)
    (notice,) = stage.notices
    assert (notice.kind, notice.subject) == (NoticeKind.BLOCKED, "nodes: default/1/PRD-1")
    assert notice.facts == {
        **key_of()._asdict(),
        "rule": "nodes",
        "remaining": 6,
        "stock_error": "库存不足",
        "since": to_ms(since),
    }
    assert [delivery.channel for delivery in notice.deliveries] == ["phone", "mail"]
    stage.poll({"PRD-1": BLOCKED}, after=10 * MINUTE)
    assert len(stage.notices) == 1


@pytest.mark.parametrize(
    "over", [pytest.param(seen(6), id="unblocked"), pytest.param(seen(0, "库存不足"), id="nothing shown")]
)
def test_a_blocked_product_is_told_again_when_it_was_known_not_to_be(over: Seen) -> None:
    stage = Stage()
    for answer in (BLOCKED, BLOCKED, over, BLOCKED, BLOCKED):
        stage.poll({"PRD-1": answer}, after=10 * MINUTE)

    assert len(stage.told_of(NoticeKind.BLOCKED)) == 2


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(failed(), id="a failed poll"),
        pytest.param({"PRD-1": BAD_COUNT, "OTHER": 0}, id="an unusable count"),
        pytest.param({"OTHER": 0}, id="missing for the first time"),
    ],
)
def test_an_unknown_poll_neither_ends_nor_restarts_a_blocked_episode(unknown: Answer) -> None:
    stage = Stage(blind_after=timedelta(hours=2))
    blocked: Answer = {"PRD-1": BLOCKED, "OTHER": 0}
    stage.poll(blocked)
    stage.poll(unknown, after=5 * MINUTE)
    stage.poll(blocked, after=5 * MINUTE)
    assert len(stage.told_of(NoticeKind.BLOCKED)) == 1

    stage.poll(unknown)
    stage.poll(blocked, after=10 * MINUTE)
    assert len(stage.notices) == 1
    stage.poll({"PRD-1": 6, "OTHER": 0})
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.BLOCKED, "nodes: default/1/PRD-1")]


def test_blocked_is_told_only_to_the_rules_that_would_be_met() -> None:
    stage = Stage(
        rule(table(remaining=">=9"), name="many"),
        rule(name="lenient", ignore_stock_error=("*",)),
        rule(table(gpu_name="A100"), name="another"),
        rule(name="slow", blocked_after=timedelta(hours=1)),
        rule(name="met"),
    )
    for _ in range(2):
        stage.poll({"PRD-1": BLOCKED, "A100": seen(0, gpu_name="A100")}, after=10 * MINUTE)

    assert [notice.facts["rule"] for notice in stage.told_of(NoticeKind.BLOCKED)] == ["met"]


def test_a_blocked_episode_ends_when_the_product_no_longer_matches() -> None:
    stage = Stage(rule(table(price="<=16")))
    dear = seen(6, "库存不足", price=Decimal(17))
    for observed in (BLOCKED, BLOCKED, dear, seen(6), BLOCKED, BLOCKED):
        stage.poll({"PRD-1": observed}, after=10 * MINUTE)

    assert len(stage.told_of(NoticeKind.BLOCKED)) == 2
