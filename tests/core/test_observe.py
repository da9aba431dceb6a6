"""What is stored of an ok poll: spans that change, attributes that change."""

from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.core.answer import Listing
from monitor.core.assemble import PASSED_OVER
from monitor.core.decision import AttributeChange, SpanStart
from monitor.core.observe import attribute_text
from monitor.core.product import Absent, Invalid, Observation
from tests.core.builders import H800, Answer, Stage, failed, key_of, listing_of, row, seen

BAD_COUNT = Invalid("remainingCount is null")
BLOCKED = seen(6, "库存不足")
OTHER = row(0, "OTHER")
MISSING = Listing((OTHER,))


def _spans(stage: Stage, answer: Answer) -> list[Observation]:
    stage.poll(answer)
    return [span.observation for span in stage.decision.spans if span.product == key_of()]


@pytest.mark.parametrize(
    ("answers", "spans"),
    [
        pytest.param([row(3), row(3), row(3)], [seen(3)], id="unchanged: no row"),
        pytest.param([row(3), row(4), row(3)], [seen(3), seen(4), seen(3)], id="every count"),
        pytest.param([row(6), row(BLOCKED)], [seen(6), BLOCKED], id="the stock error"),
        pytest.param([row(BAD_COUNT), row(BAD_COUNT)], [BAD_COUNT], id="the same reason"),
        pytest.param([row(3), row(BAD_COUNT), row(3)], [seen(3), BAD_COUNT, seen(3)], id="unknown for once"),
        pytest.param([row(3), None, None, None], [seen(3), Absent(sure=False)], id="absence has no degrees"),
        pytest.param([row(3), None, row(3)], [seen(3), Absent(sure=False), seen(3)], id="absent for once"),
    ],
)
def test_a_span_begins_where_an_observation_changes(answers: list[object], spans: list[Observation]) -> None:
    stage = Stage()
    stage.poll(MISSING)

    listings = [Listing((OTHER, answer)) if answer else MISSING for answer in answers]  # type: ignore[arg-type]

    assert [span for listing in listings for span in _spans(stage, listing)] == spans


def test_a_missing_product_beside_an_unusable_row_is_unknown() -> None:
    stage = Stage()
    stage.poll(Listing((OTHER, row(3))))

    assert _spans(stage, Listing((OTHER,), unusable=1)) == [PASSED_OVER]
    assert _spans(stage, Listing((OTHER,), unusable=1)) == []
    assert _spans(stage, MISSING) == [Absent(sure=False)]
    assert _spans(stage, Listing((OTHER,), unusable=1)) == []


def test_a_first_span_is_stored_with_what_the_row_said() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3, "B": BAD_COUNT})

    assert stage.decision.spans == [SpanStart(key_of(), seen(3)), SpanStart(key_of("B"), BAD_COUNT)]
    assert stage.decision.attributes == []


def test_a_changed_attribute_has_its_own_row_and_no_span() -> None:
    stage = Stage()
    stage.poll({"PRD-1": seen(3)})
    stage.poll({"PRD-1": seen(3, name="renamed", price=Decimal("1E+2"), gpu_count=4)})

    assert stage.decision.spans == []
    assert stage.decision.attributes == [
        AttributeChange(key_of(), "name", "H800 node", "renamed"),
        AttributeChange(key_of(), "gpu_count", "8", "4"),
        AttributeChange(key_of(), "price", "15.5", "100"),
    ]


def test_a_missing_attribute_is_no_change_and_one_that_becomes_known_is() -> None:
    stage = Stage()
    stage.poll({"PRD-1": seen(3, name=None)})
    stage.poll({"PRD-1": seen(3, price=None, gpu_name=None)})

    assert stage.decision.attributes == [AttributeChange(key_of(), "name", None, "H800 node")]
    assert stage.world.products[stage.feed][key_of()].attributes == H800


def test_attributes_outlive_an_unusable_count_and_an_absence() -> None:
    stage = Stage()
    for answer in (row(3), row(BAD_COUNT), OTHER, OTHER, row(seen(1, name=None))):
        stage.poll(Listing((OTHER, answer)))

    assert stage.decision.attributes == []
    assert stage.world.products[stage.feed][key_of()].current == seen(1)


def test_a_product_that_was_not_looked_at_again_costs_nothing() -> None:
    stage = Stage()
    listing = listing_of({"PRD-1": 3, "A": 0})
    stage.poll(listing)
    before = dict(stage.world.products[stage.feed])
    stage.poll(listing)

    after = stage.world.products[stage.feed]
    assert all(after[key] is product for key, product in before.items())


def test_a_product_that_leaves_is_dated() -> None:
    stage = Stage()
    stage.poll({"PRD-1": 3})
    stage.poll({"PRD-1": 0})
    left_at = stage.now
    for answer in (failed(), {"PRD-1": 0}, {"PRD-1": 2}):
        stage.poll(answer)

    product = stage.world.products[stage.feed][key_of()]
    assert product == replace(product, left_at=left_at, last_known=seen(2))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ("a", "a"), (8, "8"), (Decimal("1E+3"), "1000"), (Decimal("0.10"), "0.10")],
)
def test_an_attribute_is_kept_as_plain_text(value: str | int | Decimal | None, text: str | None) -> None:
    assert attribute_text(value) == text
