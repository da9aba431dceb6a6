"""The configuration of `run --simulate`: one source, two rules, two channels, all at the simulator. Pure."""

import json
from pathlib import Path
from typing import Final

SIMULATED_KEY: Final = "simulated-key"


def simulate_config(simulator_url: str, database_path: Path) -> str:
    """The text of a monitor.toml. `simulator_url` is that of a Simulator; `database_path` is absolute."""
    receiver = simulator_url.replace("http://", "json://", 1) + "/notify"
    return _TEMPLATE.format(
        base_url=_quoted(simulator_url),
        api_key=_quoted(SIMULATED_KEY),
        storage_url=_quoted(f"sqlite:///{database_path.as_posix()}"),
        english_url=_quoted(f"{receiver}/terminal"),
        chinese_url=_quoted(f"{receiver}/terminal-zh"),
    )


def _quoted(text: str) -> str:
    """JSON's strings are TOML's basic strings, but for letters escaped in two halves."""
    return json.dumps(text, ensure_ascii=False)


# min_gap is short: a minute between two openings would hide the one that the demo is for.
_TEMPLATE: Final = """\
[source]
base_url = {base_url}
api_key = {api_key}
interval = "1s"
timeout = "5s"

[storage]
url = {storage_url}

[monitor]
price_units = {{ 11 = "CNY/h" }}

[channels.terminal]
url = {english_url}
language = "en"

[channels.terminal-zh]
url = {chinese_url}
language = "zh"

[defaults]
min_gap = "1s"

[[watch]]
name = "h800-nodes"
match = {{ gpu_name = "NVIDIA-H800*", gpu_count = 8 }}
notify = ["terminal", "terminal-zh"]

[[watch]]
name = "aidc-2-gpus"
match = {{ aidc_id = 2, gpu_count = ">=1" }}
notify = ["terminal"]
announce_existing = false
notify_sold_out = false
"""
