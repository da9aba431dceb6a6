"""Blocking work beside the loop, which never keeps the process from ending."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Never

import pytest

from monitor.daemon.threads import DaemonThreads, in_thread

HANGS = """
import asyncio, threading
from monitor.daemon.threads import DaemonThreads, in_thread

async def main():
    asyncio.get_running_loop().set_default_executor(DaemonThreads())
    asyncio.create_task(in_thread(threading.Event().wait))
    await asyncio.sleep(0)

asyncio.run(main())
"""


def test_work_is_done_in_a_daemon_thread_and_its_result_comes_back() -> None:
    async def play() -> threading.Thread:
        asyncio.get_running_loop().set_default_executor(DaemonThreads())
        return await in_thread(threading.current_thread)

    thread = asyncio.run(play())
    assert thread.daemon
    assert thread is not threading.main_thread()


def test_what_it_raises_is_raised_to_who_waits() -> None:
    def crash() -> None:
        raise LookupError("boom")

    async def play() -> None:
        asyncio.get_running_loop().set_default_executor(DaemonThreads())
        with pytest.raises(LookupError, match="boom"):
            await in_thread(crash)

    asyncio.run(play())


def test_a_thread_that_hangs_does_not_keep_the_process_from_ending() -> None:
    assert subprocess.run([sys.executable, "-c", HANGS], timeout=30, check=False).returncode == 0


class NoThreads(ThreadPoolExecutor):
    def submit(self, fn: object, /, *args: object, **kwargs: object) -> Never:
        raise RuntimeError("can't start new thread")


def test_without_a_thread_to_be_had_the_work_is_done_all_the_same() -> None:
    async def play() -> threading.Thread:
        asyncio.get_running_loop().set_default_executor(NoThreads())
        return await in_thread(threading.current_thread)

    assert asyncio.run(play()) is threading.current_thread()
