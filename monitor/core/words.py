"""The words that people read, in English and Chinese. Pure data; every kind of message has both."""

from enum import StrEnum
from typing import Final

from monitor.core.decision import Cause, Facts, TransitionKind


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


_FIRED: Final = {
    Cause.STOCK: ("BACK IN STOCK", "恢复有货"),
    Cause.FIRST_SIGHT: ("IN STOCK", "有货"),
    Cause.EXISTING: ("IN STOCK", "有货"),
    Cause.COUNT: ("ENOUGH NOW", "数量达标"),
    Cause.PRICE: ("PRICE NOW FITS", "价格达标"),
    Cause.STOCK_ERROR: ("UNBLOCKED", "异常解除"),
    Cause.LISTING: ("BACK IN STOCK", "恢复有货"),
    Cause.OTHER: ("NOW MATCHES", "符合规则"),
}
_RESOLVED: Final = {
    Cause.STOCK: ("SOLD OUT", "已售罄"),
    Cause.COUNT: ("BELOW YOUR NEED", "余量不足"),
    Cause.PRICE: ("PRICE TOO HIGH", "价格超限"),
    Cause.STOCK_ERROR: ("BLOCKED", "库存异常"),
    Cause.LISTING: ("NO LONGER LISTED", "已下架或售罄"),
    Cause.OTHER: ("NO LONGER MATCHES", "不再符合规则"),
}
_REPEATED: Final = {
    Cause.REMINDER: ("STILL IN STOCK", "仍有货"),
    Cause.SILENCE_ENDED: ("STILL IN STOCK", "仍有货"),
    Cause.OPENED_AGAIN: ("OPENED AGAIN", "再次有货"),
    Cause.MORE: ("MORE IN STOCK", "库存增加"),
}
_HEADLINES: Final = {
    TransitionKind.FIRED: _FIRED,
    TransitionKind.RESOLVED: _RESOLVED,
    TransitionKind.REPEATED: _REPEATED,
}

WAS_IN_STOCK: Final = ("WAS IN STOCK", "曾有货")

LABELS: Final = {
    "aidc": ("AIDC {0}", "智算中心 {0}"),
    "node": ("{0} node", "{0} 台"),
    "nodes": ("{0} nodes", "{0} 台"),
    "times_gpus": ("× {0} {1}", "× {0} 卡 {1}"),
    "gpus_each": ("{0} × {1}", "{0} 卡 {1}"),
    "no_gpu": ("no GPU", "无 GPU"),
    "gpu_unknown": ("GPUs not known", "GPU 信息未知"),
    "left": ("{0} left", "剩余 {0}"),
    "gpus_in_all": (", {0} GPUs", "，共 {0} 卡"),
    "below": ("{0} left, rule wants {1}", "剩 {0} 台，规则要求 {1} 台"),
    "below_gpus": ("{0} GPUs left, rule wants {1}", "剩 {0} 卡，规则要求 {1} 卡"),
    "price": ("price {0} {1}", "价格 {0} {1}"),
    "unit": ("(unit code {0})", "(单位代码 {0})"),
    "cpu": ("{0} CPU cores", "{0} 核 CPU"),
    "memory": ("{0} GB memory", "{0} GB 内存"),
    "disk": ("{0} GB disk", "{0} GB 系统盘"),
    "stock_error": ("stock error: {0}", "库存异常：{0}"),
    "seen": ("seen {0} ({1})", "发现于 {0}（{1}）"),
    "noticed": ("noticed {0} ({1})", "时间 {0}（{1}）"),
    "gone_for": ("it had been gone for {0}", "此前断货 {0}"),
    "unseen": (
        "nothing was seen from {0} to {1}: it may have changed in between",
        "{0} 至 {1} 未能查询，库存可能在此期间已有变化",
    ),
    "openings": ("opened {0} times since {1}", "自 {1} 起第 {0} 次有货"),
    "firing_since": ("in stock for this rule since {0}", "自 {0} 起符合规则"),
    "lasted": ("it lasted {0}, at most {1} left", "有货持续 {0}，最多时 {1}"),
    "was_in_stock": ("was in stock {0}, at most {1} left", "{0} 曾有货，最多时 {1}"),
    "already_gone": ("it was gone before this could be sent", "消息发出前已无货"),
    "rule": ("rule {0}", "规则 {0}"),
    "rules": ("rules {0}", "规则 {0}"),
    "event": ("event {0}", "事件 {0}"),
    "possible_repeat": (" (possible repeat)", "（可能重复）"),
    "also": ("also: ", "另有："),
    "rehearsal": ("REHEARSAL · ", "【演练】"),
    "not_true": (
        "This is a rehearsal: nothing is in stock because of it.",
        "这是一次演练：并没有因此有货。",
    ),
}


def headline(kind: TransitionKind, cause: Cause, language: Language) -> str:
    """The words in capitals that open a title."""
    fallback = _HEADLINES[kind].get(Cause.OTHER) or _REPEATED[Cause.REMINDER]
    return pick(_HEADLINES[kind].get(cause, fallback), language)


def label(name: str, language: Language, *values: object) -> str:
    return pick(LABELS[name], language).format(*values)


def pick(words: tuple[str, str], language: Language) -> str:
    return words[0] if language is Language.EN else words[1]


def below_your_need(facts: Facts, language: Language) -> str:
    """`3 left, rule wants 4`: nodes or GPUs, as the rule counts them."""
    remaining = facts.remaining or 0
    if facts.wants_gpus:
        return label("below_gpus", language, remaining * (facts.gpu_count or 0), facts.wanted)
    return label("below", language, remaining, facts.wanted)
