"""The reference model by itself: what a person who knows the rules would expect of a few answers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from tests.torture.clocks.alert_model import Edge
from tests.torture.clocks.model import Model
from tests.torture.clocks.scene import CHANNELS, Row, Saw, Watch

A, B = "PRD-A", "PRD-B"
START = datetime(2026, 3, 1, tzinfo=UTC)
FIVE = timedelta(minutes=5)
OTHER = {B: Row(0)}
OUT, IN, TWO, BLOCKED = ({**OTHER, A: row} for row in (Row(0), Row(3), Row(2), Row(3, is_blocked=True)))
CHEAP, DEAR = ({**OTHER, A: Row(3, price=Decimal(price))} for price in (10, 20))
FAILED, EMPTY, UNREAD, MISSED = Saw("late"), Saw(), Saw(rows={**OTHER, A: None}), Saw(rows=OTHER)
STRAY = Saw(rows=OTHER, has_stray=True)


def listed(rows: dict[str, Row]) -> Saw:
    return Saw(rows=rows)


def told(*answers: Saw, **rule: object) -> list[str]:
    """What is made of answers five minutes apart."""
    model, now = Model(), START
    said: list[str] = []
    model.configure([Watch("any", (A,), CHANNELS, **{"min_gap": timedelta(0), **rule})], now)  # type: ignore[arg-type]
    for answer in answers:
        now += FIVE
        edges = model.poll(answer, now, lambda rule, code: False) or []
        said += [f"{edge.kind}: {edge.cause}" + (f" ({edge.muted})" if edge.muted else "") for edge in edges]
    return said


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param((listed(OUT), listed(IN), listed(OUT)), ["fired: stock", "resolved: stock"], id="stock"),
        pytest.param((listed(IN),), ["fired: existing"], id="there at the first look"),
        pytest.param((MISSED, listed(IN)), ["fired: first sight"], id="listed later"),
        pytest.param((listed(IN), FAILED, FAILED, FAILED), ["fired: existing"], id="a failure says nothing"),
        pytest.param((listed(IN), UNREAD, UNREAD), ["fired: existing"], id="nor does an unusable row"),
        pytest.param((listed(IN), MISSED), ["fired: existing"], id="missing once"),
        pytest.param(
            (listed(IN), MISSED, FAILED, MISSED), ["fired: existing", "resolved: listing"], id="missing twice"
        ),
        pytest.param((listed(IN), STRAY, STRAY), ["fired: existing"], id="a stray row may be it"),
        pytest.param((listed(IN), EMPTY, FAILED, EMPTY), ["fired: existing"], id="empty twice"),
        pytest.param(
            (listed(IN), EMPTY, EMPTY, EMPTY), ["fired: existing", "resolved: listing"], id="empty thrice"
        ),
        pytest.param(
            (listed(IN), EMPTY, EMPTY, Saw("useless rows"), EMPTY), ["fired: existing"], id="not in a row"
        ),
        pytest.param(
            (listed(IN), listed(BLOCKED), listed(IN)),
            ["fired: existing", "resolved: stock error", "fired: stock error"],
            id="blocked",
        ),
    ],
)
def test_what_an_answer_means(answers: tuple[Saw, ...], said: list[str]) -> None:
    assert told(*answers) == said


@pytest.mark.parametrize(
    ("rule", "answers", "said"),
    [
        pytest.param(
            {"least": 3}, (TWO, IN, TWO), ["fired: count", "resolved: count"], id="enough and not enough"
        ),
        pytest.param(
            {"dearest": Decimal(15)}, (DEAR, CHEAP, DEAR), ["fired: price", "resolved: price"], id="price"
        ),
        pytest.param({"hold": 2 * FIVE}, (OUT, IN, IN, OUT), [], id="not for long enough"),
        pytest.param({"hold": 2 * FIVE}, (OUT, IN, IN, IN), ["fired: stock"], id="for long enough"),
        pytest.param({"keep": 2 * FIVE}, (OUT, IN, OUT, IN, IN), ["fired: stock"], id="back in time"),
        pytest.param(
            {"keep": 2 * FIVE}, (OUT, IN, OUT, OUT, OUT), ["fired: stock", "resolved: stock"], id="not back"
        ),
        pytest.param(
            {"remind": 2 * FIVE},
            (OUT, IN, IN, IN, IN),
            ["fired: stock", "repeated: reminder"],
            id="still there",
        ),
        pytest.param(
            {"more": Decimal("1.5")},
            (OUT, TWO, IN, IN, OUT),
            ["fired: stock", "repeated: more", "resolved: stock"],
            id="half as many again",
        ),
        pytest.param(
            {"tells_existing": False, "remind": FIVE},
            (IN, IN, OUT),
            ["fired: existing (existing)", "resolved: stock (existing)"],
            id="existing is not told, nor its end",
        ),
        pytest.param(
            {"tells_sold_out": False}, (OUT, IN, OUT), ["fired: stock", "resolved: stock (rule setting)"]
        ),
        pytest.param(
            {"min_gap": 3 * FIVE},
            (OUT, IN, OUT, IN, IN, IN),
            ["fired: stock", "resolved: stock", "fired: stock (flapping)", "repeated: opened again"],
            id="too soon, and told when the gap is over",
        ),
    ],
)
def test_what_a_rule_makes_of_it(
    rule: dict[str, object], answers: tuple[dict[str, Row], ...], said: list[str]
) -> None:
    assert told(*map(listed, answers), **rule) == said


def test_a_silence_mutes_and_what_still_fires_at_its_end_is_told_once() -> None:
    model = Model()
    said: list[Edge] = []
    model.configure([Watch("any", (A,), CHANNELS)], START)
    for number, rows in enumerate((OUT, IN, IN, IN)):
        hushed = partial(_is, number < 2)
        said += model.poll(listed(rows), START + number * FIVE, hushed) or []
    assert [(edge.cause, edge.muted) for edge in said] == [("stock", "silence"), ("silence ended", None)]


def _is(it: bool, _rule: str, _code: str) -> bool:
    return it


def test_what_a_step_left_in_the_future_reads_as_now() -> None:
    model = Model()
    model.configure([Watch("any", (A,), CHANNELS, hold=2 * FIVE)], START)
    model.poll(listed(OUT), START, lambda rule, code: False)
    model.poll(listed(IN), START + FIVE, lambda rule, code: False)
    model.start(START - timedelta(hours=1))
    assert model.poll(listed(IN), START - timedelta(hours=1) + FIVE, lambda rule, code: False) == []
    assert model.poll(listed(IN), START - timedelta(hours=1) + 2 * FIVE, lambda rule, code: False)
