"""The writer's thread, as tasks of the event loop see it."""

import asyncio
import threading

import pytest

from monitor.core.errors import DatabaseError
from monitor.store.database import Database
from monitor.store.writer import Writer
from tests.store.builders import add_poll, poll_ids


def test_writes_of_many_tasks_are_made_in_order_by_one_thread(database: Database) -> None:
    async def main() -> None:
        writer = Writer(database)
        await asyncio.gather(*(writer.run(add_poll(number)) for number in range(1, 20)))
        names = await asyncio.gather(
            *(writer.call(lambda: threading.current_thread().name) for _ in range(3))
        )
        assert names == ["database-writer"] * 3
        assert writer.close(10)

    asyncio.run(main())
    assert poll_ids(database) == list(range(1, 20))


def test_an_error_reaches_the_task_that_asked_and_no_other(database: Database) -> None:
    async def main() -> None:
        writer = Writer(database)
        with pytest.raises(ZeroDivisionError):
            await writer.run(lambda _: 1 // 0)
        assert await writer.run(lambda _: 7) == 7
        assert writer.close(10)

    asyncio.run(main())


def test_even_an_exit_in_a_write_does_not_end_the_thread(database: Database) -> None:
    def leave() -> None:
        raise SystemExit

    async def main() -> None:
        writer = Writer(database)
        with pytest.raises(SystemExit):
            await writer.call(leave)
        assert await writer.call(lambda: 7) == 7
        assert writer.close(10)

    asyncio.run(main())


def test_a_task_that_is_cancelled_does_not_undo_a_write_that_has_begun(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(10)
        database.write(add_poll(1))

    async def main() -> None:
        writer = Writer(database)
        running = asyncio.create_task(writer.call(slow))
        waiting = asyncio.create_task(writer.run(add_poll(2)))
        await asyncio.to_thread(begun.wait, 10)
        for task in (running, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        go_on.set()
        assert writer.close(10)

    asyncio.run(main())
    assert poll_ids(database) == [1]


def test_a_writer_that_hangs_is_given_up_after_the_time_given(database: Database) -> None:
    go_on = threading.Event()

    async def main() -> Writer:
        writer = Writer(database)
        task = asyncio.create_task(writer.call(lambda: go_on.wait(10)))
        await asyncio.sleep(0)
        assert not writer.close(0.01)
        task.cancel()
        return writer

    writer = asyncio.run(main())
    go_on.set()
    assert writer.close(10)


def test_a_closed_writer_refuses_instead_of_waiting_for_ever(database: Database) -> None:
    async def main() -> None:
        writer = Writer(database)
        assert writer.close(10)
        with pytest.raises(DatabaseError, match="is closed"):
            await writer.run(add_poll(1))

    asyncio.run(main())
