"""Strikes the secrets of a channel out of any text, before it is stored or logged. Pure.

The library hides secrets in its own way, at some levels only: here every piece of the URL is a secret
unless it is known to be none.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

STRUCK: Final = "***"
_SHORTEST: Final = 4
_PIECE: Final = re.compile(r"[/?&=#@:;,+!~\s]+")
_HARMLESS_PARAMETERS: Final = frozenset(
    {"batch", "blocks", "cto", "emojis", "footer", "format", "image", "method", "mode", "overflow"}
    | {"priority", "rto", "store", "ts", "tz", "verify"}
)
_HOST_NAME: Final = re.compile(
    r"(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,12}|localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\])(?::\d+)?",
    re.IGNORECASE,
)


class Redactor:
    """Knows the tokens of one URL, in every spelling in which they may come back."""

    def __init__(self, url: str, extra: Iterable[str] = ()) -> None:
        anywhere = {s for token in (*_pieces(url), *extra) for s in _spellings(token) if len(s) >= _SHORTEST}
        as_a_word = {s for token in (*_credentials(url), *extra) for s in _spellings(token)} - anywhere
        longest_first = sorted(anywhere, key=len, reverse=True)
        patterns = [re.escape(s) for s in longest_first]
        patterns += [rf"(?<!\w){re.escape(s)}(?!\w)" for s in as_a_word if s]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(STRUCK, text) if self._pattern else text


def _pieces(url: str) -> Iterator[str]:
    _, _, rest = url.strip().partition("://")
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    userinfo, _, host = authority.rpartition("@")
    yield from _split(userinfo)
    yield from _split(path)
    yield from _login(userinfo)
    if not _HOST_NAME.fullmatch(host.strip()):
        yield from _split(host)
    for parameter in re.split("[&;]", query):
        name, _, value = parameter.partition("=")
        if name.lower() not in _HARMLESS_PARAMETERS:
            yield from _split(value)
            if not value:
                yield from _split(name)


def _split(text: str) -> Iterator[str]:
    """The whole, its pieces, and the pieces of what it reads as once decoded."""
    decoded = unquote_plus(text)
    yield text
    yield decoded
    yield from _PIECE.split(text)
    yield from _PIECE.split(decoded)


def _login(userinfo: str) -> Iterator[str]:
    """What an Authorization header would hold."""
    if userinfo:
        yield base64.b64encode(unquote(userinfo).encode()).decode()


def _credentials(url: str) -> Iterator[str]:
    """Passwords too short to be struck out inside of words."""
    authority = url.partition("://")[2].partition("/")[0]
    password = authority.rpartition("@")[0].partition(":")[2]
    yield unquote(password)


def _spellings(token: str) -> set[str]:
    plain = unquote(token)
    return {
        token,
        plain,
        " ".join(plain.split()),
        quote(plain, safe=""),
        quote(plain),
        quote_plus(plain),
        html.escape(plain),
        json.dumps(plain)[1:-1],
        repr(plain)[1:-1],
    }
