"""What a program is told of each event: flat, complete, and never a "now" of stock that is gone."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.core.decision import Cause, Notice, NoticeKind, Transition
from monitor.core.event import event_text, trial_event
from monitor.core.message import compose
from monitor.core.moment import to_ms
from monitor.core.outbox import Item
from tests.core.test_message import AT, EN, FACTS, FIRED, GONE, REPEATED, RESOLVED, ZH, item, of_code, told

DATA = replace(EN, is_data=True)
BLIND = Notice("n1", NoticeKind.BLIND, "default", AT, {"since": to_ms(AT), "reason": "HTTP 500"}, ())


def event(told_one: Transition | Notice, **more: Any) -> dict[str, Any]:
    (message,) = compose([item(told_one, **more)], DATA)
    read: dict[str, Any] = json.loads(message.body)
    return read


def test_an_opening_is_told_with_all_that_is_known() -> None:
    facts = replace(FACTS, gone_for=timedelta(hours=5), note="submit.sh PRD-TRAIN-1")
    read = event(told(facts=facts))
    assert read["title"] == "BACK IN STOCK 3 nodes × 8 H800A · AIDC 1 · PRD-TRAIN-1"
    assert read["body"].startswith("productCode: PRD-TRAIN-1\n")
    assert {key: value for key, value in read.items() if key not in {"title", "body"}} == {
        "version": 1,
        "event_id": "k3j2x7",
        "kind": "fired",
        "cause": "stock",
        "rule": "h800-nodes",
        "opening": "k3j2x7",
        "at": "2026-11-23T02:02:03.000+00:00",
        "possible_repeat": False,
        "rehearsal": False,
        "source": "default",
        "aidc_id": 1,
        "product_code": "PRD-TRAIN-1",
        "name": "分布式训练1",
        "remaining": 3,
        "total_gpus": 24,
        "gpu_name": "NVIDIA-H800A-NV-80G",
        "gpu_count": 8,
        "cpu_cores": 18,
        "memory_gb": 200,
        "disk_gb": 100,
        "price": 12.5,
        "price_unit": 11,
        "price_label": "CNY/h",
        "stock_error": None,
        "seen_at": "2026-11-23T02:02:03.000+00:00",
        "unseen_from": None,
        "gone_for_s": 18_000.0,
        "fired_at": "2026-11-23T02:02:03.000+00:00",
        "ended_at": None,
        "lasted_s": None,
        "peak": None,
        "openings": 1,
        "note": "submit.sh PRD-TRAIN-1",
        "notice": None,
        "subject": None,
        "facts": None,
    }


def test_an_end_is_told_with_how_long_it_was() -> None:
    read = event(told(RESOLVED, Cause.STOCK, GONE))
    assert (read["kind"], read["lasted_s"], read["peak"], read["remaining"]) == ("resolved", 38.0, 5, 0)
    assert read["ended_at"] == "2026-11-23T02:02:03.000+00:00"


def test_an_opening_that_is_over_is_missed_and_has_nothing_left() -> None:
    """What acts on `fired` must not act on it."""
    read = event(told(), resolve=told(RESOLVED, Cause.STOCK, GONE, event_id="end"))
    assert (read["kind"], read["event_id"], read["remaining"], read["peak"]) == ("missed", "k3j2x7", 0, 5)
    assert read["title"].startswith("WAS IN STOCK")
    assert read["ended_at"] == "2026-11-23T02:02:03.000+00:00"


def test_a_reminder_says_since_when() -> None:
    facts = replace(FACTS, fired_at=AT - timedelta(minutes=30))
    read = event(told(REPEATED, Cause.REMINDER, facts))
    assert (read["kind"], read["cause"]) == ("repeated", "reminder")
    assert read["fired_at"] == "2026-11-23T01:32:03.000+00:00"


def test_what_is_not_known_is_null_and_every_key_is_there() -> None:
    bare = replace(FACTS, gpu_count=None, price=None, price_unit=None, cpu_cores=None, remaining=None)
    read = event(told(facts=bare))
    assert (read["total_gpus"], read["price"], read["price_label"], read["cpu_cores"]) == (None,) * 4
    assert read.keys() == event(told()).keys() == event(BLIND).keys()


def test_a_possible_repeat_says_so_under_the_same_id() -> None:
    read = event(told(), possible_repeat=True)
    assert (read["possible_repeat"], read["event_id"]) == (True, "k3j2x7")


def test_a_notice_brings_its_facts_with_times_as_people_write_them() -> None:
    read = event(BLIND)
    assert (read["kind"], read["notice"], read["subject"]) == ("notice", "blind", "default")
    assert read["facts"] == {"since": "2026-11-23T02:02:03.000+00:00", "reason": "HTTP 500"}
    assert read["rehearsal"] is False


def test_a_rehearsal_is_one_whoever_makes_it() -> None:
    (message,) = compose([item(told())], replace(DATA, is_rehearsal=True))
    assert json.loads(message.body)["rehearsal"] is True
    assert event(Notice("n2", NoticeKind.REHEARSAL, "gpu-stock-monitor", AT, {}, ()))["rehearsal"] is True


def test_each_event_is_a_message_of_its_own_and_openings_come_first() -> None:
    items = [
        item(told(RESOLVED, Cause.STOCK, GONE, event_id="end"), 1),
        *(of_code(f"PRD-{number}", number) for number in range(2, 14)),
    ]
    messages = compose(items, DATA)
    assert [message.delivery_ids for message in messages] == [*((n,) for n in range(2, 14)), (1,)]


def test_the_words_for_people_are_in_the_language_of_the_channel() -> None:
    (message,) = compose([item(told())], replace(ZH, is_data=True))
    assert json.loads(message.body)["title"].startswith("【恢复有货】")


def test_a_trial_is_about_no_product() -> None:
    read = json.loads(event_text(trial_event("t1", AT, "TEST", "works")))
    assert (read["kind"], read["event_id"], read["product_code"]) == ("test", "t1", None)
    assert read.keys() == event(told()).keys()


@pytest.mark.parametrize(
    ("style", "title", "line"), [(EN, "REHEARSAL · ", "rehearsal"), (ZH, "【演练】", "演练")]
)
def test_what_people_read_of_a_rehearsal_says_so_first(style: Any, title: str, line: str) -> None:
    (plain,) = compose([Item(1, told())], style)
    (message,) = compose([Item(1, told())], replace(style, is_rehearsal=True))
    assert message.title == title + plain.title
    assert line in message.body.split("\n")[0]
    assert message.body.split("\n")[1:] == plain.body.split("\n")


def test_the_mark_of_a_rehearsal_fits_the_channel() -> None:
    (message,) = compose([item(told(FIRED))], replace(EN, is_rehearsal=True, limit_title=40))
    assert message.title.startswith("REHEARSAL · ")
    assert len(message.title) <= 40
