"""The default catalogue: three made-up data centres, and the two products of the provider's page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Fault
from monitor.simulator.stock import Behaviour, Pulse, Steady, Tide, stock_at

DEFAULT_SEED: Final = 1

_H800A: Final = "NVIDIA-H800A-NV-80G"
_H800: Final = "NVIDIA-H800-NV-80G"
_A100: Final = "NVIDIA-A100-NV-80G"
_H20: Final = "NVIDIA-H20-NV-96G"
_4090: Final = "NVIDIA-GeForce-RTX-4090-24G"


@dataclass(frozen=True, slots=True)
class Lively:
    """Scenario without a file: stock that follows the seed, and no faults."""

    seed: int = DEFAULT_SEED

    def offers_at(self, at_s: float) -> Sequence[Offer]:
        """What is offered at this time since the start; it changes once a second."""
        stocked = (self._stocked(offer, behaviour, int(at_s)) for offer, behaviour in CATALOGUE)
        return [offer for offer in stocked if offer.listed]

    def fault_at(self, _at_s: float) -> Fault | None:
        return None

    def _stocked(self, offer: Offer, behaviour: Behaviour, second: int) -> Offer:
        stock = stock_at(self.seed, f"{offer.aidc_id}/{offer.product_code}", behaviour, second)
        return replace(offer, remaining=stock.remaining, stock_error=stock.stock_error, listed=stock.listed)


def _node(number: int, aidc_id: int, gpu: str, sizes: tuple[int, int, int], price: str) -> Offer:
    """`sizes` are GPUs, CPU cores and GB of memory."""
    gpus, cores, memory = map(str, sizes)
    name = f"分布式训练{number}"
    return Offer(f"PRD-TRAIN-{number}", name, aidc_id, gpu, gpus, cores, memory, "100", price)


CATALOGUE: Final[Sequence[tuple[Offer, Behaviour]]] = (
    (Offer("PRD-CCI-1", "无卡启动", 1, "-", price="12.5"), Steady(6)),
    (_node(1, 1, _H800A, (8, 18, 200), "2"), Pulse(4)),
    (_node(2, 1, _H800A, (4, 9, 100), "1.1"), Tide(6, 120, 0.5)),
    (_node(3, 1, _A100, (8, 64, 512), "1.4"), Tide(12, 90, 0.2)),
    (Offer("PRD-CCI-1", "无卡启动", 2, None, price="12.5"), Steady(40)),
    (_node(4, 2, _H800, (8, 96, 1024), "2.2"), Tide(5, 150, 0.6)),
    (_node(5, 2, _H20, (8, 96, 960), "0.9"), Tide(9, 120, 0.5)),
    (_node(6, 2, _4090, (8, 64, 512), "0.45"), Tide(20, 60, 0.1)),
    (_node(7, 2, _A100, (4, 32, 256), "0.75"), Tide(6, 180, 0.4, blocked_share=0.2)),
    (_node(8, 3, _H20, (4, 48, 480), "0.5"), Tide(8, 100, 0.3)),
    (_node(9, 3, _4090, (1, 8, 64), "0.06"), Tide(60, 60, 0.1)),
    (_node(10, 3, _A100, (1, 8, 64), "0.2"), Tide(4, 80, 0.5, unlisted_when_out=True)),
)
