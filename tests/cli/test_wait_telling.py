"""What a wait says while it waits: silence means that nothing is in stock."""

import os
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from monitor.cli.wait_telling import Teller, timed_out
from monitor.core.product import Feed
from monitor.core.waiting import Answered, Look
from tests.cli.calling import process
from tests.cli.stock import stock
from tests.cli.test_wait import beside_a_daemon
from tests.core.builders import H800, MINUTE, START, key_of, rule, seen, table

TICK = timedelta(seconds=15)
FEED = Answered(Feed("default", None), TICK, MINUTE, START, START)
NODES = rule(table(gpu_name="NVIDIA-H800*", remaining=">=2"), name="训练")
LOOK = Look(START, (FEED,), {key_of(): (H800, seen(1))})


@pytest.fixture
def teller() -> Teller:
    return Teller(NODES, UTC, START)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return [str(line) for line in err.splitlines()]


def test_while_all_is_well_it_is_silent(teller: Teller, capsys: pytest.CaptureFixture[str]) -> None:
    teller.tell(LOOK)
    teller.tell(replace(LOOK, at=START + TICK))
    teller.clear()
    assert said(capsys) == []


def test_a_monitor_that_is_gone_is_said_once_and_so_is_its_return(
    teller: Teller, capsys: pytest.CaptureFixture[str]
) -> None:
    for gone in ("nobody polls", "nobody polls", None, None):
        teller.tell(replace(LOOK, gone=gone))
    assert said(capsys) == ["monitor: nobody polls", "monitor: the monitor is back"]


def test_a_feed_that_falls_silent_is_said_once_with_its_reason_and_so_is_its_return(
    teller: Teller, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = replace(FEED, failure="no answer within 10 s")
    for minutes in (0, 1, 2):
        teller.tell(replace(LOOK, at=START + minutes * MINUTE, feeds=(failing,)))
    teller.tell(replace(LOOK, at=START + 3 * MINUTE, feeds=(replace(FEED, last_ok_at=START + 3 * MINUTE),)))
    assert said(capsys) == [
        "monitor: default: no answer since 10:00:00 (no answer within 10 s): "
        "what is in stock there is not known",
        "monitor: default: answers again",
    ]


def test_a_feed_that_never_answered_tells_each_reason_at_once_and_once(
    teller: Teller, capsys: pytest.CaptureFixture[str]
) -> None:
    for reason in ("DNS", "DNS", "TLS", "DNS"):
        never = replace(FEED, last_ok_at=None, failure=reason)
        teller.tell(replace(LOOK, feeds=(never,)))
    assert said(capsys) == [
        "monitor: default: DNS; it is asked again",
        "monitor: default: TLS; it is asked again",
    ]


def test_a_time_out_tells_what_came_nearest() -> None:
    late = timedelta(hours=6)
    assert timed_out(NODES, late, LOOK) == (
        "no product met 训练 within 6 h; nearest: PRD-1, remaining is 1, wanted >=2"
    )
    stale = replace(LOOK, products={key_of(): (H800, seen(3))})
    assert timed_out(NODES, late, stale).endswith("; nearest: PRD-1 met it when it was last seen")
    assert timed_out(NODES, late, replace(LOOK, products={})) == "no product met 训练 within 6 h"


def test_on_a_terminal_one_line_tells_how_it_goes(tmp_path: Path) -> None:
    terminal, inside = os.openpty()
    words = ("wait", "trainers", "--timeout", "0s", "--config", tmp_path / "monitor.toml")
    with beside_a_daemon(tmp_path, TRAIN_1=0) as monitor:
        monitor.poll(stock(TRAIN_1=0))
        with process(*words, stderr=inside, env={"TERM": "xterm", "COLUMNS": "200"}) as waiting:
            os.close(inside)
            assert waiting.communicate(timeout=30)[0] == ""
    shown = os.read(terminal, 4096).decode()
    os.close(terminal)
    progress, ended = shown.split("\r\x1b[2K")[1:]
    assert progress.startswith("waiting for trainers since ")
    assert progress.endswith(" · nearest: PRD-TRAIN-1, remaining is 0, wanted >0")
    assert ended.startswith("monitor: no product met trainers within 0 s")
