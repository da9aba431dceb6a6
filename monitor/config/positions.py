"""Tells on which line each key and element of a TOML text stands. Pure, one pass.

The text is known to be valid (tomllib has read it), so this only follows its structure:
headers, keys, strings, arrays and inline tables.
"""

import re
import tomllib
from typing import Final

Place = tuple[str | int, ...]
"""The way to a value: keys, and indexes from 0."""

_TOKEN: Final = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*')"
    r"|(?P<space>[ \t\r]+|#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<mark>[\[\]{}=,.])"
    r"|(?P<bare>[^\s\[\]{}=,.\"'#]+)",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Place, int]:
    """The line (from 1) of every table, key and array element."""
    return _Reader(text).read()


def line_of(lines: dict[Place, int], place: Place) -> int | None:
    """The line of a value; of the nearest table around it when it is not there itself."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return None


class _Reader:
    """Walks the tokens once; `lines` grows as it goes."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.lines: dict[Place, int] = {}
        self.array_sizes: dict[Place, int] = {}
        line = 1
        for found in _TOKEN.finditer(text):
            if found.lastgroup != "space":
                self.tokens.append((found.lastgroup or "", found[0], line))
            line += found[0].count("\n")

    def read(self) -> dict[Place, int]:
        table: Place = ()
        while self.at < len(self.tokens):
            if self._kind() == "newline":
                self.at += 1
            elif self._text() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def _text(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _header(self) -> Place:
        line = self.tokens[self.at][2]
        is_array = self.tokens[self.at + 1][1] == "["
        self.at += 2 if is_array else 1
        *around, last = self._key()
        self.at += 2 if is_array else 1
        place: Place = ()
        for part in around:
            place = self._inside_last((*place, part), line)
        place = (*place, last)
        if is_array:
            self.array_sizes[place] = self.array_sizes.get(place, 0) + 1
        return self._inside_last(place, line)

    def _inside_last(self, place: Place, line: int) -> Place:
        self.lines.setdefault(place, line)
        if place in self.array_sizes:
            place = (*place, self.array_sizes[place] - 1)
            self.lines.setdefault(place, line)
        return place

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        while self._text() == "." and self._kind() == "mark":
            self.at += 1
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        return text if kind == "bare" else next(iter(tomllib.loads(f"{text} = 0")))

    def _pair(self, table: Place) -> None:
        line = self.tokens[self.at][2]
        place = table
        for part in self._key():
            place = (*place, part)
            self.lines.setdefault(place, line)
        self.at += 1
        self._value(place)

    def _value(self, place: Place) -> None:
        if self._kind() == "string":
            self.at += 1
        elif self._text() == "[":
            self._array(place)
        elif self._text() == "{":
            self._inline_table(place)
        else:
            while self._kind() == "bare" or self._text() == ".":
                self.at += 1

    def _array(self, place: Place) -> None:
        self.at += 1
        index = 0
        while self._text() != "]":
            if self._text() == "," or self._kind() == "newline":
                self.at += 1
                continue
            self.lines[*place, index] = self.tokens[self.at][2]
            self._value((*place, index))
            index += 1
        self.at += 1

    def _inline_table(self, place: Place) -> None:
        self.at += 1
        while self._text() != "}":
            if self._text() == "," or self._kind() == "newline":
                self.at += 1
            else:
                self._pair(place)
        self.at += 1
