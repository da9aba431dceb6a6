"""One bad row, from the wire to the tables: that product is unknown, and the others are told."""

import asyncio
from datetime import UTC
from pathlib import Path

import pytest

from monitor.core.message import compose
from monitor.core.style import Style
from monitor.core.words import Language
from tests.daemon.stage import edges
from tests.daemon.wired import Wired, wired
from tests.source.answers import LEFT_OUT, body, raw_row, row
from tests.source.test_attributes import HOSTILE_NAMES
from tests.source.toxic_server import answers, http

IN, OUT = row(remainingCount=3), row(remainingCount=0)
OTHER_OUT, OTHER_IN = (row(productCode="OTHER", remainingCount=count) for count in (0, 2))
EDGES = (
    "SELECT p.aidc_id, p.product_code, t.edge, t.cause FROM transition t"
    " JOIN product p ON p.id = t.product_id ORDER BY t.id"
)
OPEN_SPAN = (
    "SELECT kind, reason FROM snapshot s JOIN product p ON p.id = s.product_id"
    " WHERE product_code = 'P' AND until_poll_id IS NULL"
)

NO_KEY = {
    "code missing": row(productCode=LEFT_OUT),
    "code null": row(productCode=None),
    "code empty": row(productCode=""),
    "code a number": row(productCode=7),
    "code of 10 KB": row(productCode="P" * 10_000),
    "no object": b"null",
}
NO_COUNT = {
    "count missing": row(remainingCount=LEFT_OUT),
    "count null": row(remainingCount=None),
    "count empty": row(remainingCount=""),
    "count padded": row(remainingCount=" 6 "),
    "count 6.0": raw_row("remainingCount", b"6.0"),
    "count 1.5": row(remainingCount=1.5),
    "count below 0": row(remainingCount=-1),
    "count true": row(remainingCount=True),
    "count beyond 64 bits": row(remainingCount=2**63),
    "count 1e308": raw_row("remainingCount", b"1e308"),
    "count in wide digits": row(remainingCount="１２"),
    "count with underscore": row(remainingCount="1_000"),
    "ext a list": row(ext=[]),
    "ext text": row(ext="库存不足"),
}


def play(file: Path, *answered: bytes) -> list[list[tuple[object, ...]]]:
    """The edges that each answer brought, as the database has them."""

    async def polls() -> list[list[tuple[object, ...]]]:
        async with wired(file, *(answers(http(one)) for one in answered)) as wire:
            told: list[list[tuple[object, ...]]] = []
            for _ in answered:
                await wire.next_poll()
                told.append(wire.rows(EDGES)[sum(map(len, told)) :])
            return told

    return asyncio.run(polls())


@pytest.mark.parametrize("bad", [*NO_COUNT.values()], ids=[*NO_COUNT.keys()])
@pytest.mark.parametrize(("before", "after", "edge"), [(IN, OUT, "resolved"), (OUT, IN, "fired")])
def test_a_product_whose_row_is_bad_is_unknown_and_the_one_beside_it_is_told(
    bad: bytes, before: bytes, after: bytes, edge: str, file: Path
) -> None:
    async def polls() -> None:
        answered = [body(before, OTHER_OUT), body(bad, OTHER_IN), body(after, OTHER_IN)]
        async with wired(file, *(answers(http(one)) for one in answered)) as wire:
            await wire.next_poll()
            told = len(wire.rows(EDGES))
            await wire.next_poll()
            assert wire.rows(EDGES)[told:] == [(1, "OTHER", "fired", "stock")]
            [(kind, reason)] = wire.rows(OPEN_SPAN)
            assert kind == "invalid"
            assert reason
            await wire.next_poll()
            assert wire.rows(EDGES)[told + 1 :] == [(1, "P", edge, "stock")]

    asyncio.run(polls())


@pytest.mark.parametrize("bad", NO_KEY.values(), ids=NO_KEY.keys())
def test_beside_a_row_without_a_usable_key_no_product_is_absent(bad: bytes, file: Path) -> None:
    told = play(file, body(IN, OTHER_OUT), *[body(bad, OTHER_OUT)] * 4, body(OUT, OTHER_OUT))
    assert [[edge for _, _, edge, _ in edges] for edges in told] == [["fired"], [], [], [], [], ["resolved"]]


def test_equal_rows_are_one_and_contradicting_ones_say_nothing(file: Path) -> None:
    told = play(
        file,
        body(IN, IN, OTHER_OUT),
        body(IN, OUT, OTHER_OUT),
        body(OUT, IN, OTHER_IN),
        body(OUT, OUT, OTHER_IN),
    )
    assert [[(code, edge) for _, code, edge, _ in edges] for edges in told] == [
        [("P", "fired")],
        [],
        [("OTHER", "fired")],
        [("P", "resolved")],
    ]


def test_one_code_in_two_data_centres_is_two_products(file: Path) -> None:
    there = row(aidcId=2, remainingCount=0)
    back = row(aidcId=2, remainingCount=4)
    told = play(file, body(IN, there), body(IN, back), body(OUT, back))
    assert [[(aidc_id, edge) for aidc_id, _, edge, _ in edges] for edges in told] == [
        [(1, "fired")],
        [(2, "fired")],
        [(1, "resolved")],
    ]


def test_a_new_name_and_a_new_price_are_the_same_product(file: Path) -> None:
    async def polls() -> None:
        dearer = row(remainingCount=3, name="renamed", price="12.5", gpuName="NVIDIA-H800")
        async with wired(file, *(answers(http(body(one))) for one in (IN, dearer))) as wire:
            told = [edges((await wire.next_poll())[0]) for _ in range(2)]
            assert told == [["fired"], []]
            changed = wire.rows("SELECT field, old, new FROM product_change ORDER BY field")
            assert ("name", "n", "renamed") in changed
            assert ("price", None, "12.5") in changed
            assert wire.rows("SELECT count(*) FROM product") == [(1,)]

    asyncio.run(polls())


def test_a_product_that_moves_to_another_data_centre_is_gone_here_and_new_there(file: Path) -> None:
    moved = body(row(aidcId=2, remainingCount=3), OTHER_OUT)
    told = play(file, body(IN, OTHER_OUT), moved, moved)
    assert told[1:] == [[(2, "P", "fired", "first sight")], [(1, "P", "resolved", "listing")]]


def test_half_a_list_once_says_nothing_and_twice_says_no_longer_listed(file: Path) -> None:
    whole = body(*(row(productCode=f"P{n}", remainingCount=1) for n in range(4)))
    half = body(*(row(productCode=f"P{n}", remainingCount=1) for n in range(2)))
    told = play(file, whole, half, whole, half, half)
    assert [len(edges) for edges in told] == [4, 0, 0, 0, 2]
    assert told[4] == [(1, "P2", "resolved", "listing"), (1, "P3", "resolved", "listing")]


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "x" * 100_000, "\u202e" * 500], ids=ascii)
def test_a_hostile_name_is_stored_as_it_is_and_told_in_one_plain_line(name: str, file: Path) -> None:
    async def polls() -> None:
        answered = body(row(remainingCount=3, name=name, gpuName=name))
        async with wired(file, answers(http(answered))) as wire:
            await wire.next_poll()
            assert wire.rows("SELECT name FROM product") == [(name[:500],)]
            await told_plainly(wire)

    asyncio.run(polls())


async def told_plainly(wire: Wired) -> None:
    claim = await wire.bench.store.claim("phone", wire.bench.clock.now, lambda: None)
    for language in Language:
        [message] = compose(claim.items, Style(language, UTC, {}))
        lines = message.body.split("\n")
        assert message.title.isprintable()
        assert lines[0] == "productCode: P"
        assert all(line.isprintable() for line in lines)
        assert max(map(len, [message.title, *lines])) < 400
