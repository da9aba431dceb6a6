"""Receivers that misbehave, around the real process: one repeat that says so, patience, and an honest no."""

from time import monotonic

from tests.acceptance.daemon import Stage
from tests.fakes.internet import Answer

HOOK = "127.0.0.1"
HOW_IT_ENDED = "SELECT state, attempts FROM delivery WHERE channel = 'hook'"


def test_an_acceptance_that_was_lost_on_the_way_is_repeated_once_with_a_mark(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.script(HOOK, Answer(fault="reset_after_reading"))
    stage.shelf.stock(3)
    daemon.until(lambda: len(stage.hooked) == 2, "the repeat")
    stage.all_sent(daemon)
    stage.after_polls(daemon)
    first, second = stage.hooked
    assert first.event == second.event
    assert "(possible repeat)" not in first.title
    assert "(possible repeat)" in second.title
    assert stage.rows(HOW_IT_ENDED) == [("sent", 2)]
    assert len(stage.mailed) == 1


def test_a_receiver_that_asks_for_patience_gets_it_and_then_the_message(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.script(HOOK, Answer(429, headers={"Retry-After": "3"}))
    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked, "the first try")
    began = monotonic()
    daemon.until(lambda: len(stage.hooked) == 2, "the second")
    assert monotonic() - began > 2.5
    stage.all_sent(daemon)
    assert "repeat" not in stage.hooked[1].title
    assert stage.rows(HOW_IT_ENDED) == [("sent", 2)]


def test_a_redirect_to_a_login_page_is_no_delivery_and_is_said_by_the_other_channel(stage: Stage) -> None:
    stage.configure(notify='hook", "mail')
    daemon = stage.start()
    stage.internet.answers[HOOK] = Answer(302, headers={"Location": "https://portal.example.net/login"})
    stage.shelf.stock(3)
    daemon.until(lambda: len(stage.mailed) == 2, "the stock and the notice by mail")
    assert "【消息发送失败" in {one.title.split("】")[0] for one in stage.mailed}
    assert stage.rows(HOW_IT_ENDED) == [("failed", 1)]
