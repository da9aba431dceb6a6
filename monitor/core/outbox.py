"""Which waiting deliveries of one channel make the next message? Pure.

The outbox is at-least-once: what stands here never drops a delivery. It only orders, groups, and
notices when an opening is already over, so that no message says "now" of stock that is gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.core.decision import Notice, Transition, TransitionKind

GROUP_ABOVE: Final = 3
"""More waiting deliveries than this, of whatever polls, share one message."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is neither ended nor in flight. `resolve`: the transition that ended its opening.

    `is_clearing`: the stock is gone, but the rule has patience yet. Until that ends, one way or the other,
    an opening cannot be told truthfully.
    """

    delivery_id: int
    poll_id: int | None
    told: Transition | Notice
    untried: bool
    next_at: datetime
    attempts: int = 0
    possible_repeat: bool = False
    resolve: Transition | None = None
    is_clearing: bool = False

    def due(self, now: datetime) -> bool:
        return not self.is_clearing and (self.untried or self.next_at <= now)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a message. With `resolve` it tells of a whole window, over before it could be told."""

    delivery_id: int
    told: Transition | Notice
    attempts: int = 0
    possible_repeat: bool = False
    resolve: Transition | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to send in the next message, and which deliveries that makes needless (muted: merged)."""

    items: tuple[Item, ...]
    merged: tuple[int, ...]


def choose(waiting: Sequence[Waiting], now: datetime) -> Choice:
    """The next message of a channel. Nothing is held back in order to be grouped."""
    openings, merged, woken = _merge(waiting)
    due = [w for w in openings if w.due(now) or w.delivery_id in woken]
    if not due:
        return Choice((), merged)
    due.sort(key=lambda w: (not w.untried, w.delivery_id))
    together = due if len(due) > GROUP_ABOVE else [w for w in due if _one_poll(w, due[0])]
    chosen = _with_elders(together, openings)
    return Choice(tuple(_item(w) for w in sorted(chosen, key=lambda w: w.delivery_id)), merged)


def choose_one(waiting: Sequence[Waiting], now: datetime) -> Choice:
    """The next event for a program, which takes one at a time. Those of an alert go in their order: one that
    waits for its retry holds back what came after it."""
    openings, merged, woken = _merge(waiting)
    due = [w for w in _eldest(openings) if w.due(now) or w.delivery_id in woken]
    first = min(due, key=lambda w: (not w.untried, w.delivery_id), default=None)
    return Choice(() if first is None else (_item(first),), merged)


def next_due_of_one(waiting: Iterable[Waiting]) -> datetime | None:
    """As `next_due`, where one that is held back is not due by itself."""
    return next_due(_eldest(waiting))


def next_due(waiting: Iterable[Waiting]) -> datetime | None:
    """When the earliest of those that wait becomes due; a rule's patience ends with a poll, not by itself."""
    return min((w.next_at for w in waiting if not w.is_clearing), default=None)


def _merge(waiting: Sequence[Waiting]) -> tuple[list[Waiting], tuple[int, ...], set[int]]:
    """Openings that are over take their resolve's message along; a stale reminder is needless.

    Returns what remains to be sent, the deliveries made needless, and those that a merged resolve wakes.
    """
    over = {w.told.opening: w for w in waiting if isinstance(w.told, Transition) and _is_untold_window(w)}
    newest = _newest_of_each_opening(waiting)
    remaining: list[Waiting] = []
    merged: list[int] = []
    woken: set[int] = set()
    for w in waiting:
        told = w.told
        if isinstance(told, Transition) and _is_stale_reminder(w, told, newest[told.opening]):
            merged.append(w.delivery_id)
        elif isinstance(told, Transition) and told.kind is TransitionKind.RESOLVED and told.opening in over:
            merged.append(w.delivery_id)
            woken.add(over[told.opening].delivery_id)
        else:
            remaining.append(w)
    return remaining, tuple(merged), woken


def _is_untold_window(w: Waiting) -> bool:
    told = w.told
    return (
        isinstance(told, Transition)
        and w.resolve is not None
        and told.kind is not TransitionKind.RESOLVED
        and not told.cause.is_follow_up
    )


def _newest_of_each_opening(waiting: Sequence[Waiting]) -> dict[str, int]:
    openings = [(w.told.opening, w.delivery_id) for w in waiting if isinstance(w.told, Transition)]
    return dict(sorted(openings))


def _is_stale_reminder(w: Waiting, told: Transition, newest: int) -> bool:
    """The opening is over, or there is something newer to say of it."""
    return told.cause.is_follow_up and (w.resolve is not None or w.delivery_id < newest)


def _one_poll(w: Waiting, head: Waiting) -> bool:
    return w is head or (w.poll_id is not None and w.poll_id == head.poll_id)


def _with_elders(chosen: list[Waiting], waiting: list[Waiting]) -> list[Waiting]:
    """Order is kept per alert: an earlier delivery of the same alert that waits for a retry comes along."""
    newest = {_order_key(w): w.delivery_id for w in sorted(chosen, key=lambda w: w.delivery_id)}
    ids = {w.delivery_id for w in chosen}
    return chosen + [
        w
        for w in waiting
        if w.delivery_id not in ids and w.delivery_id < newest.get(_order_key(w), w.delivery_id)
    ]


def _eldest(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The oldest delivery of each alert."""
    by_age = sorted(waiting, key=lambda w: w.delivery_id, reverse=True)
    return list({_order_key(w): w for w in by_age}.values())


def _order_key(w: Waiting) -> tuple[object, ...]:
    told = w.told
    if isinstance(told, Transition):
        return told.rule, told.product
    return told.kind, told.subject


def _item(w: Waiting) -> Item:
    resolve = w.resolve if _is_untold_window(w) else None
    return Item(w.delivery_id, w.told, w.attempts, w.possible_repeat, resolve)
