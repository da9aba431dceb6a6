"""What people read: titles, bodies and shared messages, in both languages and within every limit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.core.decision import Cause, Facts, Notice, NoticeKind, Transition, TransitionKind
from monitor.core.message import compose, fitted
from monitor.core.moment import to_ms
from monitor.core.notice_text import notice_sentence
from monitor.core.outbox import Item
from monitor.core.product import NO_GPU, ProductKey
from monitor.core.style import Style
from monitor.core.words import Language

AT = datetime(2026, 11, 23, 2, 2, 3, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
EN = Style(Language.EN, SHANGHAI, {11: "CNY/h"})
ZH = Style(Language.ZH, SHANGHAI, {11: "元/时"})
FIRED, RESOLVED, REPEATED = TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.REPEATED

FACTS = Facts(
    source="default",
    aidc_id=1,
    product_code="PRD-TRAIN-1",
    remaining=3,
    name="分布式训练1",
    gpu_name="NVIDIA-H800A-NV-80G",
    gpu_count=8,
    cpu_cores=Decimal(18),
    memory_gb=Decimal(200),
    disk_gb=Decimal(100),
    price=Decimal("12.50"),
    price_unit=11,
    seen_at=AT,
)


def told(
    kind: TransitionKind = FIRED,
    cause: Cause = Cause.STOCK,
    facts: Facts = FACTS,
    rule: str = "h800-nodes",
    event_id: str = "k3j2x7",
) -> Transition:
    key = ProductKey(facts.source, facts.aidc_id, facts.product_code)
    return Transition(event_id, rule, key, AT, kind, cause, "k3j2x7", facts, ())


def item(transition: Transition | Notice, number: int = 1, **more: Any) -> Item:
    return replace(Item(number, transition), **more)


def of_code(code: str, number: int, **more: Any) -> Item:
    return item(told(facts=replace(FACTS, product_code=code)), number, **more)


def title(transition: Transition, style: Style, **more: Any) -> str:
    (message,) = compose([item(transition, **more)], style)
    return message.title


def body(transition: Transition, style: Style, **more: Any) -> str:
    (message,) = compose([item(transition, **more)], style)
    return message.body


GONE = replace(FACTS, remaining=0, lasted=timedelta(seconds=38), peak=5, fired_at=AT - timedelta(seconds=38))


@pytest.mark.parametrize(
    ("kind", "cause", "facts", "english", "chinese"),
    [
        (FIRED, Cause.STOCK, FACTS, "BACK IN STOCK 3 nodes × 8 H800A", "【恢复有货】3 台 × 8 卡 H800A"),
        (FIRED, Cause.FIRST_SIGHT, FACTS, "IN STOCK 3 nodes × 8 H800A", "【有货】3 台 × 8 卡 H800A"),
        (FIRED, Cause.EXISTING, FACTS, "IN STOCK 3 nodes × 8 H800A", "【有货】3 台 × 8 卡 H800A"),
        (FIRED, Cause.COUNT, FACTS, "ENOUGH NOW 3 nodes × 8 H800A", "【数量达标】3 台 × 8 卡 H800A"),
        (FIRED, Cause.PRICE, FACTS, "PRICE NOW FITS 3 nodes × 8 H800A", "【价格达标】3 台 × 8 卡 H800A"),
        (FIRED, Cause.STOCK_ERROR, FACTS, "UNBLOCKED 3 nodes × 8 H800A", "【异常解除】3 台 × 8 卡 H800A"),
        (FIRED, Cause.LISTING, FACTS, "BACK IN STOCK 3 nodes × 8 H800A", "【恢复有货】3 台 × 8 卡 H800A"),
        (FIRED, Cause.OTHER, FACTS, "NOW MATCHES 3 nodes × 8 H800A", "【符合规则】3 台 × 8 卡 H800A"),
        (RESOLVED, Cause.STOCK, GONE, "SOLD OUT 8 × H800A", "【已售罄】8 卡 H800A"),
        (RESOLVED, Cause.PRICE, GONE, "PRICE TOO HIGH 8 × H800A", "【价格超限】8 卡 H800A"),
        (RESOLVED, Cause.STOCK_ERROR, GONE, "BLOCKED 8 × H800A", "【库存异常】8 卡 H800A"),
        (RESOLVED, Cause.LISTING, GONE, "NO LONGER LISTED 8 × H800A", "【已下架或售罄】8 卡 H800A"),
        (REPEATED, Cause.REMINDER, FACTS, "STILL IN STOCK 3 nodes × 8 H800A", "【仍有货】3 台 × 8 卡 H800A"),
        (
            REPEATED,
            Cause.SILENCE_ENDED,
            FACTS,
            "STILL IN STOCK 3 nodes × 8 H800A",
            "【仍有货】3 台 × 8 卡 H800A",
        ),
        (
            REPEATED,
            Cause.OPENED_AGAIN,
            FACTS,
            "OPENED AGAIN 3 nodes × 8 H800A",
            "【再次有货】3 台 × 8 卡 H800A",
        ),
    ],
)
def test_the_title_says_what_happened_to_how_many_of_what_and_where(
    kind: TransitionKind, cause: Cause, facts: Facts, english: str, chinese: str
) -> None:
    assert title(told(kind, cause, facts), EN) == f"{english} · AIDC 1 · PRD-TRAIN-1"
    assert title(told(kind, cause, facts), ZH) == f"{chinese} · 智算中心 1 · PRD-TRAIN-1"


def test_more_in_stock_says_how_many_there_were_and_are() -> None:
    more = told(REPEATED, Cause.MORE, replace(FACTS, told_before=1))
    assert title(more, EN) == "MORE IN STOCK 1 → 3 nodes × 8 H800A · AIDC 1 · PRD-TRAIN-1"
    assert title(more, ZH) == "【库存增加】1 → 3 台 × 8 卡 H800A · 智算中心 1 · PRD-TRAIN-1"


def test_below_your_need_says_what_is_left_and_what_the_rule_wants() -> None:
    short = told(RESOLVED, Cause.COUNT, replace(FACTS, wanted="4"))
    assert title(short, EN) == "BELOW YOUR NEED: 3 left, rule wants 4 · AIDC 1 · PRD-TRAIN-1"
    assert title(short, ZH) == "【余量不足】剩 3 台，规则要求 4 台 · 智算中心 1 · PRD-TRAIN-1"


def test_a_rule_that_counts_gpus_is_answered_in_gpus() -> None:
    short = told(RESOLVED, Cause.COUNT, replace(FACTS, wanted="32", wants_gpus=True))
    assert title(short, EN).startswith("BELOW YOUR NEED: 24 GPUs left, rule wants 32")
    assert title(short, ZH).startswith("【余量不足】剩 24 卡，规则要求 32 卡")


def test_the_body_puts_the_code_to_paste_first_and_the_rest_by_use() -> None:
    opened = told(facts=replace(FACTS, gone_for=timedelta(hours=2, minutes=10), note="submit.sh PRD-TRAIN-1"))
    assert body(opened, EN).split("\n") == [
        "productCode: PRD-TRAIN-1",
        "分布式训练1",
        "3 nodes left, 24 GPUs",
        "price 12.5 CNY/h",
        "18 CPU cores · 200 GB memory · 100 GB disk",
        "seen 2026-11-23 10:02:03 (Asia/Shanghai)",
        "it had been gone for 2 h 10 min",
        "rule h800-nodes",
        "submit.sh PRD-TRAIN-1",
        "event k3j2x7",
    ]
    assert body(opened, ZH).split("\n") == [
        "productCode: PRD-TRAIN-1",
        "分布式训练1",
        "剩余 3 台，共 24 卡",
        "价格 12.5 元/时",
        "18 核 CPU · 200 GB 内存 · 100 GB 系统盘",
        "发现于 2026-11-23 10:02:03（Asia/Shanghai）",
        "此前断货 2 小时 10 分钟",
        "规则 h800-nodes",
        "submit.sh PRD-TRAIN-1",
        "事件 k3j2x7",
    ]


def test_a_resolve_says_how_long_it_lasted_and_the_most_there_was() -> None:
    assert "it lasted 38 s, at most 5 nodes left" in body(told(RESOLVED, facts=GONE), EN)
    assert "有货持续 38 秒，最多时 5 台" in body(told(RESOLVED, facts=GONE), ZH)


def test_a_window_that_is_over_is_told_as_past_and_never_as_now() -> None:
    resolve = told(RESOLVED, facts=GONE)
    assert title(told(), EN, resolve=resolve).startswith("WAS IN STOCK 10:01:25-10:02:03 × 8 H800A")
    assert title(told(), ZH, resolve=resolve).startswith("【曾有货】10:01:25-10:02:03 × 8 卡 H800A")
    text = body(told(), EN, resolve=resolve)
    assert "was in stock 10:01:25-10:02:03, at most 5 nodes left" in text
    assert "it was gone before this could be sent" in text
    assert "3 nodes left" not in text
    assert "\nseen " not in text


@pytest.mark.parametrize(
    ("facts", "english"),
    [
        (replace(FACTS, remaining=1), "1 node × 8 H800A"),
        (replace(FACTS, gpu_name=NO_GPU, gpu_count=0), "3 nodes · no GPU"),
        (replace(FACTS, gpu_name=None, gpu_count=None), "3 nodes"),
        (replace(FACTS, gpu_count=None), "3 nodes · H800A"),
        (replace(FACTS, gpu_name="NVIDIA GeForce RTX 4090"), "3 nodes × 8 RTX 4090"),
        (replace(FACTS, gpu_name="Ascend-910B"), "3 nodes × 8 910B"),
        (replace(FACTS, gpu_name="MysteryChip"), "3 nodes × 8 MysteryChip"),
    ],
)
def test_the_size_is_said_as_far_as_it_is_known(facts: Facts, english: str) -> None:
    assert title(told(facts=facts), EN) == f"BACK IN STOCK {english} · AIDC 1 · PRD-TRAIN-1"


def test_a_spec_without_gpus_sells_out_too() -> None:
    no_gpu = replace(GONE, gpu_name=NO_GPU, gpu_count=0)
    assert title(told(RESOLVED, facts=no_gpu), EN) == "SOLD OUT no GPU · AIDC 1 · PRD-TRAIN-1"


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (replace(FACTS, price_unit=7), "price 12.5 (unit code 7)"),
        (replace(FACTS, price_unit=None), None),
        (replace(FACTS, price=None), None),
        (replace(FACTS, price=Decimal("0.000")), "price 0 CNY/h"),
    ],
)
def test_a_price_is_shown_only_with_its_unit(facts: Facts, line: str | None) -> None:
    prices = [text for text in body(told(facts=facts), EN).split("\n") if text.startswith("price")]
    assert prices == ([line] if line else [])


def test_more_is_said_when_there_is_more_to_say() -> None:
    facts = replace(
        FACTS,
        openings=3,
        openings_since=AT - timedelta(minutes=20),
        unseen_from=AT - timedelta(days=1),
        stock_error="库存不足",
    )
    lines = body(told(facts=facts), replace(EN, public_url="https://stock.example/")).split("\n")
    assert "opened 3 times since 09:42:03" in lines
    assert "nothing was seen from 2026-11-22 10:02:03 to 10:02:03: it may have changed in between" in lines
    assert "stock error: 库存不足" in lines
    assert lines[-1] == "https://stock.example/products/default/1/PRD-TRAIN-1"


def test_a_reminder_says_since_when_the_rule_is_met() -> None:
    still = told(REPEATED, Cause.REMINDER, replace(FACTS, fired_at=AT - timedelta(hours=1)))
    assert "in stock for this rule since 09:02:03" in body(still, EN)


def test_a_possible_repeat_says_so_with_the_same_event_id() -> None:
    assert title(told(), EN, possible_repeat=True).endswith("PRD-TRAIN-1 (possible repeat)")
    assert title(told(), ZH, possible_repeat=True).endswith("PRD-TRAIN-1（可能重复）")
    assert "event k3j2x7" in body(told(), EN, possible_repeat=True)


def test_upstream_text_cannot_break_the_lines_or_hide_in_them() -> None:
    name = "分布式\r\nBcc: x\u202e\u200b\x00 训练" + "长" * 500
    second = body(told(facts=replace(FACTS, name=name)), EN).split("\n")[1]
    assert second.startswith("分布式 Bcc: x 训练长")
    assert len(second) == 120
    assert second.isprintable()


def test_two_rules_that_say_the_same_share_one_message() -> None:
    (message,) = compose([item(told(), 1), item(told(rule="any-gpu"), 2)], EN)
    assert message.title == "BACK IN STOCK 3 nodes × 8 H800A · AIDC 1 · PRD-TRAIN-1"
    assert "rules h800-nodes, any-gpu" in message.body
    assert message.delivery_ids == (1, 2)


def test_several_products_get_a_line_each_fired_before_resolved() -> None:
    sold_out = told(RESOLVED, facts=replace(GONE, product_code="PRD-A"))
    (message,) = compose([item(sold_out, 1), of_code("PRD-B", 2), of_code("PRD-C", 3)], EN)
    assert message.title == "2 BACK IN STOCK · 1 SOLD OUT: PRD-B, PRD-C, PRD-A"
    assert message.body.split("\n") == [
        "PRD-B · BACK IN STOCK 3 nodes × 8 H800A · AIDC 1 · rule h800-nodes · event k3j2x7",
        "PRD-C · BACK IN STOCK 3 nodes × 8 H800A · AIDC 1 · rule h800-nodes · event k3j2x7",
        "PRD-A · SOLD OUT 8 × H800A · AIDC 1 · rule h800-nodes · event k3j2x7",
    ]
    assert message.delivery_ids == (2, 3, 1)


def test_a_line_that_may_be_a_repeat_says_so() -> None:
    (message,) = compose([of_code("PRD-A", 1, possible_repeat=True), of_code("PRD-B", 2)], EN)
    assert message.body.split("\n")[0].endswith("event k3j2x7 (possible repeat)")


def test_a_title_that_is_cut_still_says_that_it_may_be_a_repeat() -> None:
    narrow = replace(EN, limit_title=80)
    (message,) = compose([of_code("PRD-" + "X" * 100, 1, possible_repeat=True)], narrow)
    assert message.title.endswith("X (possible repeat)")
    assert len(message.title) == 80


def test_a_code_beyond_the_lines_and_a_notice_among_them_may_be_repeats_too() -> None:
    blind = Notice("n1", NoticeKind.BLIND, "default", AT, {}, ())
    ten = [of_code(f"PRD-{number:02}", number) for number in range(10)]
    (message,) = compose([*ten, of_code("PRD-X", 10, possible_repeat=True), of_code("PRD-Y", 11)], EN)
    assert message.body.split("\n")[-1] == "also: PRD-X (possible repeat), PRD-Y"
    (message,) = compose([of_code("PRD-A", 1), Item(2, blind, possible_repeat=True)], ZH)
    assert message.body.endswith("事件 n1（可能重复）")


def test_beyond_ten_lines_only_the_codes_are_listed() -> None:
    (message,) = compose([of_code(f"PRD-{n}", n) for n in range(13)], ZH)
    lines = message.body.split("\n")
    assert len(lines) == 11
    assert lines[-1] == "另有：PRD-10, PRD-11, PRD-12"


@pytest.mark.parametrize("limit", [60, 200, 1000, 4000])
@pytest.mark.parametrize("counts_bytes", [False, True])
def test_what_does_not_fit_goes_into_the_next_message_and_nothing_is_dropped(
    limit: int, counts_bytes: bool
) -> None:
    style = replace(ZH, limit_body=limit, limit_title=50, counts_bytes=counts_bytes)
    messages = compose([of_code(f"PRD-{n:03}", n) for n in range(200)], style)
    assert [n for message in messages for n in message.delivery_ids] == list(range(200))
    for message in messages:
        assert style.length(message.title) <= 50
        assert style.length(message.body) <= limit
    everything = "\n".join(message.title + message.body for message in messages)
    assert all(f"PRD-{n:03}" in everything for n in range(200))


def test_a_body_is_cut_at_the_end_and_keeps_the_code() -> None:
    (message,) = compose([item(told())], replace(EN, limit_body=40))
    assert message.body == "productCode: PRD-TRAIN-1\n分布式训练1"
    assert fitted("库存不足", 5, replace(ZH, counts_bytes=True)) == "库"


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("style", [EN, ZH], ids=["en", "zh"])
def test_every_notice_has_its_sentence_in_both_languages(kind: NoticeKind, style: Style) -> None:
    facts: dict[str, str | int | float | None] = {
        "since": to_ms(AT - timedelta(minutes=5)),
        "reason": "no complete answer within 10 s",
        "source": "default",
        "feed": "default/aidc-1",
        "rule": "h800-nodes",
        "nearest": "NVIDIA-H800A-NV-80G",
        "product_code": "PRD-TRAIN-1",
        "aidc_id": 1,
        "remaining": 6,
        "stock_error": "库存不足",
        "count": 2,
        "channel": "team-slack",
        "matched": "PRD-TRAIN-1 (3 left, h800-nodes)",
        "seconds": 3600.0,
    }
    notice = Notice("e1", kind, "default/aidc-1", AT, facts, ())
    sentence = notice_sentence(notice, style)
    assert "—" not in sentence
    assert "{" not in sentence
    (message,) = compose([item(notice)], style)
    assert sentence in message.body
    assert "e1" in message.body
    assert "default/aidc-1" in message.title


def test_a_fact_that_is_missing_reads_as_a_dash() -> None:
    notice = Notice("e1", NoticeKind.MATCHES_NOTHING, "r", AT, {"rule": "r", "nearest": None}, ())
    assert notice_sentence(notice, EN).endswith("Nearest names: —")


def test_a_shared_title_reads_as_chinese_does() -> None:
    blind = Notice("e1", NoticeKind.BLIND, "default", AT, {"since": to_ms(AT), "reason": "timeout"}, ())
    (message,) = compose([of_code("PRD-A", 1), of_code("PRD-B", 2), item(blind, 3)], ZH)
    assert message.title == "【2 项恢复有货】【1 项监控中断】PRD-A、PRD-B、default"


def test_notices_share_a_message_with_stock_and_come_last() -> None:
    blind = Notice("e1", NoticeKind.BLIND, "default", AT, {"since": to_ms(AT), "reason": "timeout"}, ())
    (message,) = compose([item(blind, 1), of_code("PRD-A", 2)], EN)
    assert message.title == "1 BACK IN STOCK · 1 MONITOR BLIND: PRD-A, default"
    assert message.body.split("\n")[1].startswith("MONITOR BLIND · default: no usable answer since 10:02:03.")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (38, "38 s", "38 秒"),
        (60, "1 min", "1 分钟"),
        (150, "2 min 30 s", "2 分钟 30 秒"),
        (3600, "1 h", "1 小时"),
        (7800, "2 h 10 min", "2 小时 10 分钟"),
        (3605, "1 h", "1 小时"),
        (90000, "1 d 1 h", "1 天 1 小时"),
    ],
)
def test_durations_read_in_their_two_largest_units(seconds: int, english: str, chinese: str) -> None:
    facts = replace(FACTS, gone_for=timedelta(seconds=seconds))
    assert f"it had been gone for {english}\n" in body(told(facts=facts), EN)
    assert f"此前断货 {chinese}\n" in body(told(facts=facts), ZH)
