"""Messages at their edges: limits that fit exactly, texts that are missing, windows in shared messages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.decision import Cause, Notice, NoticeKind
from monitor.core.message import compose, fitted
from monitor.core.moment import to_ms
from monitor.core.notice_text import notice_sentence
from monitor.core.outbox import Item
from tests.core.test_message import (
    AT,
    EN,
    FACTS,
    GONE,
    REPEATED,
    RESOLVED,
    ZH,
    body,
    item,
    of_code,
    title,
    told,
)

WINDOW = told(RESOLVED, facts=GONE)


def lines(*items: Item) -> list[str]:
    (message,) = compose(items, EN)
    return message.body.split("\n")


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("abc\nde", 6, "abc\nde"),
        ("abc\nde", 5, "abc"),
        ("abc\nde", 3, "abc"),
        ("abc\nde\nf", 5, "abc"),
        ("abcdefghijkl", 12, "abcdefghijkl"),
        ("abcdefghijkl", 4, "abcd"),
        ("abc", 0, ""),
    ],
)
def test_no_more_is_cut_than_has_to_be(text: str, limit: int, cut: str) -> None:
    assert fitted(text, limit, EN) == cut


def test_lines_that_fit_exactly_share_a_message() -> None:
    items = [of_code("PRD-A", 1), of_code("PRD-B", 2)]
    (whole,) = compose(items, EN)
    room = len("also: ") + sum(len(line) + len(", ") for line in whole.body.split("\n"))
    assert len(compose(items, replace(EN, limit_body=room))) == 1
    assert len(compose(items, replace(EN, limit_body=room - 1))) == 2


def test_beyond_ten_lines_the_codes_are_introduced_in_the_language_of_the_reader() -> None:
    (message,) = compose([of_code(f"PRD-{n}", n) for n in range(11)], EN)
    assert message.body.split("\n")[-1] == "also: PRD-10"


def test_a_window_in_a_shared_message_is_told_as_past_and_after_what_is_there() -> None:
    over = item(told(), 1, resolve=WINDOW)
    first, second = lines(over, of_code("PRD-B", 2))
    assert first.startswith("PRD-B · BACK IN STOCK 3 nodes")
    assert second.startswith("PRD-TRAIN-1 · WAS IN STOCK 10:01:25-10:02:03 × 8 H800A · AIDC 1")
    (message,) = compose([over, of_code("PRD-B", 2)], EN)
    assert message.title == "1 BACK IN STOCK · 1 WAS IN STOCK: PRD-B, PRD-TRAIN-1"


def test_two_rules_share_a_line_only_when_their_windows_are_the_same() -> None:
    other = replace(WINDOW, at=AT + timedelta(seconds=1))
    same = [item(told(), 1, resolve=WINDOW), item(told(rule="any-gpu"), 2, resolve=WINDOW)]
    assert len(compose(same, EN)[0].body.split("rules h800-nodes, any-gpu")) == 2
    assert len(lines(same[0], replace(same[1], resolve=other))) == 2


def test_what_comes_first_among_those_that_are_over_is_what_was_decided_first() -> None:
    sold_out = told(RESOLVED, facts=replace(GONE, product_code="PRD-A"))
    notice = Notice("n1", NoticeKind.BACK, "default", AT, {}, ())
    found = lines(item(notice, 1), item(sold_out, 2), item(told(), 3, resolve=WINDOW), of_code("PRD-B", 4))
    assert [line.split(" ·")[0].split(" ")[0] for line in found] == [
        "PRD-B",
        "PRD-A",
        "PRD-TRAIN-1",
        "MONITOR",
    ]


def test_a_line_without_a_size_ends_with_its_words() -> None:
    unknown = replace(FACTS, gpu_name=None)
    assert title(told(facts=unknown), EN) == "BACK IN STOCK 3 nodes · AIDC 1 · PRD-TRAIN-1"
    window = title(told(facts=unknown), EN, resolve=WINDOW)
    assert window == "WAS IN STOCK 10:01:25-10:02:03 · AIDC 1 · PRD-TRAIN-1"
    sold_out = told(RESOLVED, facts=replace(GONE, gpu_name=None))
    assert lines(item(sold_out, 1), of_code("PRD-B", 2))[1].startswith("PRD-TRAIN-1 · SOLD OUT · AIDC 1")


def test_what_is_not_known_is_left_out() -> None:
    plain = body(told(facts=replace(FACTS, name=None, remaining=None, price=None)), EN).split("\n")
    assert plain[:2] == ["productCode: PRD-TRAIN-1", "18 CPU cores · 200 GB memory · 100 GB disk"]
    assert title(told(facts=replace(FACTS, remaining=None)), EN).startswith("BACK IN STOCK 0 nodes")


def test_a_window_whose_beginning_or_peak_is_not_known_uses_what_is() -> None:
    vague = replace(WINDOW, facts=replace(GONE, fired_at=None, peak=None), at=AT + timedelta(seconds=5))
    text = body(told(), EN, resolve=vague)
    assert "was in stock 10:02:03-10:02:08, at most 3 nodes left" in text
    unknown = body(told(facts=replace(FACTS, remaining=None)), EN, resolve=vague)
    assert "at most 0 nodes left" in unknown


def test_a_count_is_wanted_only_where_it_was_the_cause() -> None:
    sold_out = told(RESOLVED, Cause.STOCK, replace(GONE, wanted="4"))
    assert title(sold_out, EN) == "SOLD OUT 8 × H800A · AIDC 1 · PRD-TRAIN-1"


def test_times_are_told_of_what_they_belong_to() -> None:
    seen_later = replace(FACTS, seen_at=AT + timedelta(minutes=1))
    assert "seen 10:03:03" in body(told(facts=seen_later), EN).replace("2026-11-23 ", "")
    assert "it lasted" not in body(told(facts=replace(FACTS, lasted=timedelta(seconds=5))), EN)
    short = told(RESOLVED, facts=replace(GONE, peak=None))
    assert "it lasted 38 s, at most 0 nodes left" in body(short, EN)


@pytest.mark.parametrize(("openings", "is_told"), [(1, False), (2, True), (3, True)])
def test_openings_are_counted_from_the_second_on(openings: int, is_told: bool) -> None:
    facts = replace(FACTS, openings=openings, openings_since=AT)
    assert (f"opened {openings} times" in body(told(facts=facts), EN)) == is_told
    assert "opened" not in body(told(RESOLVED, facts=replace(facts, lasted=None)), EN)
    assert "opened" not in body(told(facts=replace(facts, openings_since=None)), EN)


def test_a_gap_within_one_day_is_told_without_dates() -> None:
    facts = replace(FACTS, unseen_from=AT - timedelta(minutes=5))
    assert "nothing was seen from 09:57:03 to 10:02:03" in body(told(facts=facts), EN)


def test_rules_are_listed_as_the_language_does() -> None:
    both = [item(told(), 1), item(told(rule="any-gpu"), 2)]
    assert "规则 h800-nodes、any-gpu" in compose(both, ZH)[0].body


def test_a_note_may_be_longer_than_a_name() -> None:
    note = "x" * 300
    assert note in body(told(facts=replace(FACTS, note=note)), EN).split("\n")
    assert "x" * 299 + "…" in body(told(facts=replace(FACTS, note=note + "x")), EN).split("\n")


def test_a_link_has_its_names_quoted_and_one_slash() -> None:
    odd = told(facts=replace(FACTS, product_code="PRD/1 X", source="X"))
    text = body(odd, replace(EN, public_url="https://stock.example/X//"))
    assert text.split("\n")[-1] == "https://stock.example/X/products/X/1/PRD%2F1%20X"


def test_a_notice_says_when_and_which_and_its_numbers_as_they_are() -> None:
    facts: dict[str, str | int | float | None] = {"count": 86_400_000, "feed": "default"}
    notice = Notice("n1", NoticeKind.FOREIGN_ROWS, "default", AT, facts, ())
    assert lines(item(notice)) == [
        "86400000 rows of other data centres came in the answer for default; they are ignored",
        "noticed 2026-11-23 10:02:03 (Asia/Shanghai)",
        "event n1",
    ]
    (message,) = compose([item(notice)], ZH)
    assert message.title == "【返回了其他智算中心的数据】default"
    assert message.body.split("\n") == [
        "default 的响应中有 86400000 行属于其他智算中心，已忽略",
        "时间 2026-11-23 10:02:03（Asia/Shanghai）",
        "事件 n1",
    ]


def test_a_reason_may_be_longer_than_a_name() -> None:
    facts: dict[str, str | int | float | None] = {"since": to_ms(AT), "reason": "y" * 301}
    sentence = notice_sentence(Notice("n1", NoticeKind.BLIND, "default", AT, facts, ()), EN)
    assert sentence.endswith("y" * 299 + "…")


def test_a_reminder_in_a_shared_message_is_the_headline_of_its_kind() -> None:
    still = told(REPEATED, Cause.REMINDER, replace(FACTS, product_code="PRD-A"))
    assert lines(item(still, 1), of_code("PRD-B", 2))[0].startswith("PRD-A · STILL IN STOCK 3 nodes")
