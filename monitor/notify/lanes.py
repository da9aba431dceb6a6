"""One lane for each channel: claim, send, record, over and over. No lane waits for another.

At-least-once by the order of the steps: a delivery is claimed durably before it is sent and recorded
after; what dies in between is sent again, marked as a possible repeat.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol, TypeVar

from monitor.core.backoff import FailureClass, Outcome, Refused, channel_pause
from monitor.core.errors import DatabaseError
from monitor.core.message import Message, compose
from monitor.core.outbox import Item
from monitor.core.style import Style
from monitor.notify.sending import Sender
from monitor.notify.services import Rate

T = TypeVar("T")
DATABASE_PATIENCE_S: Final = 1.0
STUCK_PATIENCE_S: Final = 5.0
SHORTEST_SLEEP_S: Final = 0.001
LONGEST_SLEEP_S: Final = 30.0
_log = logging.getLogger(__name__)


class Outbox(Protocol):
    """What a lane needs of the store. Every call is one transaction and may raise DatabaseError."""

    async def claim(self, channel: str) -> "Claimed": ...
    async def expire(self, channel: str) -> None: ...
    async def recover(self, channel: str) -> None: ...
    async def record(self, sent: "Sent") -> None: ...
    async def release(self, delivery_ids: Sequence[int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is to be sent now, and when to look again if nothing else calls for it."""

    items: tuple[Item, ...]
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One message, tried: the deliveries in it and what became of it."""

    channel: str
    delivery_ids: tuple[int, ...]
    outcome: Outcome
    at: datetime
    duration: timedelta


class Lane:
    """Run it as a task; `wake` it when there is something new. It ends when it is told to `stop`."""

    def __init__(
        self,
        name: str,
        sender: Sender,
        style: Style,
        outbox: Outbox,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        rate: Rate | None = None,
        database_patience_s: float = DATABASE_PATIENCE_S,
        longest_sleep_s: float = LONGEST_SLEEP_S,
    ) -> None:
        self.name = name
        self.sender = sender
        self.style = style
        self.busy_since: float | None = None
        self.refused: Refused | None = None
        self._outbox = outbox
        self._now = now
        self._monotonic = monotonic
        self._rate = rate
        self._database_patience_s = database_patience_s
        self._longest_sleep_s = longest_sleep_s
        self._sent_at: deque[float] = deque(maxlen=rate.messages if rate else 0)
        self._pauses = 0
        self._paused_until = 0.0
        self._awake = asyncio.Event()
        self._is_stopping = False
        self._is_unsure = True

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        """Send nothing more. What is in flight is waited for by whoever awaits `run`."""
        self._is_stopping = True
        self._awake.set()

    async def run(self) -> None:
        self._is_unsure = True
        while not self._is_stopping:
            self._awake.clear()
            if (pause_s := self._pause_s()) > 0:
                await self._patiently(partial(self._outbox.expire, self.name))
                await self._sleep(pause_s)
                continue
            claimed = await self._patiently(self._claim)
            if claimed is None:
                break
            if claimed.items:
                await self._deliver(claimed.items)
            else:
                await self._sleep(self._seconds_until(claimed.next_due))

    async def send_directly(self, title: str, body: str) -> Outcome:
        """Past the outbox: for what must be said while the database cannot be written."""
        outcome = await self.sender.send(title, body)
        self._log(outcome)
        return outcome

    async def _claim(self) -> Claimed:
        """What a lane that died, or a commit of which nobody is sure, left in flight would wait for ever."""
        if self._is_unsure:
            await self._outbox.recover(self.name)
        self._is_unsure = True
        claimed = await self._outbox.claim(self.name)
        self._is_unsure = False
        return claimed

    async def _deliver(self, items: Sequence[Item]) -> None:
        try:
            messages = compose(items, self.style)
        except Exception as error:  # noqa: BLE001 - one that cannot be put into words must not block the lane
            _log.exception("message not composed", extra={"fields": {"channel": self.name}})
            refused = Refused(FailureClass.PERMANENT, f"internal error: {type(error).__name__}")
            await self._record([item.delivery_id for item in items], refused, self._now(), 0)
            return
        while messages:
            message = messages.pop(0)
            outcome = await self._send(message)
            must_wait = isinstance(outcome, Refused) or self._is_stopping or self._pause_s() > 0
            if messages and must_wait:
                unsent = [number for later in messages for number in later.delivery_ids]
                await self._patiently(partial(self._outbox.release, unsent))
                return

    async def _send(self, message: Message) -> Outcome:
        started, started_s = self._now(), self._monotonic()
        self.busy_since = started_s
        outcome = await self.sender.send(message.title, message.body)
        ended_s = self._monotonic()
        self.busy_since = None
        self._sent_at.append(ended_s)
        self._note(outcome)
        await self._record(message.delivery_ids, outcome, started, ended_s - started_s)
        return outcome

    async def _record(
        self, delivery_ids: Sequence[int], outcome: Outcome, at: datetime, duration_s: float
    ) -> None:
        sent = Sent(self.name, tuple(delivery_ids), outcome, at, timedelta(seconds=duration_s))
        await self._patiently(partial(self._outbox.record, sent))

    def _note(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Refused):
            self._pauses = 0
        elif outcome.pauses_channel:
            self._pauses += 1
            self._paused_until = self._monotonic() + channel_pause(outcome, self._pauses).total_seconds()
        self._log(outcome)

    def _log(self, outcome: Outcome) -> None:
        """When the channel's fortune changes, not at every try."""
        refused = outcome if isinstance(outcome, Refused) else None
        before, self.refused = self.refused, refused
        if refused is not None and (before is None or before.reason != refused.reason):
            fields = {"channel": self.name, "kind": refused.kind.value, "reason": refused.reason}
            _log.warning("send failed", extra={"fields": fields})
        elif refused is None and before is not None:
            _log.info("send ok again", extra={"fields": {"channel": self.name}})

    def _pause_s(self) -> float:
        """How long the channel is to be left alone: asked for, paced, or stuck."""
        if self.sender.is_stuck:
            return STUCK_PATIENCE_S
        now_s = self._monotonic()
        pause_s = self._paused_until - now_s
        if self._rate is not None and len(self._sent_at) == self._rate.messages:
            pause_s = max(pause_s, self._sent_at[0] + self._rate.window.total_seconds() - now_s)
        return pause_s

    def _seconds_until(self, due: datetime | None) -> float:
        if due is None:
            return self._longest_sleep_s
        return min(max((due - self._now()).total_seconds(), SHORTEST_SLEEP_S), self._longest_sleep_s)

    async def _sleep(self, seconds: float) -> None:
        if self._is_stopping:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T | None:
        """Until the database takes it: an outcome that is not recorded would be sent again.

        None when the lane was stopped meanwhile; the claim then tells the next start what may have arrived.
        """
        while True:
            try:
                return await step()
            except DatabaseError:
                if self._is_stopping:
                    return None
                await asyncio.sleep(self._database_patience_s)
