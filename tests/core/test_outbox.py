"""Which waiting deliveries make the next message of a channel."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.decision import Cause, Facts, Notice, NoticeKind, Transition, TransitionKind
from monitor.core.outbox import Choice, Item, Waiting, choose, choose_one, next_due, next_due_of_one
from tests.core.builders import MINUTE, START, key_of

FIRED, RESOLVED, REPEATED = TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.REPEATED
LATER = START + MINUTE


def _told(
    kind: TransitionKind, cause: Cause = Cause.STOCK, code: str = "PRD-1", opening: str = "opening-1"
) -> Transition:
    event_id = opening if kind is FIRED else f"{kind}-{cause}"
    facts = Facts("default", 1, code, 3)
    return Transition(event_id, "nodes", key_of(code), START, kind, cause, opening, facts, ())


def _notice(kind: NoticeKind = NoticeKind.BLIND, subject: str = "default") -> Notice:
    return Notice("notice-1", kind, subject, START, {}, ())


def _waiting(
    delivery_id: int, told: Transition | Notice, poll_id: int | None = 1, resolve: Transition | None = None
) -> Waiting:
    return Waiting(delivery_id, poll_id, told, untried=True, next_at=START, resolve=resolve)


def _retrying(delivery_id: int, told: Transition | Notice, poll_id: int | None = 1) -> Waiting:
    """Tried, and not due before LATER."""
    waiting = _waiting(delivery_id, told, poll_id)
    return replace(waiting, untried=False, next_at=LATER, attempts=2, possible_repeat=True)


def _ids(choice: Choice) -> list[int]:
    return [item.delivery_id for item in choice.items]


def _codes(first: int, last: int, poll_id: int | None = None) -> list[Waiting]:
    """Openings of different products, each of its own poll unless one is given."""
    return [
        _waiting(n, _told(FIRED, code=f"PRD-{n}", opening=f"o-{n}"), poll_id or n)
        for n in range(first, last + 1)
    ]


def test_nothing_waits() -> None:
    assert choose([], START) == Choice((), ())
    assert next_due([]) is None


def test_a_delivery_that_was_never_tried_is_due_at_once() -> None:
    untried = replace(_waiting(1, _told(FIRED)), next_at=LATER)

    assert _ids(choose([untried], START)) == [1]


def test_a_retry_waits_until_it_is_due_and_says_what_was_tried() -> None:
    told = _told(FIRED)
    retry = _retrying(1, told)

    assert choose([retry], LATER - timedelta(milliseconds=1)) == Choice((), ())
    assert choose([retry], LATER).items == (Item(1, told, attempts=2, possible_repeat=True),)
    assert next_due([retry, replace(retry, next_at=START)]) == START


def test_what_comes_from_one_poll_goes_together() -> None:
    assert _ids(choose([*_codes(1, 2, poll_id=7), *_codes(3, 3)], START)) == [1, 2]
    assert _ids(choose(_codes(1, 2), START)) == [1]


def test_more_than_three_of_several_polls_go_together() -> None:
    assert _ids(choose(_codes(1, 3), START)) == [1]
    assert _ids(choose(_codes(1, 4), START)) == [1, 2, 3, 4]


def test_notices_without_a_poll_are_no_group() -> None:
    blind = _waiting(1, _notice(), poll_id=None)
    failed = _waiting(2, _notice(NoticeKind.DELIVERY_FAILED, "mail"), poll_id=None)

    assert _ids(choose([blind, failed], START)) == [1]


def test_untried_deliveries_go_before_retries() -> None:
    retry = _retrying(1, _told(FIRED, code="A", opening="o-a"), poll_id=1)
    fresh = _waiting(2, _told(FIRED, code="B", opening="o-b"), poll_id=2)

    assert _ids(choose([retry, fresh], LATER)) == [2]


def test_order_is_kept_per_alert_though_the_elder_waits_for_its_retry() -> None:
    elder = _retrying(1, _told(RESOLVED, opening="o-1"), poll_id=1)
    younger = _waiting(2, _told(FIRED, opening="o-2"), poll_id=2)
    stranger = _retrying(3, _told(FIRED, code="X", opening="o-3"), poll_id=1)

    assert _ids(choose([younger, elder, stranger], START)) == [1, 2]


def test_order_is_kept_per_notice_too() -> None:
    elder = _retrying(1, _notice(), poll_id=None)
    younger = _waiting(2, _notice(), poll_id=None)

    assert _ids(choose([elder, younger], START)) == [1, 2]


def test_a_younger_one_does_not_come_along() -> None:
    fresh = _waiting(1, _told(FIRED, opening="o-1"), poll_id=1)
    younger = _retrying(2, _told(RESOLVED, opening="o-0"), poll_id=2)

    assert _ids(choose([fresh, younger], START)) == [1]


def test_an_untold_opening_that_is_over_tells_the_whole_window() -> None:
    opening, resolve = _told(FIRED), _told(RESOLVED)

    choice = choose([_waiting(1, opening, 1, resolve), _waiting(2, resolve, 2)], START)

    assert choice == Choice((Item(1, opening, resolve=resolve),), merged=(2,))


def test_a_resolve_that_is_muted_itself_still_makes_a_window_of_its_opening() -> None:
    resolve = _told(RESOLVED)

    (item,) = choose([_waiting(1, _told(FIRED), 1, resolve)], START).items

    assert item.resolve == resolve


def test_a_window_does_not_wait_for_the_retry_of_its_opening() -> None:
    opening, resolve = _told(FIRED), _told(RESOLVED)
    retry = replace(_retrying(1, opening), resolve=resolve)

    choice = choose([retry, _waiting(2, resolve, 2)], START)

    assert choice == Choice((Item(1, opening, 2, True, resolve),), merged=(2,))


def test_a_resolve_whose_opening_was_told_goes_alone() -> None:
    resolve = _told(RESOLVED)

    assert choose([_waiting(2, resolve, 2)], START) == Choice((Item(2, resolve),), ())


def test_a_resolve_is_merged_with_its_own_opening_only() -> None:
    resolve = _told(RESOLVED, opening="o-1")
    again = _told(FIRED, opening="o-2")

    choice = choose([_waiting(1, resolve, 1), _waiting(2, again, 2)], START)

    assert (_ids(choice), choice.merged) == ([1], ())


@pytest.mark.parametrize("cause", [Cause.OPENED_AGAIN, Cause.SILENCE_ENDED])
def test_what_was_told_late_tells_the_whole_window_as_well(cause: Cause) -> None:
    late, resolve = _told(REPEATED, cause), _told(RESOLVED)

    choice = choose([_waiting(1, late, 1, resolve), _waiting(2, resolve, 2)], START)

    assert choice == Choice((Item(1, late, resolve=resolve),), merged=(2,))


@pytest.mark.parametrize("cause", [Cause.REMINDER, Cause.MORE])
def test_what_adds_to_an_opening_is_needless_once_that_is_over(cause: Cause) -> None:
    reminder, resolve = _told(REPEATED, cause), _told(RESOLVED)

    choice = choose([_waiting(1, reminder, 1, resolve), _waiting(2, resolve, 2)], START)

    assert choice == Choice((Item(2, resolve),), merged=(1,))


def test_only_needless_deliveries_make_no_message() -> None:
    reminder = _waiting(1, _told(REPEATED, Cause.REMINDER), 1, _told(RESOLVED))

    assert choose([reminder], START) == Choice((), merged=(1,))


def test_a_reminder_is_needless_once_a_later_one_waits() -> None:
    reminders = [_retrying(n, _told(REPEATED, Cause.REMINDER), n) for n in (2, 3, 4)]
    other = _waiting(5, _told(REPEATED, Cause.REMINDER, code="X", opening="o-x"), 5)

    choice = choose([_retrying(1, _told(FIRED)), *reminders, other], LATER)

    assert choice.merged == (2, 3)
    assert _ids(choice) == [5]


def test_a_message_shows_its_lines_in_the_order_of_the_outbox() -> None:
    waiting = _codes(1, 5)

    assert _ids(choose(waiting[::-1], START)) == [1, 2, 3, 4, 5]


def test_an_opening_whose_stock_is_gone_for_now_is_not_told_as_here() -> None:
    clearing = replace(_waiting(1, _told(FIRED)), is_clearing=True)
    other = _waiting(2, _told(FIRED, code="B", opening="o-b"))

    assert _ids(choose([clearing, other], START)) == [2]
    assert next_due([clearing]) is None
    assert _ids(choose([replace(clearing, is_clearing=False)], START)) == [1]


def test_a_program_is_told_one_event_at_a_time_the_untried_first() -> None:
    retry, *untried = [_retrying(1, _told(FIRED, code="PRD-9", opening="o-9")), *_codes(2, 9, poll_id=7)]
    assert _ids(choose_one([retry, *untried], START)) == [2]
    assert _ids(choose_one([retry, *untried], LATER)) == [2]
    assert _ids(choose_one([retry], LATER)) == [1]
    assert choose_one([], START) == Choice((), ())


def test_what_came_later_of_an_alert_waits_for_what_came_before_it() -> None:
    elder, younger = _retrying(1, _told(FIRED)), _waiting(2, _told(REPEATED, Cause.OPENED_AGAIN))
    assert choose_one([elder, younger], START) == Choice((), ())
    assert next_due_of_one([elder, younger]) == LATER
    assert _ids(choose_one([elder, younger], LATER)) == [1]
    assert _ids(choose_one([younger], LATER)) == [2]


def test_a_program_too_is_told_of_a_window_that_is_over_in_one_event() -> None:
    end = _told(RESOLVED)
    opening = replace(_retrying(1, _told(FIRED)), resolve=end)
    choice = choose_one([opening, _waiting(2, end)], START)
    assert choice.merged == (2,)
    assert [(i.delivery_id, i.resolve) for i in choice.items] == [(1, end)]
