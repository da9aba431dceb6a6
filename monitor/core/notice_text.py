"""What the monitor says of itself, in English and Chinese. Pure."""

from datetime import tzinfo
from typing import Final

from monitor.core.decision import Notice, NoticeKind
from monitor.core.moment import from_ms
from monitor.core.style import Style
from monitor.core.wording import clock_text, shown
from monitor.core.words import Language, label, pick

_HEADLINES: Final = {
    NoticeKind.BLIND: ("MONITOR BLIND", "监控中断"),
    NoticeKind.BACK: ("MONITOR BACK", "监控恢复"),
    NoticeKind.KEY_REFUSED: ("KEY REFUSED", "密钥被拒绝"),
    NoticeKind.MATCHES_NOTHING: ("RULE MATCHES NOTHING", "规则未匹配到产品"),
    NoticeKind.PRODUCT_UNKNOWN: ("PRODUCT UNKNOWN", "产品状态未知"),
    NoticeKind.BLOCKED: ("SHOWN BUT BLOCKED", "有余量但库存异常"),
    NoticeKind.FOREIGN_ROWS: ("UNEXPECTED ROWS", "返回了其他智算中心的数据"),
    NoticeKind.DELIVERY_FAILED: ("DELIVERY FAILED", "消息发送失败"),
    NoticeKind.DATABASE_TROUBLE: ("DATABASE TROUBLE", "数据库故障"),
    NoticeKind.CLOCK_SET: ("CLOCK SET", "系统时钟已调整"),
    NoticeKind.REHEARSAL: ("REHEARSAL", "演练"),
}

_SENTENCES: Final = {
    NoticeKind.BLIND: (
        "no usable answer since {since}. Until MONITOR BACK, silence does not mean that there is no stock. "
        "Last reason: {reason}",
        "自 {since} 起接口没有有效响应。收到“监控恢复”之前，没有消息不代表没有库存。最近一次原因：{reason}",
    ),
    NoticeKind.BACK: (
        "watching again; nothing was seen since {since}",
        "监控已恢复；自 {since} 至恢复前没有数据",
    ),
    NoticeKind.KEY_REFUSED: (
        "the provider refuses the API key of source {source} ({reason}). Put a valid key in place and reload",
        "来源 {source} 的 API 密钥被拒绝（{reason}）。请更换有效密钥并重新加载配置",
    ),
    NoticeKind.MATCHES_NOTHING: (
        "rule {rule} matches no product that the provider lists. Nearest names: {nearest}",
        "规则 {rule} 没有匹配到任何产品。最接近的名称：{nearest}",
    ),
    NoticeKind.PRODUCT_UNKNOWN: (
        "{product_code} (AIDC {aidc_id}) cannot be read since {since}: {reason}",
        "{product_code}（智算中心 {aidc_id}）的数据自 {since} 起无法读取：{reason}",
    ),
    NoticeKind.BLOCKED: (
        "productCode: {product_code} (AIDC {aidc_id}): "
        "{remaining} shown but blocked since {since}: {stock_error}",
        "productCode: {product_code}（智算中心 {aidc_id}）："
        "显示剩余 {remaining} 台，但自 {since} 起库存异常，无法使用：{stock_error}",
    ),
    NoticeKind.FOREIGN_ROWS: (
        "{count} rows of other data centres came in the answer for {feed}; they are ignored",
        "{feed} 的响应中有 {count} 行属于其他智算中心，已忽略",
    ),
    NoticeKind.DELIVERY_FAILED: (
        "channel {channel} did not get a message: {reason}. `monitor alerts` tells which",
        "有消息未能送达通道 {channel}：{reason}。详情请运行 monitor alerts 查看",
    ),
    NoticeKind.DATABASE_TROUBLE: (
        "the database refuses to be written since {since}: {reason}. What matched: {matched}",
        "数据库自 {since} 起无法写入：{reason}。符合规则的产品：{matched}",
    ),
    NoticeKind.CLOCK_SET: (
        "the wall clock was set by {seconds} s; timers that run moved along with it",
        "系统时钟被调整了 {seconds} 秒；进行中的计时已随之平移",
    ),
    NoticeKind.REHEARSAL: (
        "alerts reach this channel. Nothing is in stock because of it, and nothing is to be done",
        "此通道可以收到提醒。与库存无关，无需处理",
    ),
}


def notice_headline(notice: Notice, language: Language) -> str:
    return pick(_HEADLINES[notice.kind], language)


def notice_title(notice: Notice, style: Style) -> str:
    """`MONITOR BLIND · default/aidc-1`."""
    words = notice_headline(notice, style.language)
    return (
        f"【{words}】{shown(notice.subject)}"
        if style.language is Language.ZH
        else f"{words} · {shown(notice.subject)}"
    )


def notice_sentence(notice: Notice, style: Style) -> str:
    """Its facts in one sentence; a fact that is missing reads as a dash."""
    return pick(_SENTENCES[notice.kind], style.language).format_map(_Shown(notice, style.zone))


def notice_body(notice: Notice, style: Style) -> str:
    noticed = label("noticed", style.language, clock_text(notice.at, style.zone), style.zone)
    return "\n".join(
        [notice_sentence(notice, style), noticed, label("event", style.language, notice.event_id)]
    )


class _Shown(dict[str, str]):
    """The facts as text, made on demand; `since` is a moment."""

    def __init__(self, notice: Notice, zone: tzinfo) -> None:
        super().__init__()
        self._notice, self._zone = notice, zone

    def __missing__(self, name: str) -> str:
        value = self._notice.facts.get(name)
        if name == "since" and isinstance(value, int):
            return clock_text(from_ms(value), self._zone, self._notice.at)
        return "—" if value is None else shown(str(value), 300)
