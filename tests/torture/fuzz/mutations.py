"""Damages a body as wires, proxies and bugs do: a few bytes at a time. Pure but for its source of chance."""

import random
from collections.abc import Callable
from typing import Final

from tests.torture.fuzz.nasty import PIECES


def mutated(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """`body` with one to four accidents; `other` is what may be spliced into it."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        body = chance.choice(_ACCIDENTS)(chance, body or b"{}", other)
    return body


def _flip(chance: random.Random, body: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + bytes((body[at] ^ 1 << chance.randrange(8),)) + body[at + 1 :]


def _overwrite(chance: random.Random, body: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + bytes((chance.randrange(256),)) + body[at + 1 :]


def _other_digit(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """A count, price, code or status that reads well and is another one."""
    places = [at for at, byte in enumerate(body) if 48 <= byte <= 57]
    if not places:
        return body
    at = chance.choice(places)
    return body[:at] + b"%d" % chance.randrange(10) + body[at + 1 :]


def _delete(chance: random.Random, body: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + body[at + chance.choice((1, 1, 2, 8, 64)) :]


def _insert(chance: random.Random, body: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(PIECES) + body[at:]


def _double(chance: random.Random, body: bytes, _: bytes) -> bytes:
    start = chance.randrange(len(body))
    end = start + chance.choice((1, 8, 64, 256))
    return body[:end] + body[start:end] + body[end:]


def _splice(chance: random.Random, body: bytes, other: bytes) -> bytes:
    other = other[:4096]
    return body[: chance.randrange(len(body) + 1)] + other[chance.randrange(len(other) + 1) :]


def _truncate(chance: random.Random, body: bytes, _: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


_ACCIDENTS: Final[tuple[Callable[[random.Random, bytes, bytes], bytes], ...]] = (
    *(
        _flip,
        _overwrite,
        _other_digit,
        _other_digit,
        _other_digit,
        _delete,
        _insert,
        _double,
        _splice,
        _truncate,
    ),
)
