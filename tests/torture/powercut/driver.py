"""The process that is recorded: the store, ledger and outbox of the daemon, driven through a few acts.

`python -m tests.torture.powercut.driver FOLDER TRUTH STATES TOLD ACT SEED CYCLES`
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor.core.errors import DatabaseGone
from monitor.store.backup import backup
from monitor.store.readonly import reading_as_it_is
from tests.torture.powercut.life import Life
from tests.torture.powercut.truth import digest_of
from tests.torture.powercut.witness import Witness

Act = Callable[[str, Witness, int, int], Awaitable[None]]


async def first(url: str, witness: Witness, seed: int, cycles: int) -> None:
    """A new database, two lives, a backup between them; then the process dies without closing it."""
    life = await Life.begin(url, witness, seed, name="first")
    await life.cycles(cycles)
    await life.end()
    life = await Life.begin(url, witness, seed, name="second")
    await life.cycles(cycles // 2)
    folder = Path(url.removeprefix("sqlite:///")).parent
    backup(url, folder / "copy.db")
    witness.tell("copy", name="copy.db", digest=witness.digest)
    life.retry_beside()
    await life.cycles(cycles - cycles // 2)
    await life.cycle(is_checkpointed=False)
    os._exit(0)


async def deleted(url: str, witness: Witness, seed: int, cycles: int) -> None:
    """Started after the crash; then the file is deleted under it, and made anew from what it knows."""
    life = await Life.begin(url, witness, seed, name="third")
    await life.cycles(cycles // 2)
    await life.shift()
    witness.tell("forgotten")
    Path(url.removeprefix("sqlite:///")).unlink()
    trouble = await life.poll()
    assert isinstance(trouble, DatabaseGone)
    await life.fill_anew()
    await life.cycles(cycles - cycles // 2)
    await life.end()


async def tidied(url: str, witness: Witness, seed: int, cycles: int) -> None:
    """Much is told, and long after it is forgotten: the file grows and becomes smaller again."""
    life = await Life.begin(url, witness, seed, name="old")
    await life.flood()
    await life.cycles(cycles)
    witness.tell("forgotten")
    await life.tidy(keep=timedelta(days=1))
    await life.cycles(cycles)
    await life.end()


async def upgrade(url: str, witness: Witness, seed: int, cycles: int) -> None:
    """Run in the next release: the schema is upgraded after a backup."""
    with reading_as_it_is(Path(url.removeprefix("sqlite:///"))) as connection:
        witness.tell("upgrade", digest=digest_of(connection))
    life = await Life.begin(url, witness, seed, name="next release")
    await life.cycles(cycles)
    await life.end()


ACTS: Final[dict[str, Act]] = {
    "first": first,
    "deleted": deleted,
    "tidied": tidied,
    "upgrade": upgrade,
}


def main(folder: str, truth: str, states: str, told: str, act: str, seed: str, cycles: str) -> None:
    witness = Witness(Path(truth), int(states), int(told))
    url = f"sqlite:///{folder}/monitor.db"
    asyncio.run(run(ACTS[act](url, witness, int(seed), int(cycles))))


async def run(act: Awaitable[None]) -> None:
    await act


if __name__ == "__main__":
    main(*sys.argv[1:])
