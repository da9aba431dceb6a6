"""`monitor history`: which products it takes, their windows, and how what is not known looks."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.core.product import Attributes, Invalid
from tests.cli.calling import call, run_process
from tests.cli.stock import stock, stocked, train
from tests.store.ground import TIMEOUT

ODD = Invalid("no count")


def told(folder: Path, *words: str) -> list[dict[str, Any]]:
    result = call("history", "--json", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    products: list[dict[str, Any]] = json.loads(result.stdout)["products"]
    return products


def codes(folder: Path, *words: str) -> list[str]:
    return [product["product_code"] for product in told(folder, *words)]


def seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_a_window_has_both_ends_their_uncertainty_and_its_peak(tmp_path: Path) -> None:
    with stocked(tmp_path, *(stock(TRAIN_1=left) for left in (0, 2, 5, 1, 0))):
        ((window,),) = [product["windows"] for product in told(tmp_path)]
    assert (window["peak"], window["open"]) == (5, False)
    assert seconds(window["unseen_at"], window["opened_at"]) == 15
    assert seconds(window["opened_at"], window["closed_at"]) == 45
    assert seconds(window["last_at"], window["closed_at"]) == 15


def test_time_that_is_not_known_never_ends_a_window(tmp_path: Path) -> None:
    odd = stock(TRAIN_1=ODD, TRAIN_2=1)
    answers = (stock(TRAIN_1=0, TRAIN_2=1), stock(TRAIN_1=2, TRAIN_2=1), odd, TIMEOUT, odd)
    with stocked(tmp_path, *answers, stock(TRAIN_1=3, TRAIN_2=1)):
        (product,) = told(tmp_path, "PRD-TRAIN-1")
    assert [(window["peak"], window["open"]) for window in product["windows"]] == [(3, True)]
    assert [span["state"] for span in product["spans"]] == ["out", "in stock", "unknown", "in stock"]


def test_a_window_that_reached_into_the_time_is_told_from_its_beginning(tmp_path: Path) -> None:
    with stocked(tmp_path, *(stock(TRAIN_1=left) for left in (0, 1, 2, 3, 4))):
        (product,) = told(tmp_path, "--since", "10s")
    (window,) = product["windows"]
    assert seconds(window["unseen_at"], window["opened_at"]) == 15
    assert [span["remaining"] for span in product["spans"]] == [3, 4]


def test_without_a_name_those_are_told_that_changed(tmp_path: Path) -> None:
    before = [stock(TRAIN_1=1, TRAIN_2=1)] * 3
    with stocked(tmp_path, *before, stock(TRAIN_1=2, TRAIN_2=1)):
        assert codes(tmp_path, "--since", "20s") == ["PRD-TRAIN-1"]
        assert codes(tmp_path, "--since", "20s", "PRD-TRAIN-2") == ["PRD-TRAIN-2"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["PRD-TRAIN-1"], ["PRD-TRAIN-1"]),
        (["PRD-TRAIN-*"], ["PRD-TRAIN-1", "PRD-TRAIN-2"]),
        (["alaya/1/PRD-CCI-1"], ["PRD-CCI-1"]),
        (["*/1/*-?"], ["PRD-CCI-1", "PRD-TRAIN-1", "PRD-TRAIN-2"]),
        (["PRD-CCI-1", "prd-train-1"], ["PRD-CCI-1", "PRD-TRAIN-1"]),
        (["--rule", "trainers"], ["PRD-TRAIN-1", "PRD-TRAIN-2"]),
    ],
)
def test_products_are_named_in_many_ways(tmp_path: Path, names: list[str], found: list[str]) -> None:
    with stocked(tmp_path, stock(CCI_1=1, TRAIN_1=1, TRAIN_2=1)):
        assert codes(tmp_path, *names) == found


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["PRD-TRAIM-1"], "there is no product 'PRD-TRAIM-1'; nearest: PRD-TRAIN-1"),
        (["other/1/PRD-TRAIN-1"], "there is no product 'other/1/PRD-TRAIN-1'; nearest: PRD-TRAIN-1"),
        (["zzz"], "there is no product 'zzz'\n"),
        (["--rule", "trainer"], "there is no rule 'trainer'; did you mean trainers?"),
    ],
)
def test_an_unknown_name_is_a_usage_error_with_the_nearest_ones(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    with stocked(tmp_path, stock(TRAIN_1=1)):
        result = call("history", "--config", tmp_path / "monitor.toml", *words)
    assert (result.exit_code, sentence in result.stderr) == (2, True)


def test_a_database_that_knows_no_product_says_so(tmp_path: Path) -> None:
    with stocked(tmp_path):
        result = call("history", "--config", tmp_path / "monitor.toml", "PRD-1")
        quiet = call("history", "--config", tmp_path / "monitor.toml")
    assert (result.exit_code, "the database knows no product yet" in result.stderr) == (2, True)
    assert (quiet.exit_code, quiet.stdout) == (0, "nothing changed in that time\n")


def test_a_rule_needs_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with stocked(tmp_path, stock(TRAIN_1=1)):
        (tmp_path / "monitor.toml").unlink()
        result = call("history", "--rule", "trainers")
    assert (result.exit_code, "--rule needs a configuration" in result.stderr) == (2, True)


def test_the_chart_hatches_what_is_not_known(tmp_path: Path) -> None:
    answers = [stock(TRAIN_1=0)] * 10 + [TIMEOUT] * 10 + [stock(TRAIN_1=2)] * 10
    with stocked(tmp_path, *answers):
        result = call("history", "--since", "10m", "--config", tmp_path / "monitor.toml")
    top, *_, bottom = [line[2:] for line in result.stdout.splitlines() if "┤" in line]
    no_record, unknown = top.count("░"), top.count("▒")
    assert top == "░" * no_record + " " * top.count(" ") + "▒" * unknown + "━" * top.count("━")
    assert bottom.startswith("░" * no_record + "─")
    assert no_record == 0  # the chart begins where the record does
    assert 31 <= unknown <= 34  # a third of it, in 98 columns
    assert (bottom.count("▒"), bottom.count("━")) == (unknown, 0)


def test_a_product_that_is_not_known_now_is_not_called_open(tmp_path: Path) -> None:
    first, odd = stock(TRAIN_1=2, TRAIN_2=1), stock(TRAIN_1=ODD, TRAIN_2=1)
    with stocked(tmp_path, first, first, odd, odd):
        result = call("history", "--config", tmp_path / "monitor.toml", "PRD-TRAIN-1")
    (row,) = [
        line.split() for line in result.stdout.splitlines() if "not known  " in line and "2" in line[-1:]
    ]
    assert " ".join(row[1:]) == "— not known at least 15 s 2"


def test_changes_of_attributes_are_told(tmp_path: Path) -> None:
    dear = train(2, attributes=Attributes("train", price=None, gpu_count=4))
    with stocked(tmp_path, stock(TRAIN_1=2), stock(TRAIN_1=dear)):
        (product,) = told(tmp_path, "PRD-TRAIN-1")
        result = call("history", "--config", tmp_path / "monitor.toml", "PRD-TRAIN-1")
    assert [(c["field"], c["old"], c["new"]) for c in product["changes"]] == [("gpu_count", "8", "4")]
    assert "  gpu count: 8 → 4\n" in result.stdout


def test_a_window_has_the_price_at_which_it_opened(tmp_path: Path) -> None:
    cheap, dear = (
        train(2, attributes=Attributes("train", price=Decimal(price), price_unit=11)) for price in (2, 3)
    )
    polls = [stock(TRAIN_1=0), *[stock(TRAIN_1=cheap)] * 40, stock(TRAIN_1=0), stock(TRAIN_1=dear)]
    with stocked(tmp_path, *polls):
        (product,) = told(tmp_path)
        (late,) = told(tmp_path, "--since", "5m")
    assert [(w["price"], w["price_unit"], w["drops"]) for w in product["windows"]] == [(2, 11, 0), (3, 11, 0)]
    assert [w["price"] for w in late["windows"]] == [None, 3]  # of the time before no change is known


def test_times_are_of_the_configured_zone_and_utc_in_json(tmp_path: Path) -> None:
    noon = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=2)
    with stocked(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=2), until=noon):
        (product,) = told(tmp_path)
        result = call("history", "--config", tmp_path / "monitor.toml")
    assert product["windows"][0]["opened_at"] == f"{noon:%Y-%m-%d}T04:00:00.000+00:00"
    assert f"{noon:%Y-%m-%d} 12:00:00" in result.stdout
    assert result.stdout.count("Asia/Shanghai") == 1


def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=2), stock(TRAIN_1=0)):
        code, out, _ = run_process(
            *("history", "--config", tmp_path / "monitor.toml"), env={"PYTHONIOENCODING": "ascii"}
        )
    assert code == 0
    chart = [line for line in out.splitlines() if line[1:2] == "|"]
    assert "?" not in "".join(chart)
    assert chart[0].startswith("2|:")
