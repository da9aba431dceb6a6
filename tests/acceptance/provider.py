"""A stand-in of the provider in a thread of its own, whose stock and faults the test sets by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Final

from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Fault, FaultKind
from monitor.simulator.server import Simulator
from tests.fakes.loop_thread import LoopThread

CODE: Final = "PRD-TRAIN-1"
OFFER: Final = Offer(
    CODE, "H800 node", aidc_id=1, gpu_name="NVIDIA-H800A-NV-80G", gpu_count="8", price="15.5", remaining=0
)


class Shelf:
    """A scenario without a timeline: it is as the test left it."""

    def __init__(self) -> None:
        self.offers: Sequence[Offer] = [OFFER]
        self.fault: FaultKind | None = None

    def stock(self, remaining: int, stock_error: str | None = None) -> None:
        self.offers = [replace(OFFER, remaining=remaining, stock_error=stock_error)]

    def offers_at(self, at_s: float) -> Sequence[Offer]:
        return self.offers

    def fault_at(self, at_s: float) -> Fault | None:
        return Fault(self.fault, 0, inf) if self.fault else None


class Provider(LoopThread):
    """Serves the shelf on loopback while the context is open."""

    def __init__(self, api_key: str) -> None:
        self.shelf = Shelf()
        self.url = ""
        self._simulator = Simulator(self.shelf, lambda: 0.0, api_key=api_key)
        super().__init__("provider")

    @property
    def requests(self) -> int:
        return self._simulator.request_count

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self._simulator.start()
        self.url = self._simulator.url
        self._ready.set()
        await self._stop.wait()
        await self._simulator.stop()
