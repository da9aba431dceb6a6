"""The decision on one poll while it is being made. Pure: it holds the arguments and collects values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.core.alert import Inactive
from monitor.core.decision import (
    Alert,
    Cause,
    Decision,
    DeliveryIntent,
    Notice,
    NoticeEnd,
    NoticeFacts,
    NoticeKind,
)
from monitor.core.product import Feed, ProductKey
from monitor.core.world import Changes, Product, Settings, World


@dataclass(slots=True)
class Draft:
    """`now` is when the poll was answered; `new_id` gives an event id that was never given before."""

    world: World
    settings: Settings
    feed: Feed
    now: datetime
    new_id: Callable[[], str]
    decision: Decision
    changes: Changes

    def product(self, key: ProductKey) -> Product:
        """As this poll leaves it."""
        changed = self.changes.products.get(key)
        return changed if changed is not None else self.world.products[self.feed][key]

    def alert(self, rule: str, key: ProductKey) -> Alert:
        alert = self.changes.alerts.get((rule, key)) or self.world.alerts.get((rule, key))
        return alert or Alert(rule, key, Inactive(), Cause.OTHER)

    def put_alert(self, alert: Alert) -> None:
        self.changes.alerts[alert.rule, alert.product] = alert
        self.decision.alerts.append(alert)

    def is_open(self, kind: NoticeKind, subject: str) -> bool:
        episode = (kind, subject)
        return episode not in self.changes.ended and (
            episode in self.world.episodes or episode in self.changes.begun
        )

    def begin(
        self,
        kind: NoticeKind,
        subject: str,
        facts: NoticeFacts,
        channels: tuple[str, ...] | None = None,
    ) -> None:
        """Tell of the beginning of an episode, once."""
        if not self.is_open(kind, subject):
            self.changes.begun.add((kind, subject))
            self._tell(kind, subject, facts, channels, is_episode=True)

    def end(self, kind: NoticeKind, subject: str) -> bool:
        """Close the episode silently. True when there was one."""
        if not self.is_open(kind, subject):
            return False
        self.changes.ended.add((kind, subject))
        self.decision.notice_ends.append(NoticeEnd(kind, subject))
        return True

    def tell(self, kind: NoticeKind, subject: str, facts: NoticeFacts) -> None:
        """Tell of something that is over as soon as it is told."""
        self._tell(kind, subject, facts, None, is_episode=False)

    def _tell(
        self,
        kind: NoticeKind,
        subject: str,
        facts: NoticeFacts,
        channels: tuple[str, ...] | None,
        *,
        is_episode: bool,
    ) -> None:
        told = self.settings.notify if channels is None else channels
        intents = tuple(DeliveryIntent(name, None, self.settings.channels[name]) for name in told)
        self.decision.notices.append(
            Notice(self.new_id(), kind, subject, self.now, facts, intents, is_episode)
        )
