"""`monitor forecast`: what it says of a made-up past, of too short a one, and of names that are none."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.into_file import Plan, write_history
from tests.cli.calling import call
from tests.cli.stock import CONFIG, stock, stocked
from tests.cli.test_json_keys import keys, section

DAYS = 36


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five weeks of six trainers and two without a GPU."""
    made = tmp_path_factory.mktemp("forecast")
    plan = Plan(4, timedelta(days=DAYS), datetime.now(UTC), 8)
    write_history(plan, made / "monitor.db", made / "truth", lambda _, __: None)
    file = made / "monitor.toml"
    file.touch(mode=0o600)
    file.write_text(CONFIG.replace("alaya", "default"), encoding="utf-8")
    return made


def told(folder: Path, *words: str) -> list[dict[str, Any]]:
    result = call("forecast", "--json", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    products: list[dict[str, Any]] = json.loads(result.stdout)["products"]
    return products


def test_it_tells_of_what_rules_watch_or_of_what_is_named(folder: Path) -> None:
    trainers = [f"PRD-TRAIN-{number}" for number in range(1, 7)]
    named = told(folder, "--rule", "trainers", "--since", "3d")
    assert [product["product_code"] for product in named] == trainers
    assert [product["product_code"] for product in told(folder, "--since", "3d")] == trainers
    assert {product["product_code"] for product in told(folder, "PRD-CCI-*", "--since", "3d")} == {
        "PRD-CCI-1"
    }


def test_a_lively_product_has_a_forecast_with_its_test_beside_it(folder: Path) -> None:
    (product,) = told(folder, "PRD-TRAIN-6")
    assert product["enough_data"]
    hour, six, day = product["horizons"]
    assert [horizon["within"] for horizon in (hour, six, day)] == [3600, 6 * 3600, 24 * 3600]
    assert 0 < hour["usual"] < six["usual"] < day["usual"] < 1
    assert day["test"] is None
    for horizon in (hour, six):
        assert sum(band["count"] for band in horizon["test"]["calibration"]) == horizon["test"]["forecasts"]
        assert horizon["speaks"] is (horizon["test"]["gain_at_least"] > 0)
    assert len(product["rates"]["by_hour"]) == 24
    named = set(re.findall(r"`(\w+)`", section("forecast")))
    assert set(keys(product)) <= named


def test_a_rare_product_is_not_forecast(folder: Path) -> None:
    (product,) = told(folder, "PRD-CCI-1", "--since", "20d")[:1]
    assert (product["enough_data"], product["horizons"], product["rates"]) == (False, [], None)


def test_people_read_why_nothing_is_said(folder: Path) -> None:
    said = call("forecast", "--config", folder / "monitor.toml", "PRD-TRAIN-1").stdout
    assert "not enough data: " in said
    assert " of 50 openings, 36 of 28 days that were watched" in said


def test_people_read_the_chance_or_the_usual(folder: Path) -> None:
    said = call("forecast", "--config", folder / "monitor.toml", "PRD-TRAIN-6").stdout
    assert "opens within" in said
    assert "36 days that were watched" in said


def test_a_product_in_stock_and_one_not_known_are_called_so(tmp_path: Path) -> None:
    with stocked(tmp_path, *(stock(TRAIN_1=left) for left in (0, 1))):
        said = call("forecast", "--config", tmp_path / "monitor.toml").stdout
    assert "not enough data: 1 of 50 openings, 0.0 of 28 days" in said


def test_names_that_are_none_are_usage_errors(folder: Path) -> None:
    result = call("forecast", "--config", folder / "monitor.toml", "PRD-TRAIN-66")
    assert result.exit_code == 2
    assert "there is no product 'PRD-TRAIN-66'; nearest: PRD-TRAIN-6" in result.stderr
    assert call("forecast", "--config", folder / "monitor.toml", "--rule", "nobody").exit_code == 2


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(CONFIG, encoding="utf-8")
    result = call("forecast", "--config", tmp_path / "monitor.toml")
    assert result.exit_code == 6
    assert result.stdout == ""


def test_without_products_there_is_nothing_to_forecast(tmp_path: Path) -> None:
    with stocked(tmp_path):
        result = call("forecast", "--config", tmp_path / "monitor.toml")
    assert "no product is known yet" in result.stdout
