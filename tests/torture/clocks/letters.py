"""Reads messages as a person does: which lines there are, what each says, and of which events. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.torture.clocks.receivers import Message

_EVENTS: Final = re.compile(r"event ([0-9a-z]{12}(?:, [0-9a-z]{12})*)")
_ALSO: Final = "also: "
_MARK: Final = "(possible repeat)"


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is the whole title of a message about one thing, or one line of a shared one."""

    text: str
    events: tuple[str, ...]

    @property
    def is_marked(self) -> bool:
        return _MARK in self.text

    def says(self, words: str, code: str) -> bool:
        """The title begins with the words and names the product; a line begins with the product."""
        is_title = self.text.startswith((f"{words} ", f"{words}: ")) and code in self.text
        return is_title or self.text.startswith(f"{code} · {words} ")


def lines_of(message: Message) -> Iterator[Line]:
    found = [(line, _events_of(line)) for line in message.body.split("\n")]
    told = [(line, events) for line, events in found if events]
    if len(told) == 1 and told[0][0].startswith("event "):
        yield Line(message.title, told[0][1])
        return
    for line, events in told:
        yield Line(line, events)


def also_in(message: Message) -> list[str]:
    """What stands by its name alone, beyond the lines, with or without a mark."""
    last = message.body.rsplit("\n", 1)[-1]
    names = last.removeprefix(_ALSO).split(", ") if last.startswith(_ALSO) else []
    return [name.removesuffix(f" {_MARK}") for name in names]


def _events_of(line: str) -> tuple[str, ...]:
    found = _EVENTS.search(line)
    return tuple(found[1].split(", ")) if found else ()
