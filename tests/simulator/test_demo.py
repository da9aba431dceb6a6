import tomllib
from pathlib import Path
from typing import Any

from monitor.simulator.catalogue import Lively
from monitor.simulator.demo import SIMULATED_KEY, simulate_config

URL = "http://127.0.0.1:8099"


def written(database: Path = Path("/tmp/demo/monitor.db")) -> dict[str, Any]:
    return tomllib.loads(simulate_config(URL, database))


def test_the_demo_polls_the_simulator_every_second() -> None:
    source = written()["source"]
    assert source == {"base_url": URL, "api_key": SIMULATED_KEY, "interval": "1s", "timeout": "5s"}


def test_the_demo_sends_to_the_receiver_in_two_languages() -> None:
    channels = written()["channels"].values()
    assert {(channel["url"], channel["language"]) for channel in channels} == {
        ("json://127.0.0.1:8099/notify/terminal", "en"),
        ("json://127.0.0.1:8099/notify/terminal-zh", "zh"),
    }


def test_the_demo_has_its_two_rules() -> None:
    assert [watch["name"] for watch in written()["watch"]] == ["h800-nodes", "aidc-2-gpus"]


def test_a_database_path_of_any_letters_is_written_whole() -> None:
    path = Path('/tmp/a "b" \\ 数据 😀/monitor.db')
    assert written(path)["storage"]["url"] == f"sqlite:///{path}"


def test_the_watched_product_is_in_the_default_catalogue() -> None:
    (watched,) = (o for o in Lively().offers_at(0) if o.product_code == "PRD-TRAIN-1")
    assert (watched.gpu_name, watched.gpu_count, watched.aidc_id) == ("NVIDIA-H800A-NV-80G", "8", 1)
    assert watched.remaining > 0
