"""The wall clock was set: open timers move along, so that none runs out early or late. Pure.

Silences stay where they are: people meant the time on the wall.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from monitor.core.alert import Clearing, Firing, Inactive, Pending, State
from monitor.core.decision import Alert, Notice, NoticeKind
from monitor.core.spacing import Spacing
from monitor.core.world import FeedState, Product, World


@dataclass(frozen=True, slots=True)
class Step:
    """The wall clock was set by so much, to `at`. Brought twice under one `event_id` it is one step."""

    event_id: str
    at: datetime
    by: timedelta

    def notice(self) -> Notice:
        """What is kept of it; nobody is told."""
        facts: dict[str, str | int | float | None] = {"seconds": round(self.by.total_seconds(), 3)}
        return Notice(self.event_id, NoticeKind.CLOCK_SET, "clock", self.at, facts, (), is_episode=False)


def shifted(world: World, step: timedelta) -> World:
    """The same world, `step` later (or, when negative, earlier)."""
    return replace(
        world,
        feeds={feed: _feed(state, step) for feed, state in world.feeds.items()},
        products={
            feed: {key: _product(product, step) for key, product in products.items()}
            for feed, products in world.products.items()
        },
        alerts={key: _alert(alert, step) for key, alert in world.alerts.items()},
        spacings={key: _spacing(spacing, step) for key, spacing in world.spacings.items()},
    )


def _feed(state: FeedState, step: timedelta) -> FeedState:
    return replace(
        state,
        started_at=state.started_at + step,
        last_ok_at=_moved(state.last_ok_at, step),
        last_poll_at=_moved(state.last_poll_at, step),
    )


def _product(product: Product, step: timedelta) -> Product:
    if not product.is_unsettled and product.left_at is None:
        return product
    return replace(
        product,
        left_at=_moved(product.left_at, step),
        unknown_since=_moved(product.unknown_since, step),
        blocked_since=_moved(product.blocked_since, step),
    )


def _alert(alert: Alert, step: timedelta) -> Alert:
    return replace(alert, state=_state(alert.state, step), announced_at=_moved(alert.announced_at, step))


def _state(state: State, step: timedelta) -> State:
    match state:
        case Inactive():
            return state
        case Pending(since):
            return Pending(since + step)
        case Firing(since):
            return Firing(since + step)
        case Clearing(since, cleared_at):
            return Clearing(since + step, cleared_at + step)
        case _:
            assert_never(state)


def _spacing(spacing: Spacing, step: timedelta) -> Spacing:
    return replace(
        spacing,
        since=spacing.since + step,
        last_edge_at=spacing.last_edge_at + step,
        announced_at=_moved(spacing.announced_at, step),
    )


def _moved(moment: datetime | None, step: timedelta) -> datetime | None:
    return None if moment is None else moment + step
