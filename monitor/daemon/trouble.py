"""While the database refuses, what matched is told straight to the channels, outside the outbox."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from monitor.core.answer import Listing, Poll
from monitor.core.backoff import Accepted
from monitor.core.decision import Notice, NoticeKind
from monitor.core.errors import DatabaseError
from monitor.core.matching import Met, Rule, condition
from monitor.core.message import compose
from monitor.core.moment import to_ms
from monitor.core.outbox import Item
from monitor.core.product import Feed, ProductKey, Seen
from monitor.daemon.clock import Clock
from monitor.notify.lanes import Lane

TOLD_AFTER_S: Final = 10.0
TOLD_AGAIN_AFTER_S: Final = 30 * 60.0
TOLD_OF_MORE_AFTER_S: Final = 60.0
"""When no channel took it, or when something else matches now."""
Matched = Mapping[tuple[str, str], str]
"""(product code, rule) -> `PRD-TRAIN-1 (3 left, h800-nodes)`."""
_log = logging.getLogger(__name__)


class DatabaseTrouble:
    """Remembers since when the database refuses. Tells of it every half hour, and of what matches anew
    within a minute.
    """

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        self.since: float | None = None
        self._clock = clock
        self._new_id = new_id
        self._quiet_until = 0.0
        self._more_from = 0.0
        self._told: set[tuple[str, str]] = set()
        self._reason = ""

    def note(self, trouble: DatabaseError | None) -> None:
        """After every attempt to write."""
        if trouble is None:
            if self.since is not None:
                _log.info("database ok again")
            self.since, self._reason = None, ""
            return
        if self.since is None:
            self.since = self._clock.monotonic()
        if str(trouble) != self._reason:
            _log.error("database trouble", extra={"fields": {"reason": trouble}})
        self._reason = str(trouble)

    @property
    def is_lasting(self) -> bool:
        return self.since is not None and self._clock.monotonic() - self.since >= TOLD_AFTER_S

    def is_to_be_told(self, matched: Matched) -> bool:
        """What matched before, and did not for a while, is news when it does again."""
        now = self._clock.monotonic()
        self._told &= matched.keys()
        has_more = now >= self._more_from and not matched.keys() <= self._told
        return self.is_lasting and (has_more or now >= self._quiet_until)

    def _began_at(self) -> datetime:
        """By the clock as it stands now."""
        now = self._clock.monotonic()
        return self._clock.now() - timedelta(seconds=now - (now if self.since is None else self.since))

    async def tell(self, matched: Matched, lanes: Iterable[Lane]) -> None:
        """Sends to all of `lanes` at once; their refusals are logged by them."""
        now = self._clock.monotonic()
        self._quiet_until, self._more_from = now + TOLD_AGAIN_AFTER_S, now + TOLD_OF_MORE_AFTER_S
        self._told = set(matched)
        facts: dict[str, str | int | float | None] = {
            "since": to_ms(self._began_at()),
            "reason": self._reason,
            "matched": ", ".join(matched.values()) or None,
        }
        kind = NoticeKind.DATABASE_TROUBLE
        notice = Notice(self._new_id(), kind, "monitor.db", self._clock.now(), facts, ())
        sends = [
            lane.send_directly(message.title, message.body)
            for lane in lanes
            for message in compose([Item(0, notice)], lane.style)
        ]
        outcomes = await asyncio.gather(*sends)
        if outcomes and not any(isinstance(outcome, Accepted) for outcome in outcomes):
            self._quiet_until = self._clock.monotonic() + TOLD_OF_MORE_AFTER_S


def what_matched(polls: Mapping[Feed, Poll], rules: Iterable[Rule]) -> Matched:
    """What the newest answers that could not be stored say. Pure."""
    return {
        (row.product_code, rule.name): f"{row.product_code} ({row.observed.remaining} left, {rule.name})"
        for poll in polls.values()
        if isinstance(poll.answer, Listing)
        for row in poll.answer.rows
        if isinstance(row.observed, Seen)
        for rule in rules
        if _meets(rule, poll, row.aidc_id, row.product_code, row.observed)
    }


def _meets(rule: Rule, poll: Poll, aidc_id: int | None, code: str, seen: Seen) -> bool:
    aidc_id = aidc_id if aidc_id is not None else poll.feed.aidc_id
    if aidc_id is None:
        return False
    return isinstance(condition(rule, ProductKey(poll.feed.source, aidc_id, code), seen), Met)
