"""An outbox in memory and a channel that does as it is told, for tests of the lanes."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from monitor.core.backoff import Accepted, Outcome
from monitor.core.decision import Cause, Facts, Notice, NoticeKind, Transition, TransitionKind
from monitor.core.errors import DatabaseError
from monitor.core.outbox import Item
from monitor.core.product import ProductKey
from monitor.notify.lanes import Claimed, Sent

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeOutbox:
    """Hands out each batch once. `refusals`: how many calls of each name the database will refuse yet."""

    batches: deque[tuple[Item, ...]] = field(default_factory=deque)
    next_due: datetime | None = None
    refusals: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    recorded: list[Sent] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, channel: str) -> Claimed:
        self._call("claim")
        return Claimed(self.batches.popleft() if self.batches else (), self.next_due)

    async def expire(self, channel: str) -> None:
        self._call("expire")

    async def recover(self, channel: str) -> None:
        self._call("recover")

    async def record(self, sent: Sent) -> None:
        self._call("record")
        self.recorded.append(sent)

    async def release(self, delivery_ids: Sequence[int]) -> None:
        self._call("release")
        self.released += delivery_ids

    async def until(self, *calls: str, times: int = 1) -> None:
        """Wait until each of these was called so often."""
        async with asyncio.timeout(10):
            while any(self.calls.count(call) < times for call in calls):
                self.changed.clear()
                await self.changed.wait()

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self.changed.set()
        if self.refusals.get(name, 0):
            self.refusals[name] -= 1
            raise DatabaseError("the disk is full")


class FakeChannel:
    """Answers what was scripted, else yes. An event in the script: hangs until the test sets it."""

    def __init__(self, *answers: Outcome | BaseException | threading.Event) -> None:
        self.titles: list[str] = []
        self.bodies: list[str] = []
        self._answers = deque(answers)

    def send(self, title: str, body: str) -> Outcome:
        self.titles.append(title)
        self.bodies.append(body)
        answer = self._answers.popleft() if self._answers else Accepted()
        if isinstance(answer, threading.Event):
            assert answer.wait(30)
            return Accepted()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def join_sends() -> None:
    """Wait for the threads of all sends."""
    for thread in threading.enumerate():
        if thread.name.startswith("send-"):
            thread.join(10)


def notice(number: int, text: str = "x") -> Item:
    told = Notice(f"event-{number}", NoticeKind.BLIND, f"feed-{number}", NOON, {"reason": text}, ())
    return Item(number, told)


def transition(number: int, name: str = "H800 node") -> Item:
    key = ProductKey("default", 1, f"PRD-{number}")
    facts = Facts(*key, remaining=3, name=name, seen_at=NOON)
    told = Transition(
        f"event-{number}", "nodes", key, NOON, TransitionKind.FIRED, Cause.STOCK, f"event-{number}", facts, ()
    )
    return Item(number, told)
