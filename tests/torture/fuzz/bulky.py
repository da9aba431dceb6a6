"""Answers that are large in one place or all over: what holds up a loop is here. Pure but for chance."""

import random
from collections.abc import Callable
from typing import Final

from tests.torture.fuzz.nasty import GOOD_COUNTS, MEGABYTE

LARGEST: Final = 16 * 1024 * 1024


def bulky(chance: random.Random) -> bytes:
    """One monstrous value in an answer that is small but for it."""
    return _envelope([_row(1, b"3"), chance.choice(_MONSTERS)(chance)])


def _error_of_a_megabyte(chance: random.Random) -> bytes:
    letter = chance.choice((b"e", "库".encode(), b"\\u5e93", b"\\n"))
    return b'{"productCode":"PRD-0","aidcId":1,"remainingCount":1,"ext":{"stockError":"%b"}}' % (
        letter * (MEGABYTE // len(letter))
    )


def _name_of_100_kilobytes(chance: random.Random) -> bytes:
    letter = chance.choice((b"n", "\u202e".encode(), b"\\ud83d\\ude80", b"<b>"))
    return b'{"productCode":"PRD-0","aidcId":1,"remainingCount":1,"name":"%b"}' % (
        letter * (100_000 // len(letter))
    )


def _digits(chance: random.Random) -> bytes:
    name = chance.choice((b"remainingCount", b"price", b"aidcId", b"surprise"))
    return b'{"productCode":"PRD-0","aidcId":1,"%b":%b}' % (
        name,
        b"7" * chance.choice((5_000, 100_000, MEGABYTE)),
    )


def _depth(chance: random.Random) -> bytes:
    deep = chance.choice((2_000, 200_000))
    open_, close = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return b'{"productCode":"PRD-0","remainingCount":1,"x":%b1%b}' % (open_ * deep, close * deep)


def _unclosed_depth(_: random.Random) -> bytes:
    return b"[" * 200_000


def _many_fields(_: random.Random) -> bytes:
    fields = b",".join([b'"f%d":%d' % (number, number) for number in range(20_000)])
    return b'{"productCode":"PRD-0","aidcId":1,"remainingCount":1,%b}' % fields


def _code_of_10_kilobytes(_: random.Random) -> bytes:
    return b'{"productCode":"%b","aidcId":1,"remainingCount":1}' % (b"P" * 10_000)


def _commas(_: random.Random) -> bytes:
    return b"[" + b"0," * (MEGABYTE + 1) + b"0]"


_MONSTERS: Final[tuple[Callable[[random.Random], bytes], ...]] = (
    *(_error_of_a_megabyte, _name_of_100_kilobytes, _digits, _digits, _depth, _unclosed_depth, _many_fields),
    *(_code_of_10_kilobytes, _commas),
)


def crowd(chance: random.Random, rows: int) -> bytes:
    """So many products, or things in their place, in at most 16 MiB."""
    make = chance.choice(_CROWDS)
    return _envelope([make(chance, number) for number in range(rows)])[:LARGEST]


def restocked(chance: random.Random, rows: int) -> bytes:
    """So many good products with counts drawn anew: played twice, most of them change."""
    return _envelope([_row(number, chance.choice(GOOD_COUNTS)) for number in range(rows)])


def _a_product(chance: random.Random, number: int) -> bytes:
    return _row(number, chance.choice(GOOD_COUNTS))


def _a_bad_count(_: random.Random, number: int) -> bytes:
    return b'{"productCode":"PRD-%d","aidcId":1,"remainingCount":1e999}' % number


def _a_list(_: random.Random, number: int) -> bytes:
    return b"[%d,1]" % number


def _a_number(_: random.Random, number: int) -> bytes:
    return b"%d" % number


def _an_object(_: random.Random, number: int) -> bytes:
    return b'{"a":%d}' % number


def _a_huge_price(_: random.Random, number: int) -> bytes:
    return b'{"productCode":"PRD-%d","aidcId":1,"remainingCount":2,"price":99999999999999999999}' % number


def _no_centre(_: random.Random, number: int) -> bytes:
    return b'{"productCode":"PRD-%d","remainingCount":2}' % number


_CROWDS: Final[tuple[Callable[[random.Random, int], bytes], ...]] = (
    *(
        _a_product,
        _a_product,
        _a_product,
        _a_bad_count,
        _a_list,
        _a_number,
        _an_object,
        _a_huge_price,
        _no_centre,
    ),
)


def _row(number: int, count: bytes) -> bytes:
    return (
        b'{"productCode":"PRD-%d","aidcId":%d,"name":"node %d","cpuCores":"18","memoryGB":"200",'
        b'"gpuName":"NVIDIA-H800A-80G","gpuCount":"8","diskGB":"100","price":"2","priceUnit":11,'
        b'"remainingCount":%b,"ext":{"stockError":""}}' % (number, 1 + number % 2, number, count)
    )


def _envelope(rows: list[bytes]) -> bytes:
    return b'{"status":200,"message":"OK","data":[%b]}' % b",".join(rows)
