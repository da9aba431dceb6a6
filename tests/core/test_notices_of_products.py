"""What is said of products that stay unknown or blocked, once per episode."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.answer import Listing
from monitor.core.decision import NoticeEnd, NoticeKind
from monitor.core.moment import to_ms
from monitor.core.product import Invalid, Seen
from tests.core.builders import (
    FEED,
    MINUTE,
    SECOND,
    Answer,
    Stage,
    failed,
    key_of,
    row,
    rule,
    seen,
    table,
)

BAD_COUNT = Invalid("remainingCount is null")
BLOCKED = seen(6, "库存不足")


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


def test_an_episode_ends_though_a_restart_saw_its_product_as_settled() -> None:
    stage = Stage(blind_after=MINUTE)
    for answer in (3, BAD_COUNT, BAD_COUNT):
        stage.poll({"PRD-1": answer, "OTHER": 0}, after=MINUTE)
    stage.restart()
    stage.world.unsettled.clear()
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


def test_a_product_that_is_settled_is_not_looked_at_in_every_poll() -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    stage.poll({"PRD-1": BLOCKED, "B": BAD_COUNT, "C": 3})
    assert stage.world.unsettled == {key_of(), key_of("B")}
    stage.poll({"PRD-1": 6, "B": 0, "C": 3})
    assert stage.world.unsettled == set()
    assert all(product.blocked_since is None for product in stage.world.products[FEED].values())


def test_a_rule_by_code_hears_of_its_blocked_product() -> None:
    stage = Stage(rule(table(product_code="PRD-1")))
    for _ in range(2):
        stage.poll({"PRD-1": BLOCKED, "B": BLOCKED}, after=10 * MINUTE)
    assert [notice.subject for notice in stage.notices] == ["nodes: default/1/PRD-1"]
