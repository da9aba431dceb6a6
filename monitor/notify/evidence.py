"""What really happened on the wire while one message was sent. Values only, pure.

The library answers yes or no, and both may be wrong: these are what the verdict rests on.
"""

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

_UNPRINTABLE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_BOOKKEEPING: Final = re.compile(r"send\(\) completed in|^(?:Connecting|Securing|Applying|.{0,40}Payload:)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request. Without a status there was no answer: `failure` says why in words.

    `left` tells whether the request may have left: the connection stood before the failure came.
    `body` is the answer's beginning; `cut_off`: it ended before it was whole.
    """

    status: int | None
    body: bytes = b""
    cut_off: bool = False
    retry_after: timedelta | None = None
    redirect_host: str | None = None
    failure: str | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a mail server, after the command `stage`; no code: the connection broke there."""

    stage: str
    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one send: `delivered` is the library's own opinion, `crash` what it raised."""

    kind: str
    delivered: bool
    exchanges: tuple[Exchange, ...] = ()
    replies: tuple[Reply, ...] = ()
    log_lines: tuple[str, ...] = ()
    crash: BaseException | None = field(default=None, compare=False)

    @property
    def last_words(self) -> str:
        """The log line that tells most: what was raised, else the last one that is no bookkeeping."""
        lines = [line for line in self.log_lines if not _BOOKKEEPING.search(line)]
        raised = [line for line in lines if "Exception" in line]
        return quote((raised or lines or ["the library said no without a reason"])[-1])


def retry_after_of(headers: Mapping[str, str]) -> timedelta | None:
    """Seconds, or a date counted from the answer's own date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    try:
        return timedelta(seconds=max(float(value), 0))
    except (ValueError, OverflowError):
        pass
    try:
        until, asked = (email.utils.parsedate_to_datetime(v) for v in (value, headers.get("Date", "")))
        return max(until - asked, timedelta())
    except (ValueError, TypeError):
        return None


def quote(text: str) -> str:
    """A stranger's words on one line, without control or direction characters; not shortened, since a
    secret that was cut in two would not be recognised and struck out."""
    return _UNPRINTABLE.sub(" ", text).strip()
