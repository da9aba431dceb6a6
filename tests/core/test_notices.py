"""What the monitor says of itself, once per episode: blind, back, a refused key, foreign rows."""

from datetime import timedelta

from monitor.core.answer import FailureKind, Listing
from monitor.core.decision import DeliveryIntent, NoticeEnd, NoticeKind
from monitor.core.moment import to_ms
from monitor.core.product import Feed
from tests.core.builders import (
    MINUTE,
    SECOND,
    START,
    Answer,
    Stage,
    failed,
    row,
)

REFUSED = failed(FailureKind.KEY_REFUSED, "forbidden: the key was refused (HTTP 403)")
IN: Answer = {"PRD-1": 3}


def _kinds(stage: Stage) -> list[NoticeKind]:
    return [notice.kind for notice in stage.decision.notices]


# blind and back


def test_a_feed_without_an_ok_poll_for_so_long_is_blind_and_then_back() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.poll(IN)
    seen_at = stage.now
    stage.poll(failed(), after=59 * SECOND)
    assert stage.notices == []

    stage.poll(failed(FailureKind.SERVER_ERROR, "server error (HTTP 502)"), after=SECOND)
    (blind,) = stage.notices
    assert (blind.kind, blind.subject, blind.at, blind.is_episode) == (
        NoticeKind.BLIND,
        "default",
        stage.now,
        True,
    )
    facts = {"feed": "default", "since": to_ms(seen_at), "reason": "server error (HTTP 502)"}
    assert blind.facts == facts
    assert blind.deliveries == (DeliveryIntent("ops", None, timedelta(hours=2)),)

    stage.poll(failed())
    assert _kinds(stage) == []
    stage.poll(IN)
    (back,) = stage.decision.notices
    assert (back.kind, back.is_episode) == (NoticeKind.BACK, False)
    assert back.facts == {"feed": "default", "since": to_ms(seen_at)}
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.BLIND, "default")]


def test_a_feed_that_was_never_seen_is_blind_since_the_start() -> None:
    stage = Stage()
    stage.poll(failed(), after=MINUTE)

    assert stage.notices[0].facts["since"] == to_ms(START)
    stage.poll(IN)
    assert stage.notices[1].facts["since"] == to_ms(START)


def test_every_blindness_is_told_again() -> None:
    stage = Stage()
    for answer in (failed(), IN, failed(), IN):
        stage.poll(answer, after=2 * MINUTE)

    assert [notice.kind for notice in stage.notices] == [
        NoticeKind.BLIND,
        NoticeKind.BACK,
        NoticeKind.BLIND,
        NoticeKind.BACK,
    ]


def test_a_restart_in_an_episode_does_not_tell_it_again() -> None:
    stage = Stage()
    stage.poll(failed(), after=MINUTE)
    stage.restart()
    stage.poll(failed(), after=MINUTE)

    assert len(stage.notices) == 1


def test_blindness_is_noticed_between_two_polls() -> None:
    stage = Stage()
    stage.poll(IN)
    stage.poll(failed())
    stage.watch_the_clock(after=30 * SECOND)
    assert stage.notices == []

    stage.watch_the_clock(after=30 * SECOND)
    assert stage.notices[0].facts["reason"] == "timeout"
    assert stage.decision.poll is None
    stage.watch_the_clock(after=MINUTE)
    assert len(stage.notices) == 1
    stage.poll(IN)
    assert _kinds(stage) == [NoticeKind.BACK]


def test_an_empty_list_that_is_not_believed_keeps_the_feed_blind() -> None:
    stage = Stage()
    stage.poll(IN)
    stage.poll(Listing(()), after=MINUTE)

    assert stage.notices[0].facts["reason"] == "empty list"


def test_one_feed_may_be_blind_alone() -> None:
    one, two = Feed("default", 1), Feed("default", 2)
    stage = Stage(feeds=(one, two))
    stage.poll(failed(), feed=one, after=MINUTE)
    stage.poll(Listing((row(1, aidc_id=2),)), feed=two)

    assert [notice.subject for notice in stage.notices] == ["default/aidc-1"]


# the key


def test_a_refused_key_is_told_the_third_time() -> None:
    stage = Stage(blind_after=timedelta(hours=1))
    stage.poll(REFUSED)
    stage.poll(REFUSED)
    assert stage.notices == []

    stage.poll(REFUSED)
    (notice,) = stage.notices
    assert (notice.kind, notice.subject) == (NoticeKind.KEY_REFUSED, "default")
    assert notice.facts == {"source": "default", "reason": REFUSED.reason}
    stage.poll(REFUSED)
    assert len(stage.notices) == 1


def test_other_failures_leave_the_count_of_refusals_and_an_ok_poll_clears_it() -> None:
    stage = Stage(blind_after=timedelta(hours=1))
    for answer in (REFUSED, REFUSED, IN, REFUSED, failed(), REFUSED):
        stage.poll(answer)
    assert stage.notices == []
    stage.watch_the_clock(after=SECOND)

    stage.poll(REFUSED)
    assert _kinds(stage) == [NoticeKind.KEY_REFUSED]
    stage.poll(IN)
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.KEY_REFUSED, "default")]


def test_refusals_are_counted_over_all_feeds_of_a_source() -> None:
    one, two, other = Feed("default", 1), Feed("default", 2), Feed("other", None)
    stage = Stage(feeds=(one, two, other), blind_after=timedelta(hours=1))
    for feed in (one, other, two):
        stage.poll(REFUSED, feed=feed)
    assert stage.notices == []

    stage.poll(REFUSED, feed=one)
    assert [notice.subject for notice in stage.notices] == ["default"]


# foreign rows


def test_rows_of_another_data_centre_are_noticed_once() -> None:
    stage = Stage(feeds=(Feed("default", 1),))
    mixed = Listing((row(3, aidc_id=1), row(3, aidc_id=2)))
    stage.poll(mixed)
    (notice,) = stage.notices
    assert (notice.kind, notice.facts) == (NoticeKind.FOREIGN_ROWS, {"feed": "default/aidc-1", "count": 1})

    stage.poll(mixed)
    assert len(stage.notices) == 1
    stage.poll(Listing((row(3, aidc_id=1),)))
    assert stage.decision.notice_ends == [NoticeEnd(NoticeKind.FOREIGN_ROWS, "default/aidc-1")]
    stage.poll(mixed)
    assert len(stage.notices) == 2


def test_looking_at_the_clock_counts_as_no_refusal() -> None:
    stage = Stage(blind_after=MINUTE)
    stage.watch_the_clock(after=MINUTE)
    for _ in range(2):
        stage.poll(REFUSED)
    assert stage.told_of(NoticeKind.KEY_REFUSED) == []
    stage.watch_the_clock(after=MINUTE)
    stage.poll(REFUSED)
    assert len(stage.told_of(NoticeKind.KEY_REFUSED)) == 1
