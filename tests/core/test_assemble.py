"""From the rows of an answer to what was observed of each product."""

from datetime import UTC, datetime

import pytest

from monitor.core.answer import Failed, FailureKind, Listing, Row
from monitor.core.assemble import CONTRADICTION, PASSED_OVER, Observed, assemble, believe_empty
from monitor.core.product import Absent, Feed, Invalid, Observation, ProductKey, Seen
from monitor.core.world import FeedState, Product
from tests.core.builders import FEED, key_of, row, seen

BAD_COUNT = Invalid("remainingCount is null")


def _known(*keys: ProductKey, current: Observation | None = None) -> dict[ProductKey, Product]:
    observation = current or seen(1)
    return {key: Product(key, observation, None) for key in keys}


def _assembled(
    *rows: Row, feed: Feed = FEED, known: dict[ProductKey, Product] | None = None, unusable: int = 0
) -> Observed:
    observed = assemble(feed, Listing(rows, unusable), known or {})
    assert isinstance(observed, Observed)
    return observed


@pytest.mark.parametrize(
    ("rows", "observation"),
    [
        pytest.param([seen(3)], seen(3), id="one row"),
        pytest.param([seen(3), seen(3)], seen(3), id="equal rows are one"),
        pytest.param([seen(3), seen(4)], CONTRADICTION, id="rows that contradict"),
        pytest.param([seen(3), seen(4), seen(3)], CONTRADICTION, id="a third does not decide it"),
        pytest.param([seen(3), seen(3, "error")], CONTRADICTION, id="one of them has a stock error"),
        pytest.param([seen(3), BAD_COUNT], CONTRADICTION, id="one of them is invalid"),
        pytest.param([BAD_COUNT, BAD_COUNT], BAD_COUNT, id="invalid for the same reason"),
    ],
)
def test_rows_with_one_key(rows: list[Seen | Invalid], observation: Seen | Invalid) -> None:
    observed = _assembled(*[row(one) for one in rows], row(1, "OTHER"))

    assert observed.listed == {key_of(): observation, key_of("OTHER"): seen(1)}


@pytest.mark.parametrize(
    ("feed", "known", "aidc_id"),
    [
        pytest.param(Feed("default", 7), {}, 7, id="takes the request's"),
        pytest.param(FEED, _known(key_of(aidc_id=2)), 2, id="or that of the only known product"),
        pytest.param(FEED, {}, None, id="of no known product"),
        pytest.param(
            FEED,
            _known(key_of(aidc_id=2), key_of(aidc_id=3), key_of(aidc_id=4)),
            None,
            id="of several known products",
        ),
        pytest.param(FEED, _known(key_of("X", aidc_id=2)), None, id="of another code"),
    ],
)
def test_a_row_without_aidc_id(feed: Feed, known: dict[ProductKey, Product], aidc_id: int | None) -> None:
    observed = _assembled(row(1, "OTHER", feed.aidc_id or 1), row(5, aidc_id=None), feed=feed, known=known)

    listed = {key.aidc_id for key in observed.listed if key.product_code == "PRD-1"}
    assert listed == ({aidc_id} if aidc_id is not None else set())
    assert observed.unusable == (aidc_id is None)


def test_rows_of_another_data_centre_are_ignored_and_counted() -> None:
    observed = _assembled(row(1, aidc_id=7), row(9, "X", 8), row(9, "Y", 9), feed=Feed("default", 7))

    assert list(observed.listed) == [key_of(aidc_id=7)]
    assert (observed.foreign, observed.unusable) == (2, 0)


@pytest.mark.parametrize(
    ("before", "unusable", "after"),
    [
        pytest.param(seen(3), 0, Absent(sure=False), id="missing for the first time"),
        pytest.param(Absent(sure=False), 0, Absent(sure=True), id="missing for the second time"),
        pytest.param(Absent(sure=True), 0, Absent(sure=True), id="missing still"),
        pytest.param(BAD_COUNT, 0, Absent(sure=False), id="missing after an unusable count"),
        pytest.param(seen(3), 1, PASSED_OVER, id="a row without a usable key may have been it"),
        pytest.param(Absent(sure=False), 1, Absent(sure=False), id="such an answer is no second time"),
        pytest.param(Absent(sure=True), 1, Absent(sure=True), id="nor does it bring anything back"),
    ],
)
def test_a_known_product_that_is_not_listed(before: Observation, unusable: int, after: Observation) -> None:
    observed = _assembled(row(1, "OTHER"), known=_known(key_of(), current=before), unusable=unusable)

    assert observed.unlisted == {key_of(): after}


def test_an_empty_list_that_is_believed_makes_every_product_absent_at_once() -> None:
    observed = _assembled(known=_known(key_of("A"), key_of("B")))

    assert observed.unlisted == dict.fromkeys([key_of("A"), key_of("B")], Absent(sure=True))


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        pytest.param(Listing((), 1), "no usable row among 1 row", id="one without a usable key"),
        pytest.param(Listing((row(BAD_COUNT),), 2), "no usable row among 3 rows", id="none with a count"),
        pytest.param(Listing((row(1), row(2))), "no usable row among 2 rows", id="only a contradiction"),
    ],
)
def test_a_list_without_one_usable_row_is_a_failure(listing: Listing, reason: str) -> None:
    assert assemble(FEED, listing, {}) == Failed(FailureKind.NO_USABLE_ROW, reason)


@pytest.mark.parametrize(
    ("ever_listed", "empties", "believed"),
    [
        pytest.param(False, 0, True, id="a feed that never listed anything"),
        pytest.param(True, 0, False, id="the first after a filled one"),
        pytest.param(True, 1, False, id="the second"),
        pytest.param(True, 2, True, id="the third"),
        pytest.param(True, 9, True, id="any later one"),
    ],
)
def test_when_an_empty_list_is_believed(ever_listed: bool, empties: int, believed: bool) -> None:
    state = FeedState(datetime(2026, 3, 1, tzinfo=UTC), ever_listed=ever_listed, empties=empties)

    failure = believe_empty(state)

    assert failure == (None if believed else Failed(FailureKind.EMPTY_LIST, "empty list"))


def test_every_row_that_no_data_centre_can_be_found_for_is_counted() -> None:
    rows = (row(1), row(1, "NEW", aidc_id=None), row(1, "NEWER", aidc_id=None))
    assert _assembled(*rows, unusable=1).unusable == 3
