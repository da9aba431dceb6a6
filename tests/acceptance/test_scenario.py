"""The main job, with the real process: every edge is told once, whatever happens to the daemon."""

from tests.acceptance.daemon import Daemon, Stage, until
from tests.acceptance.provider import CODE
from tests.fakes.internet import Answer


def told(stage: Stage, daemon: Daemon, hooked: int, mailed: int | None = None) -> None:
    """Wait for so many messages at either end, and see that the outbox is empty."""
    mails = hooked if mailed is None else mailed
    daemon.until(lambda: len(stage.hooked) >= hooked, f"message {hooked} at the webhook")
    daemon.until(lambda: len(stage.mailed) >= mails, f"message {mails} in the mailbox")
    stage.all_sent(daemon)


def test_out_in_out_and_in_again_with_two_kills_is_told_once_each(stage: Stage) -> None:
    first = stage.start()
    stage.shelf.stock(3)
    told(stage, first, 1)
    first.kill()

    second = stage.start()
    stage.after_polls(second)
    stage.shelf.stock(0)
    told(stage, second, 2)
    second.kill()

    third = stage.start()
    stage.after_polls(third)
    stage.shelf.stock(5)
    told(stage, third, 3)
    stage.after_polls(third)
    assert third.stop() == 0

    hooked, mailed = stage.hooked, stage.mailed
    assert [one.title.split(" · ")[0] for one in hooked] == [
        "BACK IN STOCK 3 nodes × 8 H800A",
        "SOLD OUT 8 × H800A",
        "BACK IN STOCK 5 nodes × 8 H800A",
    ]
    assert [one.title.split("】")[0] for one in mailed] == ["【恢复有货", "【已售罄", "【恢复有货"]
    for one in [*hooked, *mailed]:
        assert CODE in one.title
        assert one.body.startswith(f"productCode: {CODE}\n")
        assert "repeat" not in one.body
        assert "重复" not in one.body
    assert [one.event for one in hooked] == [one.event for one in mailed]
    assert len({one.event for one in hooked}) == 3
    assert all("rule h800" in one.body for one in hooked)
    assert all("规则 h800" in one.body for one in mailed)


def test_a_restock_while_the_daemon_was_down_is_told_at_its_return_with_the_gap(stage: Stage) -> None:
    stage.configure(blind_after="2s")
    stage.start().kill()
    stage.shelf.stock(2)
    long_ago = "SELECT (julianday('now') - 2440587.5) * 86400000 - max(at) > 2500 FROM poll"
    until(lambda: stage.rows(long_ago) == [(1,)], lambda: "the last poll to be old", 10)

    daemon = stage.start()
    told(stage, daemon, 1)
    [restock] = stage.hooked
    assert restock.title.startswith("BACK IN STOCK 2 nodes")
    assert "nothing was seen from" in restock.body
    assert "未能查询，库存可能在此期间已有变化" in stage.mailed[0].body


def test_a_restart_alone_announces_nothing(stage: Stage) -> None:
    stage.shelf.stock(4)
    daemon = stage.start()
    told(stage, daemon, 1)
    assert daemon.stop() == 0
    for _ in range(2):
        daemon = stage.start()
        stage.after_polls(daemon)
        assert daemon.stop() == 0
    assert [one.title.split(" · ")[0] for one in stage.hooked] == ["IN STOCK 4 nodes × 8 H800A"]
    assert len(stage.mailed) == 1


def test_what_was_gone_before_it_could_be_told_is_told_as_a_window(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(fault="reset_before_reading")
    stage.shelf.stock(3)
    daemon.says("send failed")
    stage.shelf.stock(0)
    resolved = "SELECT count(*) FROM transition WHERE edge = 'resolved'"
    daemon.until(lambda: stage.rows(resolved) == [(1,)], "the stock to be gone")
    stage.internet.answers["127.0.0.1"] = Answer()
    daemon.until(lambda: stage.hooked, "the receiver to be told")
    stage.all_sent(daemon)

    [message] = stage.hooked
    assert message.title.startswith("WAS IN STOCK")
    assert "was in stock " in message.body
    assert "at most 3" in message.body
    ends = "SELECT d.state, d.reason FROM delivery d WHERE channel = 'hook' ORDER BY d.id"
    assert stage.rows(ends) == [("sent", None), ("muted", "merged")]
    assert [one.title.split("】")[0] for one in stage.mailed] == ["【恢复有货", "【已售罄"]
