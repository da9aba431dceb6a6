"""What is sold, who watches it, and the daemon's configuration and environment for one life."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.simulator.offer import Offer, row

FEEDS: Final = tuple(range(1, 11))
"""Data centres, one feed each: with ten of them a poll comes every tenth of a second, the first at once."""

CHANNELS: Final = ("alpha", "beta")


@dataclass(frozen=True, slots=True)
class Rule:
    """Met while at least `least` are left."""

    name: str
    least: int
    channels: tuple[str, ...]


RULES: Final = (Rule("any", 1, ("alpha", "beta")), Rule("many", 4, ("beta",)))

_CONFIG: Final = """
[source]
base_url = "http://127.0.0.1:{provider}"
api_key = {{ env = "TEST_API_KEY" }}
interval = "1s"
timeout = "5s"
aidc_ids = {feeds}
[storage]
url = "sqlite:///monitor.db"
[monitor]
blind_after = "1h"
notify = ["alpha"]
[channels.alpha]
url = {{ env = "TEST_ALPHA_URL" }}
[channels.beta]
url = {{ env = "TEST_BETA_URL" }}
[defaults]
min_gap = "0s"
[[watch]]
name = "any"
match = {{ gpu_name = "NVIDIA-H800*" }}
[[watch]]
name = "many"
match = {{ remaining = ">=4" }}
notify = ["beta"]
"""


def codes_of(feed: int) -> tuple[str, ...]:
    return tuple(f"PRD-{feed:02}-{letter}" for letter in "AB")


CODES: Final = tuple(code for feed in FEEDS for code in codes_of(feed))


def feed_of(code: str) -> int:
    return int(code.split("-")[1])


def rows_of(stock: Mapping[str, int]) -> list[Mapping[str, object]]:
    """As the provider lists them."""
    return [row(_offer(code, remaining)) for code, remaining in stock.items()]


def config(provider: int, feeds: Sequence[int]) -> str:
    """The feed that comes first is polled first."""
    return _CONFIG.format(provider=provider, feeds=list(feeds))


def environ(life: int, ports: Mapping[str, int]) -> dict[str, str]:
    """Key and addresses bear the number of the life: whoever is asked knows by whom."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    urls = {
        f"TEST_{channel.upper()}_URL": f"json://127.0.0.1:{ports[channel]}/{channel}/{life}"
        for channel in CHANNELS
    }
    return {**kept, **urls, "TEST_API_KEY": f"key-{life}"}


def _offer(code: str, remaining: int) -> Offer:
    return Offer(
        code,
        "H800 node",
        aidc_id=feed_of(code),
        gpu_name="NVIDIA-H800A-NV-80G",
        gpu_count="8",
        remaining=remaining,
    )
