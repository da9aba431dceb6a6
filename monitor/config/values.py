"""Reads the small languages of monitor.toml: durations, URLs, addresses, names, globs. Pure.

Every function raises ValueError with the rest of a sentence whose subject is the key.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from monitor.config.suggesting import did_you_mean
from monitor.core.matching import Range

LONGEST_GLOB: Final = 200
LONGEST_NAME: Final = 64
LONGEST_NOTE: Final = 300
NOTE_KEYS: Final = ("product_code", "aidc_id")
LONGEST_DURATION: Final = timedelta(days=3650)
DURATION_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$",
}

_UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_DURATION: Final = re.compile(
    r"(?=\d)" + "".join(rf"(?:(?P<{unit}>\d{{1,12}}){unit})?" for unit in _UNITS), re.ASCII
)
_LOOSE_DURATION: Final = re.compile(
    r"\s*(\d{1,12})\s*(sec|min|hour|hr|day|[smhd])[a-z]*\.?\s*", re.ASCII | re.IGNORECASE
)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def duration(value: object) -> timedelta:
    """`"90s"`, `"15m"`, `"2h"`, `"30d"`, `"250ms"`, or several units, largest first: `"1h30m"`."""
    if not isinstance(value, str):
        number = value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 15
        raise ValueError(f'must be a duration in quotes, with its unit: "{number}s"')  # noqa: TRY004
    found = _DURATION.fullmatch(value)
    if not found:
        raise ValueError(
            f'cannot read {shown(value)}: write whole numbers with a unit, like "90s", "15m", "2h" or "30d"'
            + _meant_duration(value)
        )
    counts = {unit: int(count) for unit, count in found.groupdict().items() if count}
    if any(count > LONGEST_DURATION / _UNITS[unit] for unit, count in counts.items()):
        raise ValueError(f"is longer than {duration_text(LONGEST_DURATION)}")
    return sum((count * _UNITS[unit] for unit, count in counts.items()), timedelta(0))


def duration_text(span: timedelta) -> str:
    """The way a duration is written in monitor.toml."""
    if not span:
        return "0s"
    parts, rest = [], span
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


def between(least: str, most: str) -> Callable[[timedelta], timedelta]:
    """A check that a duration lies within both bounds."""
    low, high = duration(least), duration(most)

    def check(span: timedelta) -> timedelta:
        if span < low:
            raise ValueError(f"must be at least {least}, not {duration_text(span)}")
        if span > high:
            raise ValueError(f"must be at most {most}, not {duration_text(span)}")
        return span

    return check


def never_as_none(value: object) -> object:
    """`"never"` switches a repeated thing off."""
    return None if value == "never" else value


def base_url(text: str) -> str:
    """`https://host[:port]`; http only to this machine, since the key travels with every request."""
    parts = _web_address(text)
    if parts.path.strip("/"):
        raise ValueError("must have no path: the program adds it")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(
            "must begin with https:// (http:// is for this machine only): the key would travel in the clear"
        )
    return f"{parts.scheme}://{parts.netloc}"


def public_url(text: str) -> str:
    """The dashboard's address as people's browsers reach it; a path is allowed."""
    parts = _web_address(text)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def webhook_url(text: str) -> str:
    """Where events are posted: https, or http to this machine. Never quoted back: it is a secret."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be an address in plain ASCII, without spaces")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a usable address: check its host and port") from None
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError("must be a whole https:// address (http:// is for this machine only)")
    return text


def listen(text: str) -> tuple[str, int]:
    """`host:port`, an IPv6 host in brackets; port 0 takes any free one."""
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host) or not re.fullmatch(r"\d{1,5}", port, re.ASCII):
        raise ValueError('must be host and port, like "127.0.0.1:8787" or "[::1]:8787"')
    if int(port) > 65535:
        raise ValueError("has a port above 65535")
    return host.strip("[]"), int(port)


def listen_address(text: str) -> str:
    """The text itself, once `listen` can read it."""
    listen(text)
    return text


def is_loopback(host: str) -> bool:
    """True when only this machine can be meant."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def database_file(url: str) -> str:
    """The path inside `sqlite:///path` (four slashes: an absolute path)."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme != "sqlite":
        raise ValueError(
            'must be an SQLite address: "sqlite:///monitor.db", or "sqlite:////var/lib/…/monitor.db"'
        )
    path = rest.removeprefix("/")
    if rest == path or not path.strip("/") or path == ":memory:":
        raise ValueError('must name a file after three slashes: "sqlite:///monitor.db"')
    if "?" in path or not path.isprintable():
        raise ValueError("must hold no ? and no control character")
    return path


def database_address(url: str) -> str:
    """The text itself, once `database_file` can read it."""
    database_file(url)
    return url


def unit_code(key: object) -> int:
    """A key of `price_units`: TOML's keys are text, the provider's codes are numbers."""
    if not isinstance(key, str) or not re.fullmatch(r"\d{1,9}", key, re.ASCII):
        raise ValueError('must be a priceUnit code, a whole number, as in { 11 = "CNY/h" }')
    return int(key)


def variable_name(text: str) -> str:
    # Not quoted back: people put the secret itself here.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", text, re.ASCII):
        raise ValueError(
            "must be the name of an environment variable (letters, digits and _), not the secret"
        )
    return text


def credential_name(text: str) -> str:
    if not re.fullmatch(r"(?!\.{1,2}$)[A-Za-z0-9._@-]{1,128}", text, re.ASCII):
        raise ValueError("must be the name of a credential: letters, digits and . _ - @")
    return text


def plain_name(text: str) -> str:
    """A name of a source or channel: it is typed on the command line and stands in log lines."""
    if not text or len(text) > LONGEST_NAME:
        raise ValueError(f"must be a name of 1 to {LONGEST_NAME} characters")
    if not text.isprintable() or "/" in text or any(map(str.isspace, text)):
        raise ValueError("must be a name without spaces, slashes and control characters")
    return text


def one_line(longest: int) -> Callable[[str], str]:
    """A check for text that people read: one line, not blank, no control characters."""

    def check(text: str) -> str:
        if not text.strip():
            raise ValueError("must not be empty")
        if len(text) > longest:
            raise ValueError(f"is {len(text)} characters long; at most {longest}")
        if not text.isprintable():
            raise ValueError("must be one line without control characters")
        return text

    return check


glob: Final = one_line(LONGEST_GLOB)


def note(text: str) -> str:
    """A line for messages; `{product_code}` and `{aidc_id}` in it are filled in."""
    for name in re.findall(r"(?<!\$)\{([a-z_]+)\}", one_line(LONGEST_NOTE)(text)):
        if name not in NOTE_KEYS:
            raise ValueError(
                f"there is nothing to put in place of {{{name}}}" + did_you_mean(name, NOTE_KEYS)
            )
    return text


def number_range(value: object) -> Range:
    """A number as it stands, or a comparison in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError('must be a number, or a comparison in quotes: 8, ">=8", "<=20", "2..8"')  # noqa: TRY004
    if isinstance(value, str):
        return Range.parse(value)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise ValueError("is too large a number")
    return Range(number, number)


def zone(text: str) -> ZoneInfo:
    """A name of the IANA time zone database."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone {shown(text)}" + did_you_mean(text, available_timezones())
        ) from None


def shown(text: str) -> str:
    """The user's own text inside a sentence: quoted, escaped, cut."""
    return json.dumps(text if len(text) <= 40 else text[:39] + "…", ensure_ascii=False)


def kind_of(value: object) -> str:
    """What a value of TOML is called."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def _meant_duration(text: str) -> str:
    found = _LOOSE_DURATION.fullmatch(text)
    return f'; did you mean "{found[1]}{found[2][0].lower()}"?' if found else ""


def _web_address(text: str) -> SplitResult:
    # The text is never quoted back: an address with a password in it is a common mistake.
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be an address in plain ASCII, without spaces")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a usable address: check its host and port") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError('must be a whole address: "https://host"')
    if "@" in parts.netloc:
        raise ValueError("must hold no user name and no password")
    if "?" in text or "#" in text:
        raise ValueError("must hold no query (?) and no fragment (#)")
    return parts
