"""What each signal asks for."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from monitor.daemon.signals import Signals


def play(story: Callable[[Signals], object], *sent: signal.Signals) -> None:
    async def run() -> None:
        signals = Signals(asyncio.get_running_loop())
        try:
            for number in sent:
                os.kill(os.getpid(), number)
                await asyncio.sleep(0.0)
            async with asyncio.timeout(10):
                while not story(signals):
                    await asyncio.sleep(0)
        finally:
            signals.remove()

    asyncio.run(run())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_stops(number: signal.Signals) -> None:
    play(lambda signals: signals.stop.is_set() and not signals.hurry.is_set(), number)


def test_a_second_one_hurries() -> None:
    async def run() -> None:
        signals = Signals(asyncio.get_running_loop())
        async with asyncio.timeout(10):
            os.kill(os.getpid(), signal.SIGTERM)
            await signals.stop.wait()
            assert not signals.hurry.is_set()
            os.kill(os.getpid(), signal.SIGINT)
            await signals.hurry.wait()
        signals.remove()

    asyncio.run(run())


def test_a_hangup_reloads_and_stops_nothing() -> None:
    play(lambda signals: signals.reload.is_set() and not signals.stop.is_set(), signal.SIGHUP)


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGHUP)
    play(lambda signals: True)
    assert signal.getsignal(signal.SIGHUP) in {before, signal.SIG_DFL}
