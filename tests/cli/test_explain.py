"""`monitor explain`: each key with what it wanted and found, the alert, and what would be told next."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.product import Attributes, Invalid
from tests.cli.calling import call
from tests.cli.stock import CONFIG, stock, stocked, train
from tests.store.ground import TIMEOUT, Monitor

ANY = """
[[watch]]
name = "any"
match = {}
notify = ["slack", "mail"]
"""
MORE = """
[[watch]]
name = "many"
match = [{ gpu_name = "H800", remaining = ">=4" }, { name = "训练*" }]
for = "1m"
notify = ["mail"]
[[watch]]
name = "a100"
match = { gpu_name = "A100" }
[[watch]]
name = "off"
match = {}
enabled = false
"""


@contextmanager
def explained(
    folder: Path, *answers: Any, more: str = "", until: datetime | None = None
) -> Iterator[Monitor]:
    with stocked(folder, *answers, until=until) as monitor:
        (folder / "monitor.toml").write_text(CONFIG + ANY + more, encoding="utf-8")
        yield monitor


def shown(folder: Path, *words: str) -> list[str]:
    said = call("explain", "--config", folder / "monitor.toml", *words)
    assert said.exit_code == 0, said.stderr
    return [" ".join(line.split()) for line in said.stdout.splitlines()]


def told(folder: Path, *words: str) -> list[dict[str, Any]]:
    said = call("explain", "--json", "--config", folder / "monitor.toml", *words)
    assert said.exit_code == 0, said.stderr
    found: list[dict[str, Any]] = json.loads(said.stdout)["products"]
    return found


def of_rule(folder: Path, rule: str, product: str = "PRD-TRAIN-1") -> dict[str, Any]:
    ((found,),) = [view["rules"] for view in told(folder, product, "--rule", rule)]
    assert isinstance(found, dict)
    return found


def test_each_key_is_marked_and_what_would_be_told_is_said(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=2), more=MORE):
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "many")
    assert lines[0] == "PRD-TRAIN-1 train · alaya · AIDC 1 · 8 × H800 · 19.9 CNY/h"
    assert lines[1].startswith("● In stock 2 left as of ")
    assert lines[3:11] == [
        "many not met: remaining",
        "any of key wanted found",
        "✓ 1 gpu_name H800 H800",
        "✗ 1 remaining >=4 2",
        "✗ 2 name 训练* train",
        "✓ — stock_error none none",
        "alert inactive",
        "as it is nothing to tell",
    ]
    assert lines[11].startswith("with 4 left pending; then at ")
    assert lines[11].endswith(" IN STOCK to mail"), "the rule is new: for it this is a first sight"


def test_an_alert_tells_since_when_and_what_ends_it(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=5), stock(TRAIN_1=2)):
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
        found = of_rule(tmp_path, "any")
    alert, *_, sold_out = [line for line in lines if line.startswith(("alert", "sold out"))]
    assert alert.startswith("alert firing since ")
    assert alert.endswith(", at most 5 left")
    assert sold_out == "sold out SOLD OUT to slack, mail"
    assert (found["verdict"], found["alert"]["state"], found["alert"]["peak"]) == ("met", "firing", 5)
    assert [one["if"] for one in found["next"]] == ["as it is", "sold out"]
    (step,) = found["next"][1]["steps"]
    assert step["announced"] == [
        {
            "edge": "resolved",
            "cause": "stock",
            "headline": "SOLD OUT",
            "channels": ["slack", "mail"],
            "muted": None,
        }
    ]


def test_an_opening_that_would_be_too_soon_is_said_to_be_held(tmp_path: Path) -> None:
    with explained(tmp_path, *(stock(TRAIN_1=left) for left in (0, 1, 0))):
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
        found = of_rule(tmp_path, "any")
    assert any(line.startswith("openings are held (min_gap) until ") for line in lines)
    assert lines[-2].startswith("with 1 left BACK IN STOCK, muted (flapping); then at ")
    assert lines[-2].endswith(" OPENED AGAIN to slack, mail")
    assert [timer["what"] for timer in found["timers"]] == ["min_gap"]


def test_a_silence_is_said_with_what_follows_it(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=0)):
        config = tmp_path / "monitor.toml"
        assert call("silence", "PRD-TRAIN-1", "--for", "1h", "--config", config).exit_code == 0
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
    assert any(line.startswith("silent until ") for line in lines)
    assert lines[-2].startswith("with 1 left BACK IN STOCK, muted (silence); then at ")
    assert lines[-2].endswith(" STILL IN STOCK to slack, mail")


def test_all_rules_are_shown_those_that_watch_it_first_and_disabled_ones_last(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=0), more=MORE):
        (product,) = told(tmp_path, "PRD-TRAIN-1")
        lines = shown(tmp_path, "PRD-TRAIN-1")
    rules = product["rules"]
    assert [rule["rule"] for rule in rules] == ["trainers", "any", "many", "a100", "off"]
    assert [rule["watches"] for rule in rules] == [True, True, True, False, True]
    assert [rule["enabled"] for rule in rules] == [True, True, True, True, False]
    assert "a100 not met: gpu_name (not watched by it)" in lines
    assert "with stock not met with any count of nodes" in lines
    assert "disabled enabled = false: nothing is decided or announced" in lines


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    odd = stock(TRAIN_1=Invalid("no count"), TRAIN_2=1)
    with explained(tmp_path, stock(TRAIN_1=1, TRAIN_2=1), odd):
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
        found = of_rule(tmp_path, "any")
    assert "any unknown: no count" in lines
    assert "? remaining >0 no count" in lines
    assert [answer["holds"] for answer in found["stock"]] == [None]


def test_a_product_that_is_no_longer_listed_says_so(tmp_path: Path) -> None:
    gone = stock(TRAIN_2=1)
    with explained(tmp_path, stock(TRAIN_1=1, TRAIN_2=1), gone, gone):
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
    assert "any not met: listing" in lines
    assert "✗ listing listed not listed" in lines


def test_what_is_stale_is_called_so_with_the_reason(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    with explained(tmp_path, stock(TRAIN_1=1), TIMEOUT, until=long_ago):
        lines = shown(tmp_path, "PRD-TRAIN-1")
        (product,) = told(tmp_path, "PRD-TRAIN-1")
    assert "stale: the last answer is of " in lines[1]
    assert lines[1].endswith("ago (no answer within 10 s)")
    assert product["fresh"] is False


def test_a_product_that_no_feed_covers_any_more_is_explained_without_what_comes_next(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_1=1), stock(TRAIN_1=1)):
        file = tmp_path / "monitor.toml"
        file.write_text(file.read_text().replace('name = "alaya"', 'name = "alaya"\naidc_ids = [7]'))
        lines = shown(tmp_path, "PRD-TRAIN-1", "--rule", "any")
        found = of_rule(tmp_path, "any")
    assert "no feed of the configuration covers it" in lines[1]
    assert (found["verdict"], found["next"], found["alert"]) == ("met", [], None)


def test_several_products_of_one_pattern_are_explained_one_by_one(tmp_path: Path) -> None:
    with explained(tmp_path, stock(TRAIN_2=1, TRAIN_1=0)):
        found = told(tmp_path, "PRD-TRAIN-*")
    assert [view["product_code"] for view in found] == ["PRD-TRAIN-1", "PRD-TRAIN-2"]


def test_upstream_text_does_nothing_to_the_terminal_and_columns_stay_straight(tmp_path: Path) -> None:
    evil = train(1, "\x1b[31m库存\u202e不足", Attributes("训练\x1b[0m节点", gpu_name="-"))
    with explained(tmp_path, stock(TRAIN_1=evil), more=MORE):
        said = call("explain", "PRD-TRAIN-1", "--config", tmp_path / "monitor.toml").stdout
    assert "\x1b" not in said
    assert "\u202e" not in said
    heading, *rows = said.partition("many ")[2].splitlines()[1:5]
    found = heading.index("found")
    name = next(row for row in rows if " name " in row)
    assert name[found - 2 :].startswith("训练"), "two columns for each of two characters before"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("PRD-TRAIN-9",), 2, "there is no product 'PRD-TRAIN-9'; nearest: PRD-TRAIN-1"),
        (("PRD-TRAIN-1", "--rule", "ani"), 2, "there is no rule 'ani'; did you mean any?"),
        ((), 2, "Missing argument"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(
    tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    with explained(tmp_path, stock(TRAIN_1=1)):
        said = call("explain", "--config", tmp_path / "monitor.toml", *words)
    assert (said.exit_code, sentence in said.stderr) == (code, True), said.stderr


def test_without_a_database_or_a_configuration_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("explain", "PRD-1").exit_code == 3
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    said = call("explain", "PRD-1")
    assert (said.exit_code, "start the monitor first" in said.stderr) == (6, True)
