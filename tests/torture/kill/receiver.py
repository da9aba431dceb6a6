"""The receiver of one channel: one message in five goes wrong, in one of several ways, and it knows which.

A message is accepted when it was read whole and the receiver means to keep it: that is in the journal
before the first byte of an answer leaves.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from monitor.simulator.wire import Request, Response, Unreadable, encode, read_request
from tests.torture.kill.aim import Aim
from tests.torture.kill.journal import Journal
from tests.torture.kill.plan import Moment

LONGEST_HANG_S: Final = 0.3
OF_A_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one message. `part`: how much of an answer it gets."""

    name: str
    weight: int
    accepts: bool = True
    status: int = 200
    part: float = 1.0
    hangs: bool = False
    reads: bool = True
    resets: bool = False

    @property
    def is_answered(self) -> bool:
        return self.part == 1.0


GOOD: Final = Fate("accepted", 80)
BAD: Final = (
    Fate("503", 4, accepts=False, status=503),
    Fate("429", 3, accepts=False, status=429),
    Fate("reset before reading", 2, accepts=False, part=0, reads=False, resets=True),
    Fate("closed after reading, not kept", 2, accepts=False, part=0),
    Fate("accepted, then reset", 3, part=0, resets=True),
    Fate("accepted, then hung, then closed", 2, part=0, hangs=True),
    Fate("accepted, half an answer", 2, part=0.3),
    Fate("accepted, then hung, then answered", 2, hangs=True),
)


class Receiver:
    def __init__(self, channel: str, aim: Aim, journal: Journal, heard_before: int) -> None:
        self._channel = channel
        self._journal = journal
        self._heard = heard_before
        self._life = 0
        self._aim = aim
        self._chance = Random(0)
        self._is_good = True

    def begin(self, life: int, aim: Aim, chance: Random, *, is_good: bool) -> None:
        self._life, self._aim, self._chance, self._is_good = life, aim, chance, is_good

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._fate()
        if not fate.reads:
            self._journal.write("broke", life=self._life, channel=self._channel, fate=fate.name)
            _reset(writer)
            return
        request = await read_request(reader)
        if not isinstance(request, Request):
            assert not isinstance(request, Unreadable), request
            return
        self._aim.passes(Moment.HEARD)
        message = self._note(request, fate)
        if fate.accepts:
            self._aim.passes(Moment.ACCEPTED)
        await self._answer(message, fate, reader, writer)

    def _fate(self) -> Fate:
        if self._is_good:
            return GOOD
        return self._chance.choices((GOOD, *BAD), [fate.weight for fate in (GOOD, *BAD)])[0]

    def _note(self, request: Request, fate: Fate) -> Mapping[str, object]:
        """What identifies it in the journal."""
        self._heard += 1
        life = int(request.path.rpartition("/")[2])
        message = {"number": self._heard, "life": life, "channel": self._channel}
        told = json.loads(request.body)
        text = {"title": told["title"], "message": told["message"]}
        self._journal.write("heard", **message, fate=fate.name, accepted=fate.accepts, **text)
        return message

    async def _answer(
        self,
        message: Mapping[str, object],
        fate: Fate,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if fate.hangs:
            await _hang(reader, self._chance.uniform(0, LONGEST_HANG_S))
        head, body = encode(self._response(fate), keep_alive=False)
        wire = head + body
        writer.write(wire[: int(len(head) * fate.part)] if fate.part < 1 else wire)
        if fate.resets:
            _reset(writer)
            return
        await writer.drain()
        if fate.is_answered:
            self._journal.write("answered", **message)
            if fate.accepts:
                self._aim.passes(Moment.TOLD)

    def _response(self, fate: Fate) -> Response:
        patience = (("Retry-After", self._chance.choice(("0", "0.2", "1"))),) if fate.status == 429 else ()
        return Response(fate.status, b"{}", headers=patience)


async def _hang(reader: asyncio.StreamReader, seconds: float) -> None:
    """Until the time is over, or the other side is gone."""
    try:
        async with asyncio.timeout(seconds):
            await reader.read(1)
    except (TimeoutError, ConnectionError):
        return


def _reset(writer: asyncio.StreamWriter) -> None:
    held: socket.socket = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
