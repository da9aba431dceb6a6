"""A loop whose time jumps: order is kept, sockets and threads are waited for, a month takes no time."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from tests.torture.virtual_time import VirtualLoop

DAY_S = 86_400.0


def play(loop: VirtualLoop, story: Coroutine[Any, Any, None]) -> None:
    try:
        loop.run_until_complete(story)
    finally:
        loop.close()


def test_timers_run_in_order_and_other_clocks_move_along() -> None:
    jumps: list[float] = []
    loop = VirtualLoop(jumps.append)
    ran: list[str] = []

    async def story() -> None:
        loop.call_later(30 * DAY_S, ran.append, "a month")
        loop.call_later(DAY_S, ran.append, "a day")
        await asyncio.sleep(31 * DAY_S)

    play(loop, story())
    assert ran == ["a day", "a month"]
    assert sum(jumps) == loop.time() == 31 * DAY_S


def test_no_time_passes_while_sockets_talk() -> None:
    loop = VirtualLoop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, asyncio.timeout(1):
            for _ in range(20):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"hello\n")
                assert await reader.readline() == b"hello\n"
                writer.close()

    play(loop, story())
    assert loop.time() == 0


def test_no_time_passes_while_a_thread_is_busy() -> None:
    working = threading.Event()
    loop = VirtualLoop(is_busy=working.is_set)

    async def story() -> None:
        done = asyncio.Event()
        release = threading.Event()

        def work() -> None:
            release.wait(5)
            loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=work)
        working.set()
        thread.start()
        loop.call_soon(release.set)
        async with asyncio.timeout(DAY_S):
            await done.wait()
        working.clear()
        thread.join()

    play(loop, story())
    assert loop.time() == 0
