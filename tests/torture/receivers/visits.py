"""What a receiver does with a message, and its own record of every one that came."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from tests.fakes.internet import Answer, Request
from tests.fakes.mailbox import Manners

MARKS: Final = ("(possible repeat)", "（可能重复）")


@dataclass(frozen=True, slots=True)
class Reply:
    """`takes`: the receiver has the message from now on, whatever it says. `says_yes`: the sender can know.

    `answer` is for the web, `manners` for mail. `drips`: the answer's head comes a byte at a time, for ever.
    """

    takes: bool = False
    says_yes: bool = False
    answer: Answer = field(default_factory=Answer)
    manners: Manners = field(default_factory=Manners)
    drips: bool = False


@dataclass(slots=True)
class Visit:
    """One try, as the receiver of `door` saw it at `at_s` of its own clock.

    `to`: of mail, which comes once for each recipient. Mail that was refused at the envelope has no words.
    """

    door: str
    at_s: float
    reply: Reply
    to: str = ""
    words: str = ""
    taken: bool = False

    @property
    def is_marked(self) -> bool:
        return any(mark in self.words for mark in MARKS)


def words_of(request: Request) -> str:
    """All text that one request brings, however the service wraps it."""
    text = request.body.decode(errors="replace")
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        return "\n".join(_strings(json.loads(text)))
    if "form-urlencoded" in kind:
        return "\n".join(value for _, value in parse_qsl(text))
    return unquote_plus(text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
