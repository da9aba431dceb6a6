"""From the items of a claim to messages: title and body, English or Chinese, within a channel's limits. Pure.

Plain text, the most useful line first. One thing gets a whole message; several share one, a line each,
and beyond ten only their product codes. Nothing is dropped: what does not fit goes into the next message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.core.decision import Facts, Notice, Transition, TransitionKind
from monitor.core.event import event_of, event_text
from monitor.core.notice_text import notice_body, notice_headline, notice_sentence, notice_title
from monitor.core.outbox import Item
from monitor.core.style import Style
from monitor.core.transition_text import (
    transition_body,
    transition_headline,
    transition_line,
    transition_title,
)
from monitor.core.words import Language, label

LINES_IN_FULL: Final = 10


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str
    delivery_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told in one line: one product's edge under one or several rules, or one notice."""

    items: tuple[Item, ...]

    @property
    def told(self) -> Transition | Notice:
        return self.items[0].told

    @property
    def delivery_ids(self) -> tuple[int, ...]:
        return tuple(item.delivery_id for item in self.items)


def compose(items: Sequence[Item], style: Style) -> list[Message]:
    """The messages that tell these items, in the order in which to send them."""
    if style.is_data:
        return [_as_data(item, style) for item in sorted(items, key=_rank)]
    entries = _entries(items)
    if len(entries) == 1:
        return [_whole(entries[0], style)]
    return _digest(entries, style)


def fitted(text: str, limit: int, style: Style) -> str:
    """Cut at the end so that it fits; whole lines as long as there are several."""
    lines = text.split("\n")
    while len(lines) > 1 and style.length("\n".join(lines)) > limit:
        lines.pop()
    line = "\n".join(lines)
    while style.length(line) > limit:
        line = line[: -max(1, (style.length(line) - limit) // 4)]
    return line


def _as_data(item: Item, style: Style) -> Message:
    """The body is JSON; the title is what a person would read first."""
    plain = _whole(Entry((item,)), style)
    return replace(plain, body=event_text(event_of(item, plain.title, plain.body, style)))


def _entries(items: Sequence[Item]) -> list[Entry]:
    """Fired before resolved, and two rules that say the same of a product in one line."""
    alike: dict[tuple[object, ...], list[Item]] = {}
    for item in sorted(items, key=_rank):
        alike.setdefault(_sameness(item), []).append(item)
    return [Entry(tuple(same)) for same in alike.values()]


def _rank(item: Item) -> int:
    told = item.told
    if isinstance(told, Notice):
        return 2
    return 1 if told.kind is TransitionKind.RESOLVED or item.resolve is not None else 0


def _sameness(item: Item) -> tuple[object, ...]:
    told = item.told
    if isinstance(told, Notice):
        return (told.event_id,)
    resolve = (item.resolve.at, _unsigned(item.resolve.facts)) if item.resolve else None
    return (told.kind, told.cause, told.at, _unsigned(told.facts), resolve, item.possible_repeat)


def _unsigned(facts: Facts) -> Facts:
    """Without the rule's own line, which can stand beside that of another."""
    return replace(facts, note=None)


def _whole(entry: Entry, style: Style) -> Message:
    opening = label("rehearsal", style.language) if style.is_rehearsal else ""
    room = style.limit_title - style.length(opening + _marked("", entry.items[0], style))
    title = opening + _marked(fitted(_title(entry, style), room, style), entry.items[0], style)
    body = fitted(_body(entry, style), style.limit_body, style)
    return Message(title, body, entry.delivery_ids)


def _title(entry: Entry, style: Style) -> str:
    told, item = entry.told, entry.items[0]
    if isinstance(told, Notice):
        return notice_title(told, style)
    return transition_title(told, item.resolve, style)


def _marked(text: str, item: Item, style: Style) -> str:
    return text + (label("possible_repeat", style.language) if item.possible_repeat else "")


def _body(entry: Entry, style: Style) -> str:
    told, item = entry.told, entry.items[0]
    if isinstance(told, Notice):
        return notice_body(told, style)
    body = transition_body(_transitions(entry), item.resolve, style)
    return f"{label('not_true', style.language)}\n{body}" if style.is_rehearsal else body


def _transitions(entry: Entry) -> tuple[Transition, ...]:
    return tuple(item.told for item in entry.items if isinstance(item.told, Transition))


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry as it stands in a shared message: a line of its own, or only its code."""

    entry: Entry
    text: str
    in_full: bool


def _digest(entries: Sequence[Entry], style: Style) -> list[Message]:
    pieces = [_piece(entry, style, in_full=number < LINES_IN_FULL) for number, entry in enumerate(entries)]
    messages: list[Message] = []
    while pieces:
        count = _fitting(pieces, style)
        messages.append(_shared(pieces[:count], style))
        pieces = pieces[count:]
    return messages


def _piece(entry: Entry, style: Style, *, in_full: bool) -> Piece:
    text = _line(entry, style) if in_full else _code(entry)
    return Piece(entry, _marked(text, entry.items[0], style), in_full)


def _fitting(pieces: Sequence[Piece], style: Style) -> int:
    """How many of the pieces fit in one body; at least one."""
    room = style.limit_body - style.length(label("also", style.language))
    for number, piece in enumerate(pieces):
        room -= style.length(piece.text) + len(", ")
        if room < 0:
            return max(number, 1)
    return len(pieces)


def _shared(pieces: Sequence[Piece], style: Style) -> Message:
    if len(pieces) == 1:
        return _whole(pieces[0].entry, style)
    lines = [piece.text for piece in pieces if piece.in_full]
    codes = [piece.text for piece in pieces if not piece.in_full]
    if codes:
        lines.append(label("also", style.language) + ", ".join(codes))
    title = fitted(_shared_title([piece.entry for piece in pieces], style), style.limit_title, style)
    ids = tuple(number for piece in pieces for number in piece.entry.delivery_ids)
    return Message(title, "\n".join(lines), ids)


def _shared_title(entries: Sequence[Entry], style: Style) -> str:
    """`2 BACK IN STOCK · 1 SOLD OUT: PRD-1, PRD-2, PRD-3`."""
    heads = [_headline(entry, style) for entry in entries]
    counts = {head: heads.count(head) for head in heads}
    codes = dict.fromkeys(map(_code, entries))
    if style.language is Language.ZH:
        return "".join(f"【{count} 项{head}】" for head, count in counts.items()) + "、".join(codes)
    return " · ".join(f"{count} {head}" for head, count in counts.items()) + f": {', '.join(codes)}"


def _headline(entry: Entry, style: Style) -> str:
    told = entry.told
    if isinstance(told, Notice):
        return notice_headline(told, style.language)
    return transition_headline(told, entry.items[0].resolve, style.language)


def _line(entry: Entry, style: Style) -> str:
    told, item = entry.told, entry.items[0]
    if isinstance(told, Notice):
        event = label("event", style.language, told.event_id)
        return f"{notice_title(told, style)}: {notice_sentence(told, style)} · {event}"
    return transition_line(_transitions(entry), item.resolve, style)


def _code(entry: Entry) -> str:
    told = entry.told
    return told.subject if isinstance(told, Notice) else told.product.product_code
