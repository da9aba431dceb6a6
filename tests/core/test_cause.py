"""What is said to have changed: the table of causes, row by row, both ways."""

from decimal import Decimal

import pytest

from monitor.core.cause import Known, cause_of
from monitor.core.decision import Cause
from monitor.core.matching import Rule
from monitor.core.product import Absent
from tests.core.builders import key_of, rule, seen, table

ANY = rule()
FOUR = rule(table(remaining=">=4"))
GPUS = rule(table(total_gpus=">=16"))
CHEAP = rule(table(price="<=16", price_unit="11"))
CHEAP_GPU = rule(table(price_per_gpu="<=2"))
NAMED = rule(table(name="H800*"))
LENIENT = rule(ignore_stock_error=("quota*",))
EITHER = rule(table(gpu_count="4", remaining=">=4"), table(gpu_count="8", price="<=16", remaining=">=2"))
DEAR = Decimal(17)
GONE = Absent(sure=True)


@pytest.mark.parametrize(
    ("watch", "without", "with_", "cause"),
    [
        pytest.param(ANY, seen(0), seen(3), Cause.STOCK, id="stock"),
        pytest.param(FOUR, seen(0), seen(4), Cause.STOCK, id="stock comes before count"),
        pytest.param(CHEAP, seen(0, price=DEAR), seen(3), Cause.STOCK, id="stock comes before price"),
        pytest.param(ANY, seen(0, "error"), seen(3), Cause.STOCK, id="stock comes before stock error"),
        pytest.param(FOUR, seen(3), seen(4), Cause.COUNT, id="count"),
        pytest.param(GPUS, seen(1), seen(2), Cause.COUNT, id="count of GPUs"),
        pytest.param(GPUS, seen(2, gpu_count=4), seen(2), Cause.COUNT, id="count of GPUs by their number"),
        pytest.param(FOUR, seen(3, "error"), seen(4), Cause.COUNT, id="count comes before stock error"),
        pytest.param(CHEAP, seen(3, price=DEAR), seen(3), Cause.PRICE, id="price"),
        pytest.param(CHEAP_GPU, seen(3, price=DEAR), seen(3), Cause.PRICE, id="price per GPU"),
        pytest.param(
            CHEAP, seen(1, price=DEAR), seen(3), Cause.PRICE, id="price, not a count nobody asked for"
        ),
        pytest.param(
            CHEAP, seen(3, "error", price=DEAR), seen(3), Cause.PRICE, id="price before stock error"
        ),
        pytest.param(ANY, seen(3, "error"), seen(3), Cause.STOCK_ERROR, id="stock error"),
        pytest.param(LENIENT, seen(3, "error"), seen(3, "quota"), Cause.STOCK_ERROR, id="an ignored error"),
        pytest.param(ANY, GONE, seen(3), Cause.LISTING, id="listing"),
        pytest.param(FOUR, GONE, seen(4), Cause.LISTING, id="listing, whatever the count"),
        pytest.param(NAMED, seen(3, name="A100"), seen(3), Cause.OTHER, id="another attribute"),
        pytest.param(
            NAMED, seen(1, name="A100"), seen(3), Cause.OTHER, id="another attribute, and the count"
        ),
        pytest.param(ANY, seen(3), seen(3), Cause.OTHER, id="the rule changed"),
        pytest.param(
            EITHER, seen(5, price=DEAR), seen(3), Cause.PRICE, id="any-of: only the table that is met counts"
        ),
        pytest.param(EITHER, seen(1), seen(5), Cause.COUNT, id="any-of: the count of the table that is met"),
    ],
)
def test_the_cause_is_the_first_row_that_changed(
    watch: Rule, without: Known, with_: Known, cause: Cause
) -> None:
    assert cause_of(watch, key_of(), without, with_) is cause
    assert cause_of(watch, key_of(), with_, without) is cause


def test_a_product_that_was_never_known_is_seen_for_the_first_time() -> None:
    assert cause_of(FOUR, key_of(), None, seen(4)) is Cause.FIRST_SIGHT
