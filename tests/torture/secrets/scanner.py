"""Searches bytes for canaries: secrets made up for the purpose, in every spelling they may be given. Pure.

Half a secret is a leak, too: any ten characters in a row of a canary's random part count.
"""

import base64
import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

WINDOW: Final = 10
"""So much of the random part is found, wherever it was cut."""

AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class Canary:
    """`text` is the secret whole; `core` its random part, which stands nowhere else in the world.

    `user`: with whom it makes a login, as a header would hold it.
    """

    name: str
    text: str
    core: str
    user: str | None = None

    def __post_init__(self) -> None:
        assert self.core in self.text
        assert len(self.core) >= WINDOW


@dataclass(frozen=True, slots=True)
class Hit:
    """`shown` is what stands around it, for the one who has to find the place."""

    canary: str
    spelling: str
    place: str
    at: int
    shown: str

    def __str__(self) -> str:
        return f"{self.canary} ({self.spelling}) in {self.place}, byte {self.at}: {self.shown}"


SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str,
    "URL-quoted": quote,
    "URL-quoted whole": lambda text: quote(text, safe=""),
    "form-quoted": quote_plus,
    "HTML": html.escape,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "repr": lambda text: repr(text)[1:-1],
    "hexadecimal": lambda text: text.encode().hex(),
    "backwards": lambda text: text[::-1],
}


class Scanner:
    """Knows the spellings of its canaries; `scan` any bytes for them."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._needles: dict[bytes, tuple[str, str]] = {}
        for canary in canaries:
            for spelling, text in _spellings(canary):
                self._needles.setdefault(text.lower().encode(), (canary.name, spelling))

    def scan(self, place: str, data: bytes) -> list[Hit]:
        """The first hit of each canary and spelling, whatever the case of its letters."""
        lowered = data.lower()
        found: dict[tuple[str, str], Hit] = {}
        for needle, (name, spelling) in self._needles.items():
            at = lowered.find(needle)
            if at >= 0 and (name, spelling) not in found:
                around = data[max(at - AROUND, 0) : at + len(needle) + AROUND]
                found[name, spelling] = Hit(name, spelling, place, at, around.decode("utf-8", "replace"))
        return list(found.values())


def _spellings(canary: Canary) -> Iterator[tuple[str, str]]:
    for spelling, spell in SPELLINGS.items():
        yield spelling, spell(canary.text)
    for start in range(len(canary.core) - WINDOW + 1):
        yield "in part", canary.core[start : start + WINDOW]
    yield from (("base64", text) for text in _in_base64(canary.text))
    if canary.user is not None:
        yield from (("base64 of the login", text) for text in _in_base64(f"{canary.user}:{canary.text}"))


def _in_base64(text: str) -> Iterator[str]:
    """As it looks inside of a longer text as well: there it may begin at any of three places."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + text.encode()).decode()
        inner = coded[4 if before else 0 : -4]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
