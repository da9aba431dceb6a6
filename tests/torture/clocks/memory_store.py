"""A second store, on plain Python values: what the daemon needs of one, without disk, thread or SQL.

It outlives the daemon that uses it, as a file would. A seed played on it and on SQLite must tell the same.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.core.alert import Inactive
from monitor.core.backoff import LONGEST_RETRY_AFTER, Outcome
from monitor.core.decision import Alert, Decision, Notice, NoticeKind, Silence, Transition, TransitionKind
from monitor.core.product import UNKNOWN_ATTRIBUTES, Feed, Seen
from monitor.core.shift import Step
from monitor.store.commit import Committed
from monitor.store.housekeeping import Housekeeping
from monitor.store.outbox import Claim, Recorded
from monitor.store.retain import Removed
from monitor.store.row_ids import RowIds
from monitor.store.store import Store
from monitor.store.world import RecentTransition, Stored
from tests.torture.clocks import memory_outbox as outbox
from tests.torture.clocks.kept import (
    MILLISECOND,
    REMEMBERED,
    Kept,
    PollRow,
    ProductRow,
    cut,
    cut_alert,
    feed_as_stored,
    moved,
    product_as_stored,
    with_change,
)


class MemoryStore(Store):
    """Each method is one transaction: nothing in it is awaited."""

    def __init__(self, kept: Kept) -> None:
        self.file = Path("memory")
        self.kept = kept

    async def load(self, feeds: Iterable[Feed], now: datetime) -> Stored:
        kept = self.kept
        return Stored(
            RowIds(),
            tuple(product_as_stored(kept, key, row) for key, row in kept.products.items()),
            tuple(feed_as_stored(kept, feed) for feed in feeds),
            tuple(kept.alerts.values()),
            frozenset(kept.rule_feeds),
            tuple(row.notice for row in kept.open_notices()),
            await self.silences(now),
            tuple(_recent(kept, now)),
        )

    async def commit(self, decision: Decision, now: datetime) -> Committed:
        kept, now, number = self.kept, cut(now), None
        if decision.poll is not None:
            number = self._write_poll(decision)
        for alert in decision.alerts:
            _write_alert(kept, alert)
        for transition in decision.transitions:
            kept.transitions.append(transition)
            if transition.kind is TransitionKind.RESOLVED:
                kept.resolves[transition.opening] = transition
            outbox.add_deliveries(kept, transition, number, now)
        for end in decision.notice_ends:
            outbox.end_episode(kept, end.kind, end.subject, now)
        for notice in decision.notices:
            outbox.add_notice(kept, notice)
        return Committed(number, RowIds())

    async def claim(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        claim = outbox.claim(self.kept, channel, now())
        self._surface(claim.is_loss, on_loss)
        return claim

    async def record(
        self,
        delivery_ids: Sequence[int],
        outcome: Outcome,
        now: Callable[[], datetime],
        duration: timedelta,
        message_id: str,
        jitter: float,
        on_loss: Callable[[], Notice | None],
    ) -> Recorded:
        recorded = outbox.record(self.kept, delivery_ids, outcome, now(), jitter)
        self._surface(recorded.is_loss, on_loss)
        return recorded

    async def release(self, delivery_ids: Sequence[int]) -> None:
        for number in delivery_ids:
            self.kept.deliveries[number - 1].claimed_at = None

    async def expire(
        self, channel: str, now: Callable[[], datetime], on_loss: Callable[[], Notice | None]
    ) -> Claim:
        claim = outbox.expire(self.kept, channel, now())
        self._surface(claim.is_loss, on_loss)
        return claim

    async def recover(self, channel: str | None = None) -> tuple[int, ...]:
        return outbox.recover(self.kept, channel)

    async def shift(self, step: Step, moved: Callable[[], None]) -> bool:
        is_new = step.event_id not in self.kept.steps
        if is_new:
            self._shift(step)
        moved()
        return is_new

    def _shift(self, step: Step) -> None:
        self.kept.steps.add(step.event_id)
        by = step.by // MILLISECOND * MILLISECOND
        for key, alert in self.kept.alerts.items():
            self.kept.alerts[key] = _moved(alert, lambda at: at + by)
        for row in self.kept.waiting.values():
            row.next_at, row.expires_at = row.next_at + by, row.expires_at + by
            row.claimed_at = row.claimed_at and row.claimed_at + by

    async def pull_back(self, now: datetime) -> None:
        now = cut(now)
        for key, alert in self.kept.alerts.items():
            self.kept.alerts[key] = _moved(alert, lambda at: min(at, now))
        for row in self.kept.waiting.values():
            if row.next_at > now + LONGEST_RETRY_AFTER:
                row.next_at = now
            row.claimed_at = row.claimed_at and min(row.claimed_at, now)

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        return tuple(silence for silence in self.kept.silences if silence.until_at > cut(now))

    async def retain(
        self, rules: Collection[str], channels: Collection[str], feeds: Collection[Feed], now: datetime
    ) -> Removed:
        """Sources and data centres do not change here: only rules and channels go."""
        kept = self.kept
        gone = {name for name, _ in [*kept.alerts, *kept.rule_feeds]} - set(rules)
        kept.alerts = {key: alert for key, alert in kept.alerts.items() if key[0] in rules}
        kept.rule_feeds = {known for known in kept.rule_feeds if known[0] in rules}
        ended = outbox.give_up(
            kept, "rule removed", lambda row: isinstance(row.told, Transition) and row.told.rule not in rules
        )
        ended += outbox.give_up(kept, "channel removed", lambda row: row.channel not in channels)
        for name in gone:
            outbox.end_episode(kept, NoticeKind.MATCHES_NOTHING, name, cut(now))
        return Removed(rules=tuple(sorted(gone)), deliveries=ended)

    async def tidy(self, housekeeping: Housekeeping, now: datetime) -> bool:
        return False

    async def data_version(self) -> int:
        return self.kept.version

    async def checkpoint(self) -> bool:
        return True

    async def reopen(self) -> None:
        """There is no file that could be deleted."""

    def close(self, timeout_s: float) -> None:
        """What is kept stays with whoever made it."""

    def _write_poll(self, decision: Decision) -> int:
        kept, record = self.kept, decision.poll
        assert record is not None
        number, at = len(kept.polls) + 1, cut(record.at)
        ended_at = at + record.duration // MILLISECOND * MILLISECOND
        rows = record.valid + record.invalid + record.unusable
        kept.polls.append(PollRow(number, record.feed, at, ended_at, record.reason, rows, record.unusable))
        for span in decision.spans:
            if span.product not in kept.products:
                seen = span.observation
                attributes = seen.attributes if isinstance(seen, Seen) else UNKNOWN_ATTRIBUTES
                kept.products[span.product] = ProductRow(attributes)
            kept.products[span.product].spans.append((number, span.observation))
        for change in decision.attributes:
            row = kept.products[change.product]
            row.attributes = with_change(row.attributes, change)
        kept.rule_feeds |= set(decision.rule_feeds)
        return number

    def _surface(self, is_loss: bool, on_loss: Callable[[], Notice | None]) -> None:
        if is_loss and (notice := on_loss()) is not None:
            outbox.add_notice(self.kept, notice)


def _write_alert(kept: Kept, alert: Alert) -> None:
    key = (alert.rule, alert.product)
    if isinstance(alert.state, Inactive):
        kept.alerts.pop(key, None)
    else:
        kept.alerts[key] = cut_alert(alert)


def _moved(alert: Alert, move: Callable[[datetime], datetime]) -> Alert:
    announced_at = alert.announced_at and move(alert.announced_at)
    return replace(alert, state=moved(alert.state, move), announced_at=announced_at)


def _recent(kept: Kept, now: datetime) -> Iterable[RecentTransition]:
    told = {row.told.event_id for row in kept.deliveries if row.state != "muted" or row.reason == "merged"}
    for t in kept.transitions:
        if cut(t.at) >= cut(now - REMEMBERED):
            is_told = t.event_id in told
            yield RecentTransition(
                t.event_id, t.rule, t.product, cut(t.at), t.kind, t.cause, t.opening, is_told
            )
