"""Faults that come several times in a row, from the wire to the tables: what is told, and how patiently."""

import asyncio
from pathlib import Path

import pytest

from tests.daemon.stage import edges
from tests.daemon.wired import Wired, wired
from tests.fakes.clock import FakeClock
from tests.source.answers import FORBIDDEN, body, row
from tests.source.toxic_server import Part, answers, http

OTHER = row(productCode="OTHER", remainingCount=0)
LISTED = body(row(remainingCount=3), OTHER)
EMPTY, BUSY = body(), http(b"", "503 Busy")
USELESS = body(row(remainingCount=None))
REASONS = "SELECT reason FROM poll ORDER BY id"
OPS = "SELECT n.kind, d.channel FROM notice n JOIN delivery d ON d.notice_id = n.id ORDER BY d.id"


def parts(*bodies: bytes) -> list[Part]:
    """One answer a connection."""
    return [answers(one if one.startswith(b"HTTP/") else http(one)) for one in bodies]


async def waits(wire: Wired, polls: int) -> list[int]:
    """How many intervals each of the next polls took to come."""
    return [(await wire.next_poll())[1] for _ in range(polls)]


@pytest.mark.parametrize(
    "refusal", [http(b"", "401 No"), http(FORBIDDEN, "403 No"), FORBIDDEN], ids=["401", "403", "envelope"]
)
def test_a_refused_key_is_told_to_ops_the_third_time_and_asked_ever_more_slowly(
    refusal: bytes, file: Path
) -> None:
    async def play() -> None:
        async with wired(file, *parts(LISTED, *[refusal] * 5, LISTED)) as wire:
            assert await waits(wire, 3) == [1, 1, 2]
            assert wire.rows(OPS) == []
            await wire.next_poll()
            assert ("key refused", "ops") in wire.rows(OPS)
            assert await waits(wire, 3) == [4, 4, 4]
            taken, slots = await wire.next_poll()
            assert (edges(taken), slots) == ([], 1), "back at its own pace"
            kinds = [kind for kind, _ in wire.rows(OPS)]
            assert kinds.count("key refused") == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("headers", "intervals"),
    [
        ({"retry_after": "90"}, 6),
        ({"retry_after": "Sun, 01 Jun 2025 12:01:30 GMT"}, 6),
        ({"retry_after": "999999999"}, 60),
        ({}, 2),
        ({"retry_after": "soon"}, 2),
    ],
    ids=["seconds", "date", "absurd", "absent", "unreadable"],
)
def test_a_rate_limit_is_waited_for_as_long_as_it_asks_within_reason(
    headers: dict[str, str], intervals: int, file: Path
) -> None:
    async def play() -> None:
        limited = http(b"", "429 Slow down", **headers)
        async with wired(file, *parts(LISTED, limited, LISTED)) as wire:
            assert await waits(wire, 3) == [1, 1, intervals]
            assert len(wire.toxic.requests) == 3, "nothing was asked while it waited"

    asyncio.run(play())


def test_an_empty_list_is_believed_the_third_time_though_the_daemon_restarts_and_other_polls_fail(
    file: Path,
) -> None:
    clock = FakeClock()

    async def play(*answered: bytes) -> list[list[str]]:
        async with wired(file, *parts(*answered), clock=clock) as wire:
            return [edges((await wire.next_poll())[0]) for _ in answered]

    assert asyncio.run(play(LISTED, EMPTY)) == [["fired"], []]
    assert asyncio.run(play(BUSY, EMPTY)) == [[], []]
    assert asyncio.run(play(EMPTY, EMPTY, EMPTY)) == [["resolved"], [], []]
    assert asyncio.run(play(LISTED)) == [["fired"]]


def test_an_empty_list_once_or_twice_says_nothing_and_counts_anew(file: Path) -> None:
    async def play() -> None:
        async with wired(file, *parts(LISTED, EMPTY, EMPTY, LISTED, EMPTY, EMPTY, LISTED)) as wire:
            told = [edges((await wire.next_poll())[0]) for _ in range(7)]
            assert told == [["fired"], [], [], [], [], [], []]
            empty = ("empty list",)
            assert wire.rows(REASONS) == [(None,), empty, empty, (None,), empty, empty, (None,)]

    asyncio.run(play())


def test_a_list_of_rows_that_are_no_use_was_not_empty_though_the_daemon_restarts(file: Path) -> None:
    clock = FakeClock()

    async def play(*answered: bytes) -> list[list[str]]:
        async with wired(file, *parts(*answered), clock=clock) as wire:
            return [edges((await wire.next_poll())[0]) for _ in answered]

    assert asyncio.run(play(LISTED, EMPTY, USELESS, EMPTY)) == [["fired"], [], [], []]
    assert asyncio.run(play(EMPTY)) == [[]]
    assert asyncio.run(play(USELESS, EMPTY, EMPTY)) == [[], [], []]
    assert asyncio.run(play(EMPTY)) == [["resolved"]]


def test_the_third_empty_list_says_that_nothing_is_listed(file: Path) -> None:
    async def play() -> None:
        async with wired(file, *parts(LISTED, EMPTY, EMPTY, EMPTY)) as wire:
            for _ in range(4):
                await wire.next_poll()
            assert wire.rows("SELECT edge, cause FROM transition ORDER BY id")[-1] == ("resolved", "listing")
            kinds = wire.rows("SELECT kind FROM snapshot WHERE until_poll_id IS NULL")
            assert kinds == [("absent",), ("absent",)]

    asyncio.run(play())
