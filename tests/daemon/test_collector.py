"""The collector of garbage: no pass over everything while many products change at once."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.daemon.collector import settle
from tests.daemon.stage import a_ledger

PRODUCTS = 2_000


@pytest.fixture
def settled() -> Iterator[None]:
    before = gc.get_threshold()
    settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("settled")
def test_thousands_of_products_at_once_bring_no_full_pass(file: Path) -> None:
    passes: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            passes.append(info["generation"])

    async def play() -> None:
        async with a_ledger(file) as bench:
            gc.callbacks.append(note)
            for stock in (1, 0, 3):
                await bench.poll({f"PRD-{number}": stock for number in range(PRODUCTS)})

    try:
        asyncio.run(play())
    finally:
        gc.callbacks.remove(note)
    assert passes, "nothing was seen of the collector"
    assert 2 not in passes


@pytest.mark.usefixtures("settled")
def test_what_is_loaded_is_left_alone_for_good() -> None:
    assert gc.get_freeze_count() > 1_000
