"""What is told of an edge: to whom, and with which facts."""

from datetime import timedelta

import pytest

from monitor.core.decision import Cause, DeliveryIntent, MuteReason
from tests.core.builders import (
    CODE,
    H800,
    MINUTE,
    Answer,
    Stage,
    failed,
    fired,
    in_short,
    key_of,
    muted,
    resolved,
    rule,
    seen,
    table,
)

OUT: Answer = {"PRD-1": 0}
IN: Answer = {"PRD-1": 3}


def _counts(*numbers: int) -> list[Answer]:
    return [{CODE: number} for number in numbers]


def test_every_channel_of_the_rule_has_its_delivery_and_its_patience() -> None:
    stage = Stage(rule(notify=("phone", "mail")))
    stage.poll(IN)

    assert stage.last.deliveries == (
        DeliveryIntent("phone", None, timedelta(hours=6)),
        DeliveryIntent("mail", None, timedelta(hours=1)),
    )
    assert stage.decision.channels() == {"phone", "mail"}


def test_a_muted_transition_wakes_no_channel() -> None:
    stage = Stage(rule(announce_existing=False))
    stage.poll(IN)

    assert stage.decision.channels() == set()


def test_the_facts_are_those_of_the_product_as_it_was_seen() -> None:
    stage = Stage(rule(note="submit.sh {product_code} {aidc_id} {other} {}"))
    stage.poll(OUT)
    stage.poll({"PRD-1": seen(3)})

    facts = stage.last.facts
    assert (facts.source, facts.aidc_id, facts.product_code) == key_of()
    assert (facts.name, facts.gpu_name, facts.gpu_count) == (H800.name, H800.gpu_name, H800.gpu_count)
    assert (facts.cpu_cores, facts.memory_gb, facts.disk_gb) == (H800.cpu_cores, H800.memory_gb, H800.disk_gb)
    assert (facts.price, facts.price_unit, facts.remaining) == (H800.price, H800.price_unit, 3)
    assert facts.seen_at == stage.now
    assert facts.note == "submit.sh PRD-1 1 {other} {}"


def test_a_blocked_product_is_told_with_its_error_and_the_count_shown() -> None:
    stage = Stage()
    stage.poll(IN)

    assert stage.poll({"PRD-1": seen(6, "库存不足")}) == resolved(Cause.STOCK_ERROR)
    assert (stage.last.facts.remaining, stage.last.facts.stock_error) == (6, "库存不足")


def test_a_resolve_tells_how_long_it_lasted_and_the_peak() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 2})
    fired_at = stage.now
    stage.poll({"PRD-1": 7}, after=MINUTE)
    stage.poll({"PRD-1": 1}, after=MINUTE)
    stage.poll(OUT, after=MINUTE)

    facts = stage.last.facts
    assert (facts.fired_at, facts.lasted, facts.peak) == (fired_at, 3 * MINUTE, 7)


@pytest.mark.parametrize(("wanted", "gpus"), [("remaining", False), ("total_gpus", True)])
def test_a_count_is_told_with_what_the_rule_wants(wanted: str, gpus: bool) -> None:
    stage = Stage(rule(table(**{wanted: ">=16"})))
    stage.poll({"PRD-1": seen(16, gpu_count=1)})
    stage.poll({"PRD-1": seen(3, gpu_count=1)})

    assert in_short(stage.last) == resolved(Cause.COUNT)[0]
    assert (stage.last.facts.wanted, stage.last.facts.wants_gpus) == ("16", gpus)


def test_what_the_rule_wants_is_left_out_when_it_is_not_to_the_point() -> None:
    stage = Stage(rule(table(remaining=">=2"), remind_every=MINUTE))
    for answer in _counts(1, 2, 2, 0):
        stage.poll(answer, after=MINUTE)

    assert [(t.cause, t.facts.wanted) for t in stage.transitions] == [
        (Cause.COUNT, "2"),
        (Cause.REMINDER, None),
        (Cause.STOCK, None),
    ]


@pytest.mark.parametrize(
    ("answers", "gone_for"),
    [
        pytest.param([OUT, IN], None, id="never seen before"),
        pytest.param([IN, OUT, IN], MINUTE, id="sold out and back"),
        pytest.param([IN, OUT, failed(), OUT, IN], 3 * MINUTE, id="with unknown in between"),
        pytest.param([IN, {"PRD-1": seen(9, "error")}, OUT, IN], 2 * MINUTE, id="blocked, then sold out"),
        pytest.param([IN, {"PRD-1": seen(9, "error")}, IN], MINUTE, id="blocked and back"),
    ],
)
def test_a_return_tells_how_long_the_product_was_gone(answers: list[Answer], gone_for: timedelta) -> None:
    stage = Stage()
    for answer in answers:
        stage.poll(answer, after=MINUTE)

    assert stage.last.facts.gone_for == gone_for


def test_a_product_that_waited_for_its_rule_is_gone_until_it_came_back() -> None:
    stage = Stage(rule(hold_for=5 * MINUTE))
    for answer in (IN, OUT, IN):
        stage.poll(answer, after=MINUTE)
    stage.poll(IN, after=5 * MINUTE)

    assert stage.last.facts.gone_for == MINUTE


def test_a_count_that_is_reached_later_is_no_return() -> None:
    stage = Stage(rule(table(remaining=">=2")))
    for answer in _counts(3, 0, 1, 2):
        stage.poll(answer, after=MINUTE)

    assert in_short(stage.last) == fired(Cause.COUNT)[0]
    assert stage.last.facts.gone_for is None


def test_a_new_rule_sees_no_return_in_what_came_back_before_it() -> None:
    stage = Stage()
    for answer in (IN, OUT, IN):
        stage.poll(answer)
    stage.reload(rule(name="new"))
    stage.poll(IN)

    assert stage.last.facts.gone_for is None


def test_a_rule_may_keep_its_resolves_to_itself() -> None:
    stage = Stage(rule(notify_sold_out=False))
    stage.poll(IN)

    assert stage.poll(OUT) == resolved(Cause.STOCK, MuteReason.RULE_SETTING)


def test_the_count_that_is_wanted_is_that_of_the_table_about_this_product() -> None:
    by_code = rule(table(product_code="OTHER", remaining=">=9"), table(product_code="PRD-1", remaining=">=4"))
    by_name = rule(table(name="A100*", remaining=">=9"), table(name="H800*", remaining=">=4"), name="b")
    stage = Stage(by_code, by_name)
    stage.poll({"PRD-1": 3})
    assert stage.poll({"PRD-1": 5}) == fired(Cause.COUNT) * 2
    assert [transition.facts.wanted for transition in stage.transitions] == ["4", "4"]


@pytest.mark.parametrize(("rule_name", "code"), [("nodes", None), (None, "PRD-1"), ("nodes", "PRD-1")])
def test_a_silence_of_one_rule_or_product_leaves_the_others_alone(
    rule_name: str | None, code: str | None
) -> None:
    stage = Stage(rule(), rule(name="other"))
    stage.poll({"PRD-1": 0, "B": 0})
    stage.silence(for_=MINUTE, rule=rule_name, product_code=code)
    stage.poll({"PRD-1": 3, "B": 3})
    silenced = {(t.rule, t.product.product_code) for t in stage.transitions if muted(t)}
    wanted = {(r, c) for r in ("nodes", "other") for c in ("PRD-1", "B")}
    assert silenced == {(r, c) for r, c in wanted if rule_name in (None, r) and code in (None, c)}


def test_the_gap_is_told_from_the_moment_when_it_counts_as_blindness() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll({"PRD-1": 0})
    seen_at = stage.now
    stage.poll({"PRD-1": 3}, after=MINUTE)
    assert stage.last.facts.unseen_from == seen_at


def test_the_cause_of_a_firing_alert_stays_what_it_was() -> None:
    stage = Stage(rule(table(remaining=">=2")))
    stage.poll({"PRD-1": 0})
    stage.poll({"PRD-1": 3})
    stage.poll({"PRD-1": 5})
    stage.poll({"PRD-1": seen(5, price=None)})
    alert = stage.alert()
    assert alert is not None
    assert (alert.cause, alert.peak) == (Cause.STOCK, 5)
