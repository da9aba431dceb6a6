"""SIGHUP, with the real process: all of a good configuration, nothing of a bad one."""

from time import monotonic

from tests.acceptance.daemon import API_KEY, HOOK_TOKEN, Stage
from tests.fakes.internet import Answer

A_RULE = """
[[watch]]
name = "any-node"
match = { aidc_id = 1 }
notify = ["hook"]
"""
A_CHANNEL_WITH_RULE = """
[channels.second]
url = {{ env = "TEST_SECOND_URL" }}
[[watch]]
name = "second"
match = {{ aidc_id = 1 }}
notify = ["second"]
"""


def test_a_bad_file_keeps_the_old_configuration_and_each_problem_is_said(stage: Stage) -> None:
    daemon = stage.start()
    stage.configure(A_RULE.replace("notify", "notfiy") + "[nonsense]\nx = 1\n")
    daemon.reload()
    daemon.says("reload refused", times=2)
    assert "did you mean notify?" in daemon.said
    assert "nonsense" in daemon.said

    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked, "the old rule to fire")
    assert "rule h800" in stage.hooked[0].body
    assert daemon.stop() == 0


def test_a_missing_secret_refuses_the_reload(stage: Stage) -> None:
    daemon = stage.start()
    stage.configure(A_CHANNEL_WITH_RULE.format())
    daemon.reload()
    daemon.says("reload refused")
    assert "TEST_SECOND_URL" in daemon.said
    stage.after_polls(daemon)
    assert daemon.stop() == 0


def test_a_new_rule_sees_its_products_for_the_first_time(stage: Stage) -> None:
    stage.shelf.stock(3)
    daemon = stage.start()
    daemon.until(lambda: len(stage.hooked) == 1, "the first rule")
    stage.configure(A_RULE)
    daemon.reload()
    daemon.says('"reloaded"')
    daemon.until(lambda: len(stage.hooked) == 2, "the second rule")
    stage.after_polls(daemon)
    assert [("any-node" in one.body, "IN STOCK" in one.title) for one in stage.hooked[1:]] == [(True, True)]


def test_a_new_channel_gets_what_comes_from_then_on(stage: Stage) -> None:
    second = f"json://127.0.0.1:{stage.internet.port}/second-{HOOK_TOKEN}"
    daemon = stage.start(TEST_SECOND_URL=second)
    stage.configure(A_CHANNEL_WITH_RULE.format())
    daemon.reload()
    daemon.says('"reloaded"')
    stage.shelf.stock(3)
    daemon.until(lambda: len(stage.hooked) == 2, "both channels to be told")
    paths = {request.path for request in stage.internet.requests}
    assert paths == {f"/{HOOK_TOKEN}", f"/second-{HOOK_TOKEN}"}


def test_a_thousand_hangups_within_a_second_are_survived(stage: Stage) -> None:
    daemon = stage.start()
    began = monotonic()
    for _ in range(1000):
        daemon.reload()
    assert monotonic() - began < 1
    daemon.says('"reloaded"')
    stage.shelf.stock(3)
    daemon.until(lambda: stage.mailed, "the stock to be told after the burst")
    stage.all_sent(daemon)
    assert len(stage.hooked) == 1
    assert daemon.stop() == 0


def test_a_reload_during_a_send_does_not_disturb_it_and_uses_the_new_rule_at_once(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(fault="hang")
    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked, "a send that is not answered")
    stage.configure(A_RULE.replace('"hook"', '"mail"'))
    daemon.reload()
    daemon.says('"reloaded"')
    daemon.until(lambda: len(stage.mailed) == 2, "both rules to be told by mail")
    assert "any-node" in stage.mailed[1].body
    in_flight = "SELECT count(*) FROM delivery WHERE channel = 'hook' AND claimed_at IS NOT NULL"
    assert stage.rows(in_flight) == [(1,)]
    assert len(stage.hooked) == 1


def test_what_a_removed_channel_had_yet_to_tell_is_expired_and_said(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(status=500)
    stage.shelf.stock(3)
    daemon.says("send failed")
    stage.config.write_text(
        stage.config.read_text().replace("channels.hook", "channels.other").replace('"hook"', '"other"')
    )
    daemon.reload()
    daemon.says("deliveries expired")
    ended = "SELECT state, reason FROM delivery WHERE channel = 'hook'"
    daemon.until(lambda: stage.rows(ended) == [("expired", "channel removed")], "the delivery to be expired")


def test_what_a_removed_rule_had_yet_to_tell_is_expired_and_said(stage: Stage) -> None:
    stage.configure(A_RULE)
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(status=500)
    stage.shelf.stock(3)
    daemon.says("send failed")
    stage.configure()
    daemon.reload()
    daemon.says("deliveries expired")
    ended = (
        "SELECT d.state, d.reason FROM delivery d JOIN transition t ON t.id = d.transition_id"
        " WHERE t.rule = 'any-node'"
    )
    assert stage.rows(ended) == [("expired", "rule removed")]
    stage.internet.answers["127.0.0.1"] = Answer()
    stage.all_sent(daemon)
    assert "any-node" not in stage.hooked[-1].body


def test_another_database_needs_a_restart(stage: Stage) -> None:
    daemon = stage.start()
    stage.config.write_text(stage.config.read_text().replace("monitor.db", "other.db"))
    daemon.reload()
    daemon.says("restart the monitor to use it")
    stage.after_polls(daemon)
    assert not (stage.folder / "other.db").exists()


def test_a_corrected_key_is_used_at_once(stage: Stage) -> None:
    stage.configure()
    stage.config.write_text(stage.config.read_text().replace('{ env = "TEST_API_KEY" }', '{ file = "key" }'))
    (stage.folder / "key").write_text("wrong")
    (stage.folder / "key").chmod(0o600)
    daemon = stage.spawn()
    daemon.says("forbidden")
    (stage.folder / "key").write_text(API_KEY)
    daemon.reload()
    daemon.says("poll ok")
    assert daemon.stop() == 0
