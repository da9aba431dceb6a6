"""`monitor alerts`: every delivery with its word and reason; and sending one again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.backoff import Accepted
from monitor.core.decision import DeliveryIntent, MuteReason, Notice, NoticeKind
from monitor.store.announce import raise_notice
from monitor.store.database import Database
from tests.cli.calling import call
from tests.cli.stock import stock, stocked
from tests.cli.test_status import DOWN, REVOKED, send
from tests.store.ground import Monitor


def told(folder: Path, *words: str) -> list[dict[str, Any]]:
    result = call("alerts", "--json", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    events: list[dict[str, Any]] = json.loads(result.stdout)["events"]
    return events


def shown(folder: Path, *words: str) -> list[str]:
    result = call("alerts", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def retry(folder: Path, delivery: int) -> tuple[int, str]:
    result = call("alerts", "retry", "--config", folder / "monitor.toml", str(delivery))
    return result.exit_code, result.stdout + result.stderr


def delivery_states(monitor: Monitor) -> list[tuple[object, ...]]:
    return monitor.rows("SELECT channel, state FROM delivery ORDER BY id")


def notice(monitor: Monitor, *intents: DeliveryIntent) -> None:
    raised = Notice("n-1", NoticeKind.BLIND, "alaya", monitor.now, {"reason": "timeout"}, intents)
    monitor.write(lambda connection: raise_notice(connection, raised))


def test_each_delivery_has_its_number_sign_and_word(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "slack", Accepted())
        send(monitor, "mail", REVOKED)
        heading, slack, mail, *_ = shown(tmp_path)
    title = "▲ IN STOCK 3 nodes × 8 H800 · AIDC 1 · PRD-TRAIN-1 (any, event event-0)"
    assert heading.partition(" ")[2] == title
    assert slack == "1 slack ✓ sent after 0.0 s"
    assert mail == f"2 mail ✗ failed: {REVOKED.reason}"


def test_a_retry_tells_when_and_what_was_said_before(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        for _ in range(5):
            send(monitor, "mail", DOWN)
            monitor.now += timedelta(minutes=2)
        lines = shown(tmp_path, "--channel", "mail")
    assert lines[1].startswith("2 mail ↻ retry next try ")
    assert lines[1].endswith(f"{DOWN.reason}, 5 tries")
    assert lines[2] == "2 earlier tries; --json tells all"
    assert [line.partition(" ")[2] for line in lines[3:6]] == [f"transient: {DOWN.reason}"] * 3


def test_muted_and_expired_ones_say_why(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        notice(monitor, DeliveryIntent("slack", MuteReason.SILENCE))
        monitor.now += timedelta(hours=7)
        send(monitor, "mail", Accepted())
        lines = shown(tmp_path, "--since", "1d")
    assert "2 mail ⌛ expired gave up: it could not be sent in time" in lines
    assert "3 slack – muted: silence" in lines


def test_notices_are_told_among_the_alerts_and_not_of_a_rule(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        notice(monitor, DeliveryIntent("mail"))
        assert [event.get("notice") or event["edge"] for event in told(tmp_path)] == ["fired", "blind"]
        assert [event["rule"] for event in told(tmp_path, "--rule", "any")] == ["any"]
        assert told(tmp_path, "--rule", "trainers") == []
        assert any("! MONITOR BLIND: no usable answer since" in line for line in shown(tmp_path))


@pytest.mark.parametrize(
    ("words", "channels"),
    [
        ([], ["slack", "mail"]),
        (["--channel", "mail"], ["mail"]),
        (["--state", "failed"], ["mail"]),
        (["--state", "failed", "--state", "sent"], ["slack", "mail"]),
        (["--state", "expired"], []),
        (["--since", "1s"], []),
    ],
)
def test_deliveries_can_be_picked(tmp_path: Path, words: list[str], channels: list[str]) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3), stock(TRAIN_1=3)) as monitor:
        send(monitor, "slack", Accepted())
        send(monitor, "mail", REVOKED)
        found = told(tmp_path, *words)
    assert [delivery["channel"] for event in found for delivery in event["deliveries"]] == channels


def test_json_holds_every_attempt(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "mail", DOWN)
        ((event),) = told(tmp_path, "--channel", "mail")
    (delivery,) = event["deliveries"]
    assert (delivery["delivery_id"], delivery["state"], delivery["ended_at"]) == (2, "retry", None)
    (attempt,) = delivery["attempts"]
    assert (attempt["outcome"], attempt["reason"], attempt["duration"]) == ("transient", DOWN.reason, 15.0)


def test_a_failed_delivery_is_sent_again_on_request(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "mail", REVOKED)
        assert delivery_states(monitor) == [("slack", "pending"), ("mail", "failed")]
        assert retry(tmp_path, 2) == (0, "delivery 2 goes to mail again, when the monitor starts\n")
        assert delivery_states(monitor) == [("slack", "pending"), ("mail", "pending")]


def test_a_sent_delivery_is_not_sent_twice(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "slack", Accepted())
        code, said = retry(tmp_path, 1)
        assert delivery_states(monitor)[0] == ("slack", "sent")
    assert (code, said) == (1, "monitor: delivery 1 was sent; it is not sent twice\n")


def test_a_delivery_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with stocked(tmp_path):
        assert retry(tmp_path, 9) == (1, "monitor: there is no delivery 9; `monitor alerts` lists them\n")


def test_a_channel_that_is_gone_gets_nothing_again(tmp_path: Path) -> None:
    with stocked(tmp_path) as monitor:
        notice(monitor, DeliveryIntent("pager"))
        code, said = retry(tmp_path, 1)
    assert (code, "channel pager, which is not configured" in said) == (1, True)


def test_a_running_monitor_sees_the_request(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "mail", REVOKED)
        url = f"sqlite:///{tmp_path / 'monitor.db'}"
        with Database.open(url, holder="monitor run") as running:
            before = running.data_version()
            assert retry(tmp_path, 2) == (0, "delivery 2 goes to mail again, now\n")
            assert running.data_version() != before


def test_nothing_announced_is_said(tmp_path: Path) -> None:
    with stocked(tmp_path):
        assert shown(tmp_path) == ["nothing was announced in that time"]


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--rule", "trainer", "there is no rule 'trainer'; did you mean trainers?"),
        ("--channel", "fax", "no channel 'fax'"),
    ],
)
def test_a_name_that_nobody_knows_is_a_usage_error(tmp_path: Path, option: str, name: str, said: str) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        result = call("alerts", "--config", tmp_path / "monitor.toml", option, name)
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_what_is_no_number_of_a_delivery_says_where_the_numbers_are(tmp_path: Path) -> None:
    result = call("alerts", "retry", "h800")
    assert (result.exit_code, "`monitor alerts` lists them" in result.stderr) == (2, True)
