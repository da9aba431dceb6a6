"""The outbox as the lanes see it: the store's transactions, with clock, jitter and the notice of a loss."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from monitor.core.backoff import Accepted, Refused
from monitor.core.decision import DeliveryIntent, Notice, NoticeKind
from monitor.core.world import Settings
from monitor.notify.lanes import Claimed, Sent
from monitor.store.outbox import Cap, Claim
from monitor.store.store import Store

_TOO_LATE: Final = "it could not be delivered in time"
_TOO_OFTEN: Final = "not started: max_per_day allows {0} starts within 24 h, and they are used up"
_log = logging.getLogger(__name__)


class StoredOutbox:
    """`jitter` gives a number in [0, 1); `wake` is told which channels have something new."""

    def __init__(
        self,
        store: Store,
        settings: Callable[[], Settings],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        jitter: Callable[[], float],
        wake: Callable[[Iterable[str]], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._now = now
        self._new_id = new_id
        self._jitter = jitter
        self._wake = wake

    async def claim(self, channel: str) -> Claimed:
        claim = await self._claim(channel)
        self._note_losses(channel, claim)
        return Claimed(claim.items, claim.next_due)

    async def _claim(self, channel: str) -> Claim:
        """A program takes one event at a time, and one that acts only so many a day."""
        manner, late = self._settings().manners.get(channel), partial(self._loss, channel, _TOO_LATE)
        if manner is None:
            return await self._store.claim(channel, self._now, late)
        reason = _TOO_OFTEN.format(manner.most_a_day)
        cap = None if manner.most_a_day is None else Cap(manner.most_a_day, reason)
        too_often = partial(self._loss, channel, reason)
        return await self._store.claim_one(channel, self._now, late, cap, too_often)

    async def expire(self, channel: str) -> None:
        claim = await self._store.expire(channel, self._now, partial(self._loss, channel, _TOO_LATE))
        self._note_losses(channel, claim)

    async def recover(self, channel: str) -> None:
        repeats = await self._store.recover(channel)
        if repeats:
            fields = {"channel": channel, "deliveries": len(repeats)}
            _log.warning("deliveries may be repeated", extra={"fields": fields})

    async def record(self, sent: Sent) -> None:
        """One message is sent or not: attempts, states, and the notice if something is lost for good."""
        reason = sent.outcome.reason if isinstance(sent.outcome, Refused) else ""
        recorded = await self._store.record(
            sent.delivery_ids,
            sent.outcome,
            self._now,
            sent.duration,
            self._new_id(),
            self._jitter(),
            partial(self._loss, sent.channel, reason),
        )
        fields = {"channel": sent.channel, "deliveries": len(sent.delivery_ids)}
        if isinstance(sent.outcome, Accepted):
            ms = round(sent.duration.total_seconds() * 1000)
            _log.info("sent", extra={"fields": {**fields, "ms": ms}})
        if recorded.failed:
            _log.error("delivery failed", extra={"fields": {**fields, "reason": reason}})
        if recorded.is_loss:
            self._wake(self._settings().channels)

    async def release(self, delivery_ids: Sequence[int]) -> None:
        await self._store.release(delivery_ids)

    def _note_losses(self, channel: str, claim: Claim) -> None:
        if claim.expired:
            fields = {"channel": channel, "deliveries": len(claim.expired)}
            _log.error("delivery expired", extra={"fields": fields})
        if claim.too_often:
            fields = {"channel": channel, "deliveries": len(claim.too_often)}
            _log.error("command not started: started too often", extra={"fields": fields})
        if claim.is_loss or claim.is_loss_by_cap:
            self._wake(self._settings().channels)

    def _loss(self, channel: str, reason: str) -> Notice | None:
        """Told through the others; through any, if it is the only one for the monitor's own troubles.

        None when there are none: then `status` is the place that tells.
        """
        settings = self._settings()
        told = _tellers(settings) if settings.notify == (channel,) else settings.notify
        others = [name for name in told if name != channel]
        if not others:
            return None
        intents = tuple(DeliveryIntent(name, None, settings.channels[name]) for name in others)
        facts: dict[str, str | int | float | None] = {"channel": channel, "reason": reason}
        return Notice(self._new_id(), NoticeKind.DELIVERY_FAILED, channel, self._now(), facts, intents)


def _tellers(settings: Settings) -> list[str]:
    """Every channel but those that act: they hear only of what names them."""
    acting = {name for name, manner in settings.manners.items() if manner.acts}
    return [name for name in settings.channels if name not in acting]
