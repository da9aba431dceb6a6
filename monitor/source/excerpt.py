"""What may be kept of an upstream's text: a short excerpt with every secret struck out. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from itertools import chain
from typing import Final
from urllib.parse import quote

import msgspec

EXCERPT_BYTES: Final = 1024
STRUCK_OUT: Final = "***"
_BEARER: Final = re.compile(r"bearer(?:\s|%20|\+|:)+[^\s\"'<>,;]+", re.IGNORECASE)


def excerpt(body: bytes, secrets: Iterable[str] = ()) -> str | None:
    """The first KB of a body as one line of harmless text; None when there is nothing to show.

    A secret that the cut would leave half visible goes too.
    """
    spellings = _spellings(secrets)
    longest = max(map(len, spellings), default=0)
    window = body[: EXCERPT_BYTES * 4 + longest * 4]
    text = redact(one_line(window.decode("utf-8", "replace")), secrets)
    if len(window) < len(body) and longest:
        text = text[:-longest]
    return text[:EXCERPT_BYTES] or None


def one_line(text: str) -> str:
    """The text without control, bidi and other invisible characters, its white space made single."""
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Cs"} else char for char in text)
    return " ".join(visible.split())


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret, however JSON, a URL or HTML would spell it, and any bearer token struck."""
    for spelling in _spellings(secrets):
        text = text.replace(spelling, STRUCK_OUT)
    return _BEARER.sub(f"Bearer {STRUCK_OUT}", text)


def _spellings(secrets: Iterable[str]) -> list[str]:
    return sorted(set(chain.from_iterable(map(_spellings_of, secrets))), key=len, reverse=True)


def _spellings_of(secret: str) -> list[str]:
    if not secret:
        return []
    in_json = msgspec.json.encode(secret).decode()[1:-1]
    return [
        secret,
        in_json,
        in_json.replace("/", "\\/"),
        quote(secret),
        quote(secret, safe=""),
        escape(secret),
    ]
