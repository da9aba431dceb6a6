"""One product as the stand-in offers it, and its row in the provider's JSON. Pure.

Types follow the provider's page for `GET /v1/product/list-for-training-task`: sizes, counts and
prices are strings, `aidcId`, `priceUnit` and `remainingCount` are integers, `gpuName` may be null.
"""

from collections.abc import Mapping
from dataclasses import dataclass

OUT_OF_STOCK = "库存不足"
"""The one stock error that the provider's page shows."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Sizes, counts and price are the text that goes on the wire. An unlisted offer is in no answer."""

    product_code: str
    name: str
    aidc_id: int
    gpu_name: str | None = None
    gpu_count: str = "0"
    cpu_cores: str = "2"
    memory_gb: str = "4"
    disk_gb: str = "50"
    price: str = "1"
    price_unit: int = 11
    remaining: int = 0
    stock_error: str | None = None
    listed: bool = True

    @property
    def identity(self) -> tuple[int, str]:
        """Codes repeat from one data centre to the next."""
        return self.aidc_id, self.product_code


def row(offer: Offer) -> Mapping[str, object]:
    """The item of `data`, fields in the order of the provider's example."""
    return {
        "name": offer.name,
        "aidcId": offer.aidc_id,
        "productCode": offer.product_code,
        "cpuCores": offer.cpu_cores,
        "memoryGB": offer.memory_gb,
        "gpuName": offer.gpu_name,
        "gpuCount": offer.gpu_count,
        "diskGB": offer.disk_gb,
        "price": offer.price,
        "priceUnit": offer.price_unit,
        "remainingCount": offer.remaining,
        "ext": {"stockError": offer.stock_error} if offer.stock_error else {},
    }
