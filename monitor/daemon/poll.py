"""One poll: ask, decide, commit, wake the lanes, and say in one line what happened."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, Protocol

from monitor.core.answer import Failed, Listing, Poll
from monitor.core.decision import Decision
from monitor.core.product import Feed
from monitor.daemon.clock import SteadyClock
from monitor.daemon.gate import SourceGate
from monitor.daemon.ledger import Ledger, Taken

MOST_REASONS: Final = 8
"""So many reasons of one run of failures are logged: some providers never give the same one twice."""
_log = logging.getLogger(__name__)


class SaidFailures:
    """What the log has been told since a feed's last ok poll: a provider that fails in turns is no flood."""

    def __init__(self) -> None:
        self._said: dict[Feed, set[str]] = {}

    def is_news(self, feed: Feed, reason: str, failing: str | None) -> bool:
        """`failing`: why the poll before this one failed. What is news counts as said from now on."""
        said = set() if failing is None else self._said.get(feed, {failing})
        is_news = reason not in said and len(said) < MOST_REASONS
        self._said[feed] = said | {reason} if is_news else said
        return is_news


class Source(Protocol):
    """Asks the provider; every failure is a value."""

    async def fetch(self, feed: Feed) -> Listing | Failed: ...


async def poll(
    feed: Feed,
    source: Source,
    gate: SourceGate,
    ledger: Ledger,
    clock: SteadyClock,
    wake: Callable[[Iterable[str]], None],
    said: SaidFailures,
) -> Taken | None:
    """None when the source is left alone for now."""
    if not gate.is_open:
        return None
    started = clock.monotonic()
    answer = await source.fetch(feed)
    gate.note(answer, started)
    duration = timedelta(seconds=clock.monotonic() - started)
    failing = ledger.world.feeds[feed].last_failure if feed in ledger.world.feeds else None
    # Dated only now: our clock may have moved along with the wall clock meanwhile.
    taken = await ledger.take(Poll(feed, clock.at(started), duration, answer))
    wake(taken.channels())
    await asyncio.sleep(0)  # the lanes begin to send; the log can wait
    _tell(feed, duration, taken, failing, said)
    return taken


def _tell(feed: Feed, duration: timedelta, taken: Taken, failing: str | None, said: SaidFailures) -> None:
    """An ok poll is news when something changed or the last one failed; a failed one when its reason is."""
    fields: dict[str, object] = {"feed": feed, "ms": round(duration.total_seconds() * 1000)}
    if not taken.decisions:
        _log.log(logging.DEBUG, "poll held", extra={"fields": fields})
        return
    decision = taken.decisions[-1]
    record = decision.poll
    if record is not None and record.reason is not None:
        level = logging.WARNING if said.is_news(feed, record.reason, failing) else logging.DEBUG
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
