"""One poll: ask, decide, commit, wake the lanes, and say in one line what happened."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

from monitor.core.answer import Failed, Listing, Poll
from monitor.core.decision import Decision
from monitor.core.product import Feed
from monitor.daemon.clock import Clock
from monitor.daemon.gate import SourceGate
from monitor.daemon.ledger import Ledger, Taken

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Asks the provider; every failure is a value."""

    async def fetch(self, feed: Feed) -> Listing | Failed: ...


async def poll(
    feed: Feed,
    source: Source,
    gate: SourceGate,
    ledger: Ledger,
    clock: Clock,
    wake: Callable[[Iterable[str]], None],
) -> Taken | None:
    """None when the source is left alone for now."""
    if not gate.is_open:
        return None
    at, started = clock.now(), clock.monotonic()
    answer = await source.fetch(feed)
    gate.note(answer, started)
    duration = timedelta(seconds=clock.monotonic() - started)
    failing = ledger.world.feeds[feed].last_failure if feed in ledger.world.feeds else None
    taken = await ledger.take(Poll(feed, at, duration, answer))
    wake(taken.channels())
    await asyncio.sleep(0)  # the lanes begin to send; the log can wait
    _tell(feed, duration, taken, failing)
    return taken


def _tell(feed: Feed, duration: timedelta, taken: Taken, failing: str | None) -> None:
    """An ok poll is news when something changed or the last one failed; a failed one when its reason is."""
    fields: dict[str, object] = {"feed": feed, "ms": round(duration.total_seconds() * 1000)}
    if not taken.decisions:
        _log.log(logging.DEBUG, "poll held", extra={"fields": fields})
        return
    decision = taken.decisions[-1]
    record = decision.poll
    if record is not None and record.reason is not None:
        level = logging.DEBUG if record.reason == failing else logging.WARNING
        _log.log(level, "poll failed", extra={"fields": {**fields, "reason": record.reason}})
    elif record is not None:
        is_news = bool(decision.spans or decision.transitions or failing)
        counts = {"products": record.valid + record.invalid, **_counts(decision)}
        _log.log(
            logging.INFO if is_news else logging.DEBUG, "poll ok", extra={"fields": {**fields, **counts}}
        )


def _counts(decision: Decision) -> dict[str, object]:
    kinds = [transition.kind.value for transition in decision.transitions]
    counts: dict[str, object] = {"changed": len(decision.spans)}
    return counts | {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
