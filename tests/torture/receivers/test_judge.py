"""The judge sees what is wrong: a history in which all is well, and every way to spoil it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.torture.receivers.cases import Case, Fate, busy
from tests.torture.receivers.judge import Delivery, audit, events_in, judge
from tests.torture.receivers.visits import Reply, Visit

EVENT, OTHER = "0123456789ab", "zzzzzzzzzzzz"
YES, LOST, NO = Reply(takes=True, says_yes=True), Reply(takes=True), Reply()
SENT = Delivery("phone", "sent", None, 1, EVENT, "fired", "PRD-1")
END = replace(SENT, event=OTHER, edge="resolved", opening=EVENT)
FAILED = replace(SENT, state="failed", reason="HTTP 404")
SAID = ["2 DELIVERY FAILED: phone, fax\nphone · …"]


def visit(reply: Reply = YES, words: str = f"BACK IN STOCK\nevent {EVENT}", at_s: float = 0.0) -> Visit:
    return Visit("phone", at_s, reply, words=words, taken=reply.takes)


def marked(reply: Reply = YES, at_s: float = 2.0) -> Visit:
    return visit(reply, f"BACK IN STOCK (possible repeat)\nevent {EVENT}", at_s)


@pytest.mark.parametrize(
    ("deliveries", "visits", "more"),
    [
        ([SENT], [visit()], {}),
        ([SENT], [visit(NO), visit()], {}),
        ([SENT], [visit(LOST), marked()], {}),
        ([SENT], [visit(words="also: PRD-0, PRD-1")], {}),
        ([FAILED], [visit(NO)], {"noticed": SAID}),
        ([replace(SENT, state="expired", reason="rule removed")], [visit(NO)], {}),
        ([replace(SENT, state="retry")], [visit(NO)], {"waiting": {"phone"}}),
        (
            [SENT, replace(END, state="muted", reason="merged")],
            [visit(words=f"WAS IN STOCK\nevent {EVENT}")],
            {},
        ),
    ],
)
def test_a_true_history_is_well(
    deliveries: list[Delivery], visits: list[Visit], more: dict[str, Any]
) -> None:
    assert list(audit(deliveries, visits, **{"noticed": [], **more})) == []


@pytest.mark.parametrize(
    ("deliveries", "visits", "said"),
    [
        ([SENT], [], "the receiver does not have it"),
        ([SENT], [visit(NO)], "the receiver does not have it"),
        ([SENT], [visit(LOST)], "the receiver does not have it"),
        ([SENT], [visit(words=f"SOLD OUT\nevent {OTHER}")], "the receiver does not have it"),
        ([SENT], [visit(), marked()], "after it had said yes"),
        ([SENT], [visit(LOST), visit()], "no mark"),
        ([SENT], [visit(LOST), marked(), marked()], "after it had said yes"),
        ([SENT], [visit(), visit(words=f"BACK IN STOCK\nevent {OTHER}")], "knows nothing"),
        ([replace(SENT, state="pending")], [], "nothing ended"),
        ([replace(SENT, state="retry")], [visit(NO)], "nothing ended"),
        ([FAILED], [visit(NO)], "no other channel said so"),
        ([replace(SENT, state="expired", reason="gave up: HTTP 503")], [], "no other channel said so"),
        ([replace(FAILED, channel="phone-2")], [], "no other channel said so"),
        ([SENT, replace(END, state="muted", reason="merged")], [visit()], "did not tell of the window"),
        ([SENT, replace(END, state="muted", reason="silence")], [visit()], "without a reason"),
    ],
)
def test_a_false_history_is_told(deliveries: list[Delivery], visits: list[Visit], said: str) -> None:
    found = list(audit(deliveries, visits, SAID if "phone-2" in str(deliveries) else []))
    assert any(said in violation for violation in found), found


@pytest.mark.parametrize(
    ("fate", "delivery", "visits", "well"),
    [
        (Fate.ONCE, SENT, [visit(NO), visit(at_s=5)], True),
        (Fate.ONCE, SENT, [visit(LOST), marked()], False),
        (Fate.ONCE, FAILED, [visit(NO)], False),
        (Fate.REPEATED, SENT, [visit(LOST), marked()], True),
        (Fate.REPEATED, SENT, [visit()], False),
        (Fate.REPEATED, SENT, [visit(LOST), visit()], False),
        (Fate.MARKED, SENT, [visit(NO), marked()], True),
        (Fate.MARKED, SENT, [visit(NO), visit()], False),
        (Fate.REFUSED, FAILED, [visit(NO)], True),
        (Fate.REFUSED, FAILED, [visit(NO), visit(NO)], False),
        (Fate.REFUSED, SENT, [visit()], False),
        (Fate.WAITS, replace(SENT, state="retry"), [visit(NO)], True),
        (Fate.WAITS, SENT, [visit(NO), visit()], False),
    ],
)
def test_each_fate_has_its_marks_and_its_state(
    fate: Fate, delivery: Delivery, visits: list[Visit], well: bool
) -> None:
    assert (not list(judge(Case("phone", "json", [NO], fate), delivery, visits))) is well


@pytest.mark.parametrize(("second_try_s", "well"), [(2.9, False), (3.0, True)])
def test_who_asks_for_patience_must_get_it(second_try_s: float, well: bool) -> None:
    case = Case("phone", "json", [busy(429, 3)], Fate.ONCE, waits_s=3)
    assert (not list(judge(case, SENT, [visit(NO), visit(at_s=second_try_s)]))) is well


@pytest.mark.parametrize(("waits_s", "well"), [(899.0, False), (901.0, True), (1200.0, False)])
def test_a_wait_is_as_long_as_was_asked_within_reason(waits_s: float, well: bool) -> None:
    case = Case("phone", "json", [busy(429, 31_536_000)], Fate.WAITS, waits_s=900)
    waiting = replace(SENT, state="retry", waits_s=waits_s)
    assert (not list(judge(case, waiting, [visit(NO)]))) is well


def test_events_are_read_in_both_languages_and_several_in_a_line() -> None:
    assert events_in(f"a · event {EVENT}, {OTHER}\n事件 {EVENT}") == [EVENT, OTHER, EVENT]
