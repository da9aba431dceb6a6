"""Reads what a person would read: the edges that a message tells, and whether as a repeat. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REPEAT: Final = " (possible repeat)"


class Form(StrEnum):
    NOW = "now"
    GONE = "gone"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Telling:
    event: str
    rule: str
    code: str
    form: Form
    marked: bool


_FORMS: Final = {
    "WAS IN STOCK": Form.WINDOW,
    "BACK IN STOCK": Form.NOW,
    "IN STOCK": Form.NOW,
    "ENOUGH NOW": Form.NOW,
    "SOLD OUT": Form.GONE,
    "BELOW YOUR NEED": Form.GONE,
}
_WORDS: Final = "|".join(_FORMS)
_TITLE: Final = re.compile(rf"({_WORDS})[: ]")
_BODY: Final = re.compile(r"productCode: (\S+)\n(?:.*\n)*?rules? (.+)\nevent (.+)")
_LINE: Final = re.compile(
    rf"(\S+) · ({_WORDS})[: ].* · rules? (.+?) · event ([0-9a-z, ]+?)({re.escape(REPEAT)})?"
)


class UnreadableError(ValueError):
    """A message that does not name its events."""


def tellings_of(title: str, message: str) -> list[Telling]:
    """One product's edges make a whole message, several share one with a line each."""
    if message.startswith("productCode: "):
        return _whole(title, message)
    return [telling for line in message.split("\n") for telling in _of_line(line)]


def _whole(title: str, message: str) -> list[Telling]:
    head, body = _TITLE.match(title), _BODY.fullmatch(message)
    if head is None or body is None:
        raise UnreadableError(f"{title}\n{message}")
    return _each(body[1], head[1], body[2], body[3], marked=title.endswith(REPEAT))


def _of_line(line: str) -> list[Telling]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise UnreadableError(line)
    code, words, rules, events, mark = found.groups()
    return _each(code, words, rules, events, marked=mark is not None)


def _each(code: str, words: str, rules: str, events: str, *, marked: bool) -> list[Telling]:
    pairs = zip(rules.split(", "), events.split(", "), strict=True)
    return [Telling(event, rule, code, _FORMS[words], marked) for rule, event in pairs]
