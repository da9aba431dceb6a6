"""The harness reads messages as the daemon composes them."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.decision import Cause, Facts, Transition, TransitionKind
from monitor.core.message import compose
from monitor.core.outbox import Item
from monitor.core.product import ProductKey
from monitor.core.style import Style
from monitor.core.words import Language
from tests.torture.kill.tellings import Form, Telling, UnreadableError, tellings_of

STYLE = Style(Language.EN, UTC, {})
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def told(
    event: str, kind: TransitionKind, cause: Cause, code: str = "PRD-01-A", rule: str = "any"
) -> Transition:
    facts = Facts(
        source="default",
        aidc_id=1,
        product_code=code,
        name="H800 node",
        gpu_name="NVIDIA-H800A-NV-80G",
        gpu_count=8,
        remaining=3,
        wanted="4",
        seen_at=NOW,
        fired_at=NOW,
        lasted=timedelta(seconds=3),
        peak=3,
    )
    key = ProductKey("default", 1, code)
    return Transition(event, rule, key, NOW, kind, cause, event, facts, ())


FIRED = told("aaaaaaaaaaa1", TransitionKind.FIRED, Cause.STOCK)
MANY = told("aaaaaaaaaaa2", TransitionKind.FIRED, Cause.STOCK, rule="many")
GONE = told("aaaaaaaaaaa3", TransitionKind.RESOLVED, Cause.STOCK)
FEWER = told("aaaaaaaaaaa4", TransitionKind.RESOLVED, Cause.COUNT, rule="many")
OTHER = told("aaaaaaaaaaa5", TransitionKind.FIRED, Cause.COUNT, "PRD-02-B", "many")

TABLE = [
    ("one edge", [Item(1, FIRED)], {("aaaaaaaaaaa1", "any", Form.NOW, False)}),
    ("a repeat", [Item(1, FIRED, possible_repeat=True)], {("aaaaaaaaaaa1", "any", Form.NOW, True)}),
    ("sold out", [Item(1, GONE)], {("aaaaaaaaaaa3", "any", Form.GONE, False)}),
    ("too few", [Item(1, FEWER)], {("aaaaaaaaaaa4", "many", Form.GONE, False)}),
    ("a window", [Item(1, FIRED, resolve=GONE)], {("aaaaaaaaaaa1", "any", Form.WINDOW, False)}),
    (
        "one edge under two rules",
        [Item(1, FIRED), Item(2, MANY)],
        {("aaaaaaaaaaa1", "any", Form.NOW, False), ("aaaaaaaaaaa2", "many", Form.NOW, False)},
    ),
    (
        "several in one message, each with its own mark",
        [Item(1, FIRED, possible_repeat=True), Item(2, MANY), Item(3, OTHER), Item(4, FEWER)],
        {
            ("aaaaaaaaaaa1", "any", Form.NOW, True),
            ("aaaaaaaaaaa2", "many", Form.NOW, False),
            ("aaaaaaaaaaa5", "many", Form.NOW, False),
            ("aaaaaaaaaaa4", "many", Form.GONE, False),
        },
    ),
]


@pytest.mark.parametrize(("items", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_a_message_tells(items: list[Item], expected: set[tuple[str, str, Form, bool]]) -> None:
    [message] = compose(items, STYLE)
    found = tellings_of(message.title, message.body)
    assert {(one.event, one.rule, one.form, one.marked) for one in found} == expected
    assert {one.code for one in found} == {
        item.told.product.product_code for item in items if isinstance(item.told, Transition)
    }


def test_a_message_that_leaves_out_events_is_not_taken_for_one_that_tells_them() -> None:
    events = [
        told(f"bbbbbbbbbb{n:02}", TransitionKind.FIRED, Cause.STOCK, f"PRD-{n:02}-A") for n in range(12)
    ]
    [message] = compose([Item(n, one) for n, one in enumerate(events)], STYLE)
    with pytest.raises(UnreadableError, match="also"):
        tellings_of(message.title, message.body)


def test_a_telling_is_read_from_plain_text() -> None:
    message = "productCode: PRD-01-A\n3 nodes left\nrule any\nevent aaaaaaaaaaa1"
    [one] = tellings_of("BACK IN STOCK 3 nodes · AIDC 1 · PRD-01-A", message)
    assert one == Telling("aaaaaaaaaaa1", "any", "PRD-01-A", Form.NOW, marked=False)
