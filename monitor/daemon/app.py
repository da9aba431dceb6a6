"""The daemon: wires the parts together once, and leads them from start to stop.

Start: secrets and channels, database, what is known, then polls. Stop: no new polls, sends in flight
finish, the database is closed; all of it within ten seconds.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress

from monitor.config.settings import Config
from monitor.core.errors import ConfigError, MonitorError
from monitor.daemon import allocator, collector, logs, systemd
from monitor.daemon.clock import Clock, SystemClock
from monitor.daemon.parts import Parts
from monitor.daemon.pulse import Pulse
from monitor.daemon.reload import reload
from monitor.daemon.signals import Signals
from monitor.daemon.threads import DaemonThreads, in_thread

_log = logging.getLogger(__name__)


async def serve(
    config: Config,
    load_again: Callable[[], Config],
    environ: Mapping[str, str],
    clock: Clock | None = None,
) -> int:
    """Run until a signal ends it. Returns the exit code; raises MonitorError when it cannot start."""
    allocator.share_one_arena()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(DaemonThreads())
    logs.set_up(environ, sys.stdout)
    signals = Signals(loop)
    supervisor = systemd.supervisor(environ, os.getpid())
    try:
        parts = await _started(config, environ, clock or SystemClock(), signals)
        if parts is None:
            return 0
        collector.settle()
        pulse = Pulse(parts, supervisor)
        pulse.start()
        supervisor.tell(systemd.ready(pulse.status()))
        await _until_stopped(parts, pulse, signals, load_again, supervisor)
        supervisor.tell(systemd.stopping("stopping"))
        _log.info("stopping")
        await _stopped(parts, pulse, signals)
        _log.info("stopped")
        return 1 if parts.is_broken else 0
    finally:
        signals.remove()
        logs.let_go(sys.stdout)


async def _started(
    config: Config, environ: Mapping[str, str], clock: Clock, signals: Signals
) -> Parts | None:
    """None when a signal came first: a half-made upgrade is rolled back by the next start."""
    _warn(config)
    starting = asyncio.create_task(Parts.start(config, environ, clock))
    stopping = asyncio.create_task(signals.stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if starting.done():
        return starting.result()
    starting.cancel()
    with suppress(asyncio.CancelledError, MonitorError):
        await starting
    return None


def _warn(config: Config) -> None:
    for warning in config.warnings:
        _log.warning(warning)
    if config.web is not None:
        _log.warning("[web] is set, but this version has no dashboard: only public_url is used")


async def _until_stopped(
    parts: Parts,
    pulse: Pulse,
    signals: Signals,
    load_again: Callable[[], Config],
    supervisor: systemd.Supervisor,
) -> None:
    """Reload on SIGHUP, once for as many as came meanwhile, until it is time to stop."""
    while True:
        await _first_of(signals.stop.wait(), signals.reload.wait(), parts.broken.wait())
        if signals.stop.is_set() or parts.is_broken:
            return
        signals.reload.clear()
        supervisor.tell(systemd.reloading(time.monotonic_ns()))
        # A stop does not wait for a reload that waits for a send.
        await _first_of(signals.stop.wait(), _reload(parts, load_again))
        supervisor.tell(systemd.ready(pulse.status()))


async def _first_of(*waits: Coroutine[None, None, object]) -> None:
    """Until one of them is done; the others are given up."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _reload(parts: Parts, load_again: Callable[[], Config]) -> None:
    """A configuration with an error changes nothing at all."""
    try:
        config = await in_thread(load_again)
        changed = await reload(parts, config)
    except ConfigError as error:
        for problem in error.problems:
            _log.error("reload refused", extra={"fields": {"problem": problem}})
    except MonitorError as error:
        _log.error("reload refused", extra={"fields": {"problem": error}})
    except Exception:  # noqa: BLE001 - what runs is worth more than a reload
        _log.exception("reload crashed")
    else:
        _warn(config)
        _log.info("reloaded", extra={"fields": {"changed": changed or "nothing"}})


async def _stopped(parts: Parts, pulse: Pulse, signals: Signals) -> None:
    stopping = asyncio.create_task(_stop(parts, pulse))
    hurrying = asyncio.create_task(signals.hurry.wait())
    await asyncio.wait({stopping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    hurrying.cancel()
    if not stopping.done():
        stopping.cancel()
    with suppress(asyncio.CancelledError):
        await stopping


async def _stop(parts: Parts, pulse: Pulse) -> None:
    await pulse.stop()
    await parts.stop()
