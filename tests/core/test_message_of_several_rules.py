"""One product, several rules: what is alike is said once, and what differs is said of each."""

from dataclasses import replace

from monitor.core.decision import Cause, TransitionKind
from monitor.core.message import compose
from tests.core.test_message import EN, FACTS, item, told

RESOLVED = TransitionKind.RESOLVED


def test_rules_that_say_the_same_each_show_their_note_and_their_event() -> None:
    first = told(facts=replace(FACTS, note="submit.sh PRD-TRAIN-1"))
    second = told(rule="any-gpu", event_id="q8w9e0", facts=replace(FACTS, note="call Wang"))
    (message,) = compose([item(first, 1), item(second, 2)], EN)
    assert message.body.split("\n")[-4:] == [
        "rules h800-nodes, any-gpu",
        "submit.sh PRD-TRAIN-1",
        "call Wang",
        "event k3j2x7, q8w9e0",
    ]


def test_rules_that_want_different_counts_are_not_answered_with_one_of_them() -> None:
    four, eight = (replace(FACTS, wanted=wanted, wants_gpus=False) for wanted in ("4", "8"))
    below = [
        item(told(RESOLVED, Cause.COUNT, four), 1),
        item(told(RESOLVED, Cause.COUNT, eight, rule="any-gpu"), 2),
    ]
    (message,) = compose(below, EN)
    lines = message.body.split("\n")
    assert "3 left, rule wants 4" in lines[0]
    assert "3 left, rule wants 8" in lines[1]
    assert "rule any-gpu" in lines[1]
