"""A catalogue of any size whose stock can be set, as the provider would put it on the wire. Pure."""

import json
from collections.abc import Iterable
from typing import Final

FAMILIES: Final = 50
DATA_CENTRES: Final = 3
OUT_OF_STOCK: Final = "库存不足"


def code_of(number: int) -> str:
    return f"PRD-TRAIN-{number:04}"


def aidc_of(number: int) -> int:
    return 1 + number % DATA_CENTRES


class Catalogue:
    """Products by number; the rows that did not change are not written anew."""

    def __init__(self, remaining: Iterable[int]) -> None:
        self.remaining = list(remaining)
        self._rows = [_row(number, left) for number, left in enumerate(self.remaining)]

    def set(self, number: int, remaining: int) -> None:
        self.remaining[number] = remaining
        self._rows[number] = _row(number, remaining)

    def body(self) -> bytes:
        return b'{"status":200,"message":"OK","data":[' + b",".join(self._rows) + b"]}"


def half_in_stock(count: int) -> list[int]:
    return [1 + number % 8 if number % 2 else 0 for number in range(count)]


def watches(count: int, channel: str) -> str:
    """The [[watch]] tables of a configuration; each watches the products of its families."""
    families = [
        [f"NVIDIA-F{family:02}-*" for family in range(start, FAMILIES, count)] for start in range(count)
    ]
    return "\n".join(
        f"[[watch]]\n"
        f'name = "rule-{number:02}"\n'
        f'match = {{ gpu_name = {json.dumps(globs)}, gpu_count = 8, remaining = ">=1" }}\n'
        f'notify = ["{channel}"]\n'
        for number, globs in enumerate(families)
    )


def _row(number: int, remaining: int) -> bytes:
    row = {
        "name": f"8-GPU node, family {number % FAMILIES:02}, size {number // FAMILIES}",
        "aidcId": aidc_of(number),
        "productCode": code_of(number),
        "cpuCores": "96",
        "memoryGB": "1024",
        "gpuName": f"NVIDIA-F{number % FAMILIES:02}-80GB",
        "gpuCount": "8",
        "diskGB": "2000",
        "price": f"{10 + number % 90}.5",
        "priceUnit": 11,
        "remainingCount": remaining,
        "ext": {} if remaining else {"stockError": OUT_OF_STOCK},
    }
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
