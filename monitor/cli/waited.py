"""Who watches for `monitor wait`, a daemon's database or a poller of its own, and the wait itself."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Final, Protocol

import click

from monitor.cli.wait_telling import Teller, timed_out
from monitor.config.settings import Config
from monitor.core.errors import ConfigError, DatabaseError, DatabaseHeld
from monitor.core.matching import Rule
from monitor.core.waiting import Answered, Found, Look, found_by, may_match
from monitor.daemon import collector
from monitor.daemon.clock import Clock, SystemClock
from monitor.store.glance import UNNAMED, holder_of
from monitor.store.locks import LifeLock, holder_text, is_daemon
from monitor.store.sqlite import file_of

LOOKED_EACH_S: Final = 1.0
NAME_TAKES_LOOKS: Final = 50
NAME_LOOKED_FOR_EACH_S: Final = 0.02


class Watcher(Protocol):
    """`next` returns after each poll, or when its time is over."""

    @property
    def first_round_s(self) -> float: ...
    def next(self, within_s: float) -> Look: ...
    def close(self) -> None: ...


def wait_for(config: Config, name: str, timeout: timedelta | None) -> Found | None:
    """None: it was not met in time. Raises UsageError, ConfigError, UpstreamError and DatabaseError."""
    rule, clock = rule_of(config, name), SystemClock()
    feeds = _feeds(config, rule)
    teller = Teller(rule, config.monitor.timezone, clock.now())
    with ExitStack() as stack:
        watcher = stack.enter_context(_watching(config, rule, feeds, clock))
        stack.callback(teller.clear)
        collector.settle()  # or leaving the interpreter would take longer than all that comes before it
        return _wait(watcher, rule, timeout, teller, clock)


def rule_of(config: Config, name: str) -> Rule:
    """Raises UsageError, with the name that comes nearest."""
    from monitor.config.suggesting import did_you_mean

    for rule in config.rules:
        if rule.name == name:
            return rule
    if any(rule.name == name for rule in config.disabled):
        raise click.UsageError(
            f"the rule {name!r} is disabled: set enabled = true, with notify = [] if nobody is to be told"
        )
    names = [rule.name for rule in config.rules]
    raise click.UsageError(f"there is no rule {name!r}{did_you_mean(name, names)}")


def _wait(
    watcher: Watcher, rule: Rule, timeout: timedelta | None, teller: Teller, clock: Clock
) -> Found | None:
    """Time-outs run on a clock that counts a suspended machine's sleep, too."""
    started_s, within_s, known = clock.monotonic(), 0.0, None
    timeout_s = inf if timeout is None else timeout.total_seconds()
    while True:
        look = watcher.next(within_s)
        # What is not met now is not met before another poll: it can only grow stale.
        if look.products is not known and (found := found_by(rule, look)):
            return found
        known = look.products
        teller.tell(look)
        waited_s = clock.monotonic() - started_s
        was_asked = all(feed.last_poll_at is not None for feed in look.feeds)
        if timeout is not None and waited_s >= timeout_s and (was_asked or waited_s >= watcher.first_round_s):
            teller.clear()
            click.echo(f"monitor: {timed_out(rule, timeout, look)}", err=True)
            return None
        within_s = min(LOOKED_EACH_S, max(timeout_s - waited_s, 0.01))


def _feeds(config: Config, rule: Rule) -> tuple[Answered, ...]:
    """Those of the configuration that may have what the rule asks for. Raises ConfigError if none has."""
    found = tuple(
        Answered(feed, source.interval, config.monitor.blind_after_of(source))
        for source in config.sources
        for feed in source.feeds
        if may_match(rule, feed)
    )
    if not found:
        raise ConfigError([f"{config.path.name}: {rule.name}: no [source] has what it asks for"])
    return found


@contextmanager
def _watching(config: Config, rule: Rule, feeds: tuple[Answered, ...], clock: Clock) -> Iterator[Watcher]:
    """Beside a daemon, or in its place: then no second wait and no daemon can do the same."""
    file = file_of(config.storage.url)
    holder = _named_holder(file)
    if holder is None:
        try:
            lock = LifeLock(file, f"monitor wait {rule.name}")
        except DatabaseHeld as held:
            holder = _named_holder(file) or held.holder
        except DatabaseError as error:
            raise DatabaseError(
                f"no monitor is running, and this wait cannot poll in its place: {error}"
            ) from error
        else:
            with closing(lock), closing(_lookout(config, rule, feeds, clock)) as watcher:
                yield watcher
            return
    if not is_daemon(holder):
        raise DatabaseError(
            f"{file} is held by {holder_text(holder)}, and only one may poll; "
            "beside `monitor run` any number of waits may wait"
        )
    from monitor.daemon.beside import Beside

    with closing(Beside(config.storage.url, feeds, clock)) as beside:
        yield beside


def _named_holder(file: Path) -> str | None:
    """A process that starts takes the lock first and writes its name a moment later."""
    for _ in range(NAME_TAKES_LOOKS):
        holder = holder_of(file)
        if holder != UNNAMED:
            break
        time.sleep(NAME_LOOKED_FOR_EACH_S)
    return holder


def _lookout(config: Config, rule: Rule, feeds: tuple[Answered, ...], clock: Clock) -> Watcher:
    """Raises ConfigError with every key that cannot be had."""
    from monitor.cli.asking import api_keys
    from monitor.daemon.lookout import Lookout
    from monitor.source.client import Client

    names = {answered.feed.source for answered in feeds}
    sources = tuple(source for source in config.sources if source.name in names)
    keys = api_keys(replace(config, sources=sources), os.environ)
    clients = {s.name: Client(s.base_url, keys[s.name], s.timeout, clock.now) for s in sources}
    return Lookout(rule, sources, feeds, clients, clock)
