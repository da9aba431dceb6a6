"""An unchanged row is recognised by its bytes and is the same object; only the last answer is kept."""

from monitor.core.answer import Listing
from monitor.source.payload import RowMemo, parse
from tests.source.answers import GOOD_ROW, TWO_PRODUCTS, body, row


def test_an_unchanged_row_is_the_same_object() -> None:
    memo = RowMemo()
    before, after = parse(TWO_PRODUCTS, memo), parse(TWO_PRODUCTS, memo)
    assert isinstance(before, Listing)
    assert isinstance(after, Listing)
    assert all(one is other for one, other in zip(before.rows, after.rows, strict=True))


def test_a_changed_row_is_read_again_and_the_others_are_not() -> None:
    memo = RowMemo()
    before = parse(body(row(remainingCount=6), GOOD_ROW), memo)
    after = parse(body(row(remainingCount=5), GOOD_ROW), memo)
    assert isinstance(before, Listing)
    assert isinstance(after, Listing)
    assert before.rows[0] != after.rows[0]
    assert before.rows[1] is after.rows[1]


def test_the_memo_holds_the_last_answer_only() -> None:
    memo = RowMemo()
    for count in range(100):
        parse(body(row(remainingCount=count), GOOD_ROW), memo)
    assert len(memo.rows) == 2


def test_a_failed_answer_leaves_the_memo_as_it_was() -> None:
    memo = RowMemo()
    parse(TWO_PRODUCTS, memo)
    kept = dict(memo.rows)
    parse(b"oops", memo)
    assert memo.rows == kept


def test_an_unusable_row_is_counted_again_when_it_is_remembered() -> None:
    memo = RowMemo()
    answers = [parse(body(b"null", GOOD_ROW), memo) for _ in range(2)]
    assert [answer.unusable for answer in answers if isinstance(answer, Listing)] == [1, 1]
