"""`monitor notify-test`: real messages to a loopback receiver."""

import json
from pathlib import Path

from tests.cli.calling import StandIn, call, config_file, run_process


def test_each_channel_gets_one_message_in_its_language(tmp_path: Path) -> None:
    with StandIn() as receiver:
        file = config_file(tmp_path, receiver.url)
        file.write_text(file.read_text().replace('/notify/ch2"\n', '/notify/ch2"\nlanguage = "zh"\n'))
        code, out, err = run_process("notify-test", "--config", file)
    assert (code, err) == (0, "")
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [["ch1", "✓", "sent"], ["ch2", "✓", "sent"]]
    (_, english, first), (_, chinese, second) = sorted(receiver.messages)
    assert english == "TEST MESSAGE · gpu-stock-monitor"
    assert "channel ch1 works" in first
    assert chinese == "【测试消息】gpu-stock-monitor"
    assert "通道 ch2" in second


def test_only_the_named_channel_is_sent_to(tmp_path: Path) -> None:
    with StandIn() as receiver:
        said = call("notify-test", "ch2", "--config", config_file(tmp_path, receiver.url))
    assert said.exit_code == 0
    assert [channel for channel, _, _ in receiver.messages] == ["ch2"]


def test_one_failed_channel_is_code_1_and_stops_no_other(tmp_path: Path) -> None:
    more = (
        '[channels.dead]\nurl = "json://127.0.0.1:1"\n'
        '[channels.bad]\nurl = "nosuch://canary-4f1d@host"\n'
        '[channels.lost]\nurl = { env = "MONITOR_NO_SUCH_URL" }\n'
    )
    with StandIn() as receiver:
        said = call("notify-test", "--json", "--config", config_file(tmp_path, receiver.url, more))
    assert said.exit_code == 1
    told = {each["channel"]: each for each in json.loads(said.stdout)["channels"]}
    assert [told[name]["sent"] for name in ("ch1", "ch2", "dead", "bad", "lost")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert told["ch1"].keys() == {"channel", "sent", "kind", "reason", "note", "took_s"}
    assert told["dead"]["kind"] == "transient"
    assert told["bad"]["kind"] == "permanent"
    assert "MONITOR_NO_SUCH_URL is not set" in told["lost"]["reason"]
    assert "canary-4f1d" not in said.output
    assert len(receiver.messages) == 2


def test_the_table_says_why_a_channel_failed(tmp_path: Path) -> None:
    said = call("notify-test", "ch1", "--config", config_file(tmp_path, "http://127.0.0.1:1"))
    assert said.exit_code == 1
    assert "✗ not sent" in said.stdout
    assert "refused" in said.stdout


def test_an_unknown_channel_is_a_usage_error_that_suggests_one(tmp_path: Path) -> None:
    code, out, err = run_process(
        "notify-test", "ch3", "--config", config_file(tmp_path, "http://127.0.0.1:1")
    )
    assert (code, out) == (2, "")
    assert "there is no channel 'ch3'; did you mean ch" in err


def test_without_channels_there_is_nothing_to_test(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", "notify = []\n", channels=0)
    said = call("notify-test", "--config", file)
    assert said.exit_code == 3
    assert "there is no channel: add a [channels.NAME]" in said.stderr
