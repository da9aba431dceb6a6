"""`python -m tests.acceptance.uncaught CONFIG`: a daemon beside which errors are raised that nobody catches.

After SIGUSR1 its clock raises, too, and so does whatever reads it.
"""

import asyncio
import os
import signal
import sys
import threading
from datetime import datetime
from functools import partial
from pathlib import Path

from monitor.config.loading import load
from monitor.daemon.app import serve
from monitor.daemon.clock import SystemClock


class BreakableClock(SystemClock):
    is_broken = False

    def now(self) -> datetime:
        if self.is_broken:
            raise ZeroDivisionError("of the clock")
        return super().now()


def raise_in(place: str) -> None:
    raise ZeroDivisionError(f"of a {place}")


async def raise_in_a_task() -> None:
    raise_in("task")


async def main() -> int:
    clock = BreakableClock()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, partial(setattr, clock, "is_broken", True))
    load_again = partial(load, Path(sys.argv[1]))
    daemon = asyncio.create_task(serve(load_again(), load_again, os.environ, clock))
    await asyncio.sleep(0)
    loop.call_soon(raise_in, "callback")
    threading.Thread(target=raise_in, args=("thread",)).start()
    asyncio.create_task(raise_in_a_task())  # noqa: RUF006 - nobody keeps it, and nobody asks how it ended
    return await daemon


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
