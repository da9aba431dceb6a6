"""docs/cli.md names every key of the JSON that status, history and alerts print."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.wait_result import FIELDS
from tests.cli.calling import ROOT, call
from tests.cli.stock import INTENTS, stock, stocked
from tests.cli.test_alerts import notice
from tests.cli.test_status import DOWN, send
from tests.store.ground import TIMEOUT

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")


def section(verb: str) -> str:
    return PAGE.partition(f"## `monitor {verb}`")[2].partition("\n## ")[0]


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


VERBS = ("status", "history", "stats", "alerts", "silences", "backtest", "db check")


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_is_on_the_page(tmp_path: Path, verb: str) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0), TIMEOUT, stock(TRAIN_1=3)) as monitor:
        notice(monitor, *INTENTS)
        send(monitor, "mail", DOWN)
        call("silence", "PRD-TRAIN-1", "--for", "1h", "--config", tmp_path / "monitor.toml")
        result = call(*verb.split(), "--json", "--config", tmp_path / "monitor.toml")
    told = json.loads(result.stdout)
    if "rows" in told:
        told["rows"] = None  # its keys are names of tables: docs/database.md
    named = set(re.findall(r"`(\w+)`", section(verb.partition(" ")[0]) + section("once")))
    assert set(keys(told)) <= named


def test_every_field_of_a_product_that_was_waited_for_is_on_the_page() -> None:
    assert set(FIELDS) <= set(re.findall(r'"(\w+)":', section("wait")))
