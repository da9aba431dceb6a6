"""The provider: answers each poll from the shelf, some of them cut off, and knows which it served whole."""

import asyncio
import json
from random import Random
from typing import Final

from monitor.simulator.wire import Request, Response, Unreadable, encode, read_request
from tests.torture.kill.aim import Aim
from tests.torture.kill.catalogue import codes_of, rows_of
from tests.torture.kill.journal import Journal
from tests.torture.kill.plan import Moment
from tests.torture.kill.shelf import Shelf

CUT: Final = 0.03
CHANGES_AMONG: Final = 4
"""While it is asked, the stock of so many feeds changes: those that this life polls first."""


class Provider:
    def __init__(self, aim: Aim, journal: Journal, shelf: Shelf, asked_before: int) -> None:
        self._journal = journal
        self._shelf = shelf
        self._asked = asked_before
        self._answered = 0
        self._aim = aim
        self._chance = Random(0)
        self._feeds: tuple[int, ...] = ()
        self._changes_after: frozenset[int] = frozenset()
        self._cut = 0.0

    def begin(self, aim: Aim, chance: Random) -> None:
        """A life in which nothing changes and no answer is cut off."""
        self._aim, self._chance, self._answered = aim, chance, 0
        self._changes_after, self._cut = frozenset(), 0.0

    def disturb(self, feeds: tuple[int, ...], changes_after: frozenset[int]) -> None:
        """After these of its answers the stock changes."""
        self._feeds, self._changes_after, self._cut = feeds[:CHANGES_AMONG], changes_after, CUT

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while isinstance(request := await read_request(reader), Request):
            if not await self._answer(request, writer):
                return
        assert not isinstance(request, Unreadable), request

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """False: the connection is over."""
        life = int(request.headers["authorization"].removeprefix("Bearer key-"))
        feed = int(request.query["aidcId"])
        stock = {code: self._shelf.stock[code] for code in codes_of(feed)}
        is_cut = self._chance.random() < self._cut
        self._asked += 1
        number = self._asked
        self._journal.write("asked", number=number, life=life, feed=feed, stock=stock, cut=is_cut)
        self._aim.passes(Moment.ASKED)
        wire = b"".join(encode(Response(200, _body(stock)), keep_alive=True))
        writer.write(wire[: len(wire) // 2])
        await writer.drain()
        if is_cut:
            return False
        self._aim.passes(Moment.HALF_ANSWERED)
        writer.write(wire[len(wire) // 2 :])
        await writer.drain()
        self._journal.write("served", number=number, life=life)
        self._aim.passes(Moment.ANSWERED)
        self._answered += 1
        if self._answered in self._changes_after:
            self._shelf.change(self._feeds, self._chance)
        return True


def _body(stock: dict[str, int]) -> bytes:
    return json.dumps({"status": 200, "data": rows_of(stock)}, ensure_ascii=False).encode()
