"""`monitor status`: what it shows, from databases in every condition."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.core.decision import Notice, NoticeKind
from monitor.core.product import Attributes, Invalid
from monitor.store.announce import raise_notice
from monitor.store.locks import LifeLock
from monitor.store.outbox import claim, record
from tests.cli.calling import call
from tests.cli.stock import CONFIG, INTENTS, TICK, stock, stocked, train
from tests.store.ground import TIMEOUT, Monitor

HOUR = timedelta(hours=1)
TOOL = train(5, attributes=Attributes("工具", gpu_name="-"))
REVOKED = Refused(FailureClass.PERMANENT, "token revoked (HTTP 403)")
DOWN = Refused(FailureClass.TRANSIENT, "connection refused")


def told(folder: Path, *words: str) -> dict[str, Any]:
    result = call("status", "--json", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def shown(folder: Path, *words: str) -> list[str]:
    result = call("status", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def send(monitor: Monitor, channel: str, outcome: Accepted | Refused) -> None:
    def write(connection: Any) -> None:
        items = claim(connection, channel, monitor.now).items
        ids = [item.delivery_id for item in items]
        record(connection, ids, outcome, monitor.now, TICK, "message", 1.0)

    monitor.write(write)


def test_every_state_has_its_shape_word_and_count(tmp_path: Path) -> None:
    blocked, odd = train(6, "库存不足"), Invalid("no count")
    first = stock(TRAIN_1=3, TRAIN_2=blocked, TRAIN_3=4, TRAIN_4=1, TRAIN_5=1)
    later = stock(TRAIN_1=3, TRAIN_2=blocked, TRAIN_3=odd, TRAIN_4=0)
    with stocked(tmp_path, first, later, later):
        lines = shown(tmp_path)
    assert [line.partition(" ░")[0] for line in lines if "8 × H800" in line] == [
        "● In stock PRD-TRAIN-1 train 1 8 × H800 3",
        "◈ Blocked PRD-TRAIN-2 train 1 8 × H800 (6)",
        "▨ Unknown PRD-TRAIN-3 train 1 8 × H800 ?",
        "○ Out PRD-TRAIN-4 train 1 8 × H800 0",
        "▣ Delisted PRD-TRAIN-5 train 1 8 × H800 –",
    ]
    assert "◈ PRD-TRAIN-2: 库存不足" in lines
    assert any(line.endswith("(no count); before that 4 left") for line in lines)


def test_json_says_nothing_of_stock_that_is_not_known(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3, TRAIN_2=4), stock(TRAIN_1=3, TRAIN_2=Invalid("no count"))):
        one, two = told(tmp_path)["products"]
    assert (one["state"], one["remaining"], one["available"], one["rules"]) == (
        *("in stock", 3, True),
        ["trainers"],
    )
    assert (two["state"], two["remaining"], two["available"]) == ("unknown", None, None)
    assert (two["last_known_remaining"], two["invalid_reason"]) == (4, "no count")


def test_a_feed_that_is_silent_for_too_long_makes_its_products_unknown(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3), stock(TRAIN_1=3), until=datetime.now(UTC) - HOUR):
        found = told(tmp_path)
    assert (found["sources"][0]["state"], found["products"][0]["state"]) == ("blind", "unknown")


def test_one_failed_poll_is_told_and_takes_nothing_away(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3), stock(TRAIN_1=3), TIMEOUT):
        found = told(tmp_path)
    assert (found["sources"][0]["state"], found["sources"][0]["reason"]) == ("failed", TIMEOUT.reason)
    assert found["products"][0]["remaining"] == 3


def test_the_last_day_is_hatched_where_nothing_is_known(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0), until=datetime.now(UTC) - 6 * HOUR) as monitor:
        monitor.poll(stock(TRAIN_1=0), later=2 * HOUR + TICK)
        for _ in range(3 * 60):
            monitor.poll(stock(TRAIN_1=0), later=timedelta(minutes=1))
        lines = shown(tmp_path)
    (sparkline,) = [word for line in lines if "PRD-TRAIN-1" in line for word in line.split() if "▁" in word]
    assert sparkline == "░" * 18 + "▒▒▁▁▁▒"


def test_products_that_no_rule_watches_are_shown_on_request(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3, TOOL=TOOL)):
        assert [p["product_code"] for p in told(tmp_path)["products"]] == ["PRD-TRAIN-1"]
        assert "Products (1 watched, 1 not: see --all)" in shown(tmp_path)
        assert len(told(tmp_path, "--all")["products"]) == 2


def test_without_a_configuration_every_product_of_the_database_here_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with stocked(tmp_path, stock(TRAIN_1=3, TOOL=TOOL)):
        (tmp_path / "monitor.toml").unlink()
        found = json.loads(call("status", "--json").stdout)
    assert [product["product_code"] for product in found["products"]] == ["PRD-TOOL", "PRD-TRAIN-1"]
    assert [(feed["source"], feed["state"]) for feed in found["sources"]] == [("alaya", "ok")]


def test_without_configuration_and_database_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("status")
    assert (result.exit_code, result.stderr.startswith("monitor: there is no configuration")) == (3, True)


def test_alerts_are_told_with_the_time_since(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3), stock(TRAIN_1=5)):
        (alert,) = told(tmp_path)["alerts"]
        assert any(line.startswith("any PRD-TRAIN-1 1 Firing ") for line in shown(tmp_path))
    assert (alert["state"], alert["peak"], alert["product_code"]) == ("firing", 5, "PRD-TRAIN-1")


def test_deliveries_that_wait_and_fail_are_counted_with_the_newest_reason(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        send(monitor, "slack", REVOKED)
        send(monitor, "mail", DOWN)
        mail, slack = told(tmp_path)["channels"]
        lines = shown(tmp_path)
    assert (mail["waiting"], mail["trouble"]) == (1, DOWN.reason)
    assert (slack["failed"], slack["trouble"]) == (1, REVOKED.reason)
    assert any(line.startswith("slack 0 — 0 ✗ 1 0 0 ") and line.endswith(REVOKED.reason) for line in lines)


def test_open_notices_are_told_in_a_sentence(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        notice = Notice("n-1", NoticeKind.BLIND, "alaya", monitor.now, {"reason": "timeout"}, INTENTS)
        monitor.write(lambda connection: raise_notice(connection, notice))
        (found,) = told(tmp_path)["notices"]
        lines = shown(tmp_path)
    assert (found["kind"], found["subject"]) == ("blind", "alaya")
    assert any(line.startswith("MONITOR BLIND ") and "timeout" in line for line in lines)


def test_the_monitor_that_holds_the_database_is_named(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        assert told(tmp_path)["monitor"] == {"running": False, "pid": None}
        lock = LifeLock(tmp_path / "monitor.db", "monitor run")
        try:
            assert told(tmp_path)["monitor"] == {"running": True, "pid": os.getpid()}
            assert shown(tmp_path)[0].endswith(f"monitor run is running (process {os.getpid()})")
        finally:
            lock.close()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    result = call("status", "--config", tmp_path / "monitor.toml")
    assert (result.exit_code, "does not exist; start the monitor first" in result.stderr) == (6, True)
    assert [file.name for file in tmp_path.iterdir()] == ["monitor.toml"]


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [("0000", "run `monitor db upgrade`"), ("9999", "was written by a newer release")],
)
def test_a_database_of_another_release_is_left_as_it_is(tmp_path: Path, revision: str, sentence: str) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)) as monitor:
        monitor.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (revision,)))
        result = call("status", "--config", tmp_path / "monitor.toml")
        assert monitor.rows("SELECT version_num FROM alembic_version") == [(revision,)]
    assert (result.exit_code, sentence in result.stderr) == (6, True)


def test_watching_needs_a_terminal(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        result = call("status", "--watch", "--config", tmp_path / "monitor.toml")
    assert (result.exit_code, "needs a terminal" in result.stderr) == (2, True)


def test_upstream_text_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    evil = train(2, "\x1b[31m库存\u202e不足")
    with stocked(tmp_path, stock(TRAIN_1=evil)):
        output = "\n".join(shown(tmp_path))
    assert "\x1b" not in output
    assert "\u202e" not in output
