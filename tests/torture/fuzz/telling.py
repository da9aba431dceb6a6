"""Puts into words whatever was decided, as the lanes do, and looks at the words. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Final

from monitor.core.message import Message, compose
from monitor.core.outbox import Item
from monitor.core.style import Style
from monitor.core.words import Language

STYLES: Final = (
    Style(Language.EN, UTC, {}),
    Style(Language.ZH, UTC, {11: "元/小时"}, "https://monitor.example.test", 120, 400, counts_bytes=True),
)
_HARMFUL: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def tell(items: Sequence[Item], style: Style) -> list[str]:
    """Complaints about the messages that tell these items."""
    messages = compose(items, style)
    complaints = [why for message in messages for why in _look_at(message, style)]
    told = sorted(number for message in messages for number in message.delivery_ids)
    if told != sorted(item.delivery_id for item in items):
        complaints.append(f"deliveries {told} are told of {len(items)}")
    return complaints


def _look_at(message: Message, style: Style) -> Iterable[str]:
    if not message.title or not message.body:
        yield "a message is empty"
    if style.length(message.title) > style.limit_title or style.length(message.body) > style.limit_body:
        yield f"a message is too long: {style.length(message.title)}, {style.length(message.body)}"
    for text in (message.title, message.body.replace("\n", "")):
        if not text.isprintable():
            harmful = {char for char in text if unicodedata.category(char) in _HARMFUL}
            if harmful:
                yield f"a message holds {sorted(map(ascii, harmful))}: {text!r:.200}"
