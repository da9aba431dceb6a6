"""Which products a rule watches, and rules that watch nothing."""

import pytest

from monitor.core.answer import Listing
from monitor.core.decision import NoticeEnd, NoticeKind
from monitor.core.product import Feed, Invalid
from tests.core.builders import Stage, failed, key_of, row, rule, seen, table

A100 = table(gpu_name="NVIDIA-A100*")


def test_a_rule_that_matches_no_product_is_doubted_after_three_ok_polls() -> None:
    stage = Stage(rule(table(gpu_name="NVIDA-H800*")))
    stage.poll({"PRD-1": 0})
    stage.poll(failed())
    stage.poll({"PRD-1": 0})
    assert stage.notices == []

    stage.poll({"PRD-1": 0})
    (notice,) = stage.notices
    assert (notice.kind, notice.subject) == (NoticeKind.MATCHES_NOTHING, "nodes")
    assert notice.facts == {"rule": "nodes", "nearest": "NVIDIA-H800"}
    stage.poll({"PRD-1": 0})
    assert len(stage.notices) == 1


def test_the_nearest_names_are_those_of_any_field_and_at_most_three() -> None:
    stage = Stage(rule(table(product_code="PRD-TRAIN-9|prd-train-8", gpu_count="4")))
    for _ in range(3):
        stage.poll({f"PRD-TRAIN-{n}": seen(0, name=None, gpu_name=None) for n in range(1, 6)})

    nearest = stage.notices[0].facts["nearest"]
    assert isinstance(nearest, str)
    assert len(nearest.split(", ")) == 3


def test_a_rule_without_a_text_has_no_nearest_name() -> None:
    stage = Stage(rule(table(gpu_count="64")))
    for _ in range(3):
        stage.poll({"PRD-1": 0})

    assert stage.notices[0].facts["nearest"] is None


def test_a_rule_is_not_doubted_for_want_of_stock() -> None:
    stage = Stage(rule(table(remaining=">=99")), rule(table(total_gpus=">=999"), name="gpus"))
    for _ in range(4):
        stage.poll({"PRD-1": 0})

    assert stage.notices == []


def test_a_product_of_which_little_is_known_may_be_what_the_rule_watches() -> None:
    stage = Stage(rule(A100))
    for _ in range(4):
        stage.poll({"PRD-1": Invalid("remainingCount is null"), "OTHER": 0})
    assert stage.told_of(NoticeKind.MATCHES_NOTHING) == []
    assert stage.world.watched["nodes"] == {key_of()}

    for _ in range(3):
        stage.poll({"PRD-1": 0, "OTHER": 0})
    assert len(stage.told_of(NoticeKind.MATCHES_NOTHING)) == 1


def test_the_doubt_waits_for_every_feed() -> None:
    one, two = Feed("default", 1), Feed("default", 2)
    stage = Stage(rule(A100), feeds=(one, two))
    for _ in range(4):
        stage.poll(Listing((row(0, aidc_id=1),)), feed=one)
    for _ in range(2):
        stage.poll(Listing((row(0, aidc_id=2),)), feed=two)
    assert stage.notices == []

    stage.poll(Listing((row(0, aidc_id=2),)), feed=two)
    assert len(stage.notices) == 1


def test_the_doubt_ends_when_a_product_appears_and_may_come_back_after_three_polls() -> None:
    stage = Stage(rule(A100))
    for _ in range(3):
        stage.poll({"PRD-1": 0})

    stage.poll({"PRD-1": 0, "NEW": seen(0, gpu_name="NVIDIA-A100")})
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.MATCHES_NOTHING, "nodes")]
    for _ in range(2):
        stage.poll({"PRD-1": 0, "NEW": 0})
    assert len(stage.notices) == 1
    stage.poll({"PRD-1": 0, "NEW": 0})
    assert len(stage.notices) == 2


def test_a_reload_asks_every_rule_anew() -> None:
    stage = Stage(rule(A100))
    for _ in range(3):
        stage.poll({"PRD-1": 0})

    stage.reload(rule(), rule(A100, name="new"))
    for _ in range(3):
        stage.poll({"PRD-1": 0})

    assert [notice.subject for notice in stage.notices] == ["nodes", "new"]
    assert ("nodes" in stage.world.watched, stage.world.watched["nodes"]) == (True, {key_of()})


def test_a_rule_in_doubt_is_told_beside_another_that_is_told_already() -> None:
    stage = Stage(rule(A100))
    for _ in range(3):
        stage.poll({"PRD-1": 0})
    stage.reload(rule(A100), rule(A100, name="b"))
    for _ in range(4):
        stage.poll({"PRD-1": 0})
    assert [notice.subject for notice in stage.told_of(NoticeKind.MATCHES_NOTHING)] == ["nodes", "b"]


@pytest.mark.parametrize(
    ("wanted", "offered", "nearest"),
    [
        ("PRDX-1|PRDX-22", ("PRD-1", "PRD-22", "ZZZ"), "PRD-1, PRD-22"),
        ("*" * 20 + "PRD-2", ("PRD-1",), "PRD-1"),
        ("ABCDEFGH", ("ABCDXXXX", "ABCXXXXX"), "ABCDXXXX"),
        ("AAAA-9|BBBB-9", ("AAAA-1", "AAAA-2", "AAAA-3", "BBBB-1"), "AAAA-3, AAAA-2, AAAA-1"),
    ],
    ids=["for each text", "a star is no letter", "not those hardly alike", "three in all"],
)
def test_the_names_that_come_nearest(wanted: str, offered: tuple[str, ...], nearest: str) -> None:
    stage = Stage(rule(table(product_code=wanted)))
    for _ in range(3):
        stage.poll({code: seen(0, name=None, gpu_name=None) for code in offered})
    assert stage.notices[0].facts["nearest"] == nearest


def test_a_doubt_begins_at_the_third_poll_of_a_feed_that_was_never_counted() -> None:
    one, two = Feed("default", 1), Feed("default", 2)
    stage = Stage(rule(A100), feeds=(one, two))
    for _ in range(3):
        stage.poll(Listing((row(0, aidc_id=1),)), feed=one)
    assert stage.notices == []
    stage.poll(Listing((row(0, aidc_id=2),)), feed=two)
    stage.poll(Listing((row(0, aidc_id=2),)), feed=two)
    assert stage.notices == []
