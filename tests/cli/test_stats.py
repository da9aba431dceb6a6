"""`monitor stats`: what it tells of products and of rules, and of what it knows nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.answer import Failed, Listing
from tests.cli.calling import call, run_process
from tests.cli.stock import stock, stocked
from tests.store.ground import TIMEOUT

WINDOW = (2, 2, 1, 0)
"""Seen by three polls: it lasted for half a minute at least, and for a minute at most."""


def told(folder: Path, *words: str) -> dict[str, Any]:
    result = call("stats", "--json", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def shown(folder: Path, *words: str) -> str:
    result = call("stats", "--config", folder / "monitor.toml", *words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def windows(count: int) -> list[Listing | Failed]:
    return [stock(TRAIN_1=left, TRAIN_2=0) for left in (0, *WINDOW * count)]


def test_a_product_is_told_in_sentences_a_table_and_a_map(tmp_path: Path) -> None:
    with stocked(tmp_path, *windows(6)):
        text = shown(tmp_path, "PRD-TRAIN-1", "--since", "10m")
    lines = text.splitlines()
    assert lines[0].startswith("PRD-TRAIN-1 train · alaya · AIDC 1 · 8 × H800")
    assert "6 openings seen; the last opened " in lines[2]
    assert lines[3:6] == [
        "0% to 100% of windows outlast 30 s (the polls tell no more exactly)",
        "0% of windows outlast 2 min",
        "0% of windows outlast 10 min",
    ]
    assert "half up to            45 s (30 s - 1 min)        " in text
    assert "quarter up to       not enough data (6 of 13)" in text
    assert "usually 2 nodes, 2 at most" in text
    assert "price when it opened: 19.9 CNY/h" in text
    assert len([line for line in lines if line[:3] in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}]) == 7
    assert "▒ not watched  (Asia/Shanghai)" in text


def test_below_six_windows_no_odds_are_told(tmp_path: Path) -> None:
    with stocked(tmp_path, *windows(3)):
        text = shown(tmp_path, "PRD-TRAIN-1")
        (product,) = told(tmp_path, "PRD-TRAIN-1")["products"]
    assert "odds: not enough data (3 of 6)" in text
    assert {odds["withheld"] for odds in product["odds"]} == {"not enough data"}


def test_without_words_every_rule_and_product_has_a_line(tmp_path: Path) -> None:
    with stocked(tmp_path, *windows(2)):
        text = shown(tmp_path)
    lines = [line.split() for line in text.splitlines() if line]
    assert [line[0] for line in lines] == ["rule", "trainers", "product", "PRD-TRAIN-1", "1", "in"]
    assert "1 more that was never in stock in that time" in text


def test_codes_that_two_data_centres_share_are_told_apart(tmp_path: Path) -> None:
    from tests.store.ground import listing, seen

    both = [listing({"PRD-1": seen(left)}, aidc_id=centre) for centre in (1, 2) for left in (0, 1)]
    merged = [Listing(one.rows + two.rows) for one, two in zip(both[:2], both[2:], strict=True)]
    with stocked(tmp_path, *merged):
        text = shown(tmp_path)
    assert [line.split()[0] for line in text.splitlines() if "PRD-1" in line] == [
        "alaya/1/PRD-1",
        "alaya/2/PRD-1",
    ]


def test_a_rule_takes_its_products_together(tmp_path: Path) -> None:
    left = ((0, 0), (1, 0), (0, 3), (0, 0), (0, 1))
    polls = [stock(TRAIN_1=one, TRAIN_2=two, CCI_1=9) for one, two in left]
    with stocked(tmp_path, *polls):
        found = told(tmp_path, "--rule", "trainers")
        text = shown(tmp_path, "--rule", "trainers")
    (rule,) = found["rules"]
    assert [product["product_code"] for product in found["products"]] == ["PRD-TRAIN-1", "PRD-TRAIN-2"]
    assert [product["product_code"] for product in rule["watches"]] == ["PRD-TRAIN-1", "PRD-TRAIN-2"]
    assert (rule["windows"], rule["open_now"], rule["most"]) == (3, 1, 3)
    assert rule["available"] == pytest.approx(30, abs=2)
    assert rule["between"][1]["count"] == 2  # one came when the other went: nothing opened then
    assert text.startswith("rule trainers · 2 products taken together\n")


def test_a_rule_that_fits_nothing_says_so(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(CCI_1=1)):
        text = shown(tmp_path, "--rule", "trainers")
    assert "no product that the database knows fits it" in text


def test_what_nobody_watched_is_neither_out_nor_in(tmp_path: Path) -> None:
    failures = [TIMEOUT] * 6
    with stocked(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=2), *failures, stock(TRAIN_1=2), stock(TRAIN_1=0)):
        (product,) = told(tmp_path, "--since", "150s")["products"]
    assert (product["windows"], product["opening_unseen"], product["end_unseen"]) == (2, 1, 1)
    assert product["available"] == 30
    assert product["observed"] == pytest.approx(45, abs=2)
    assert sum(hour["observed"] for hour in product["hours"]) == product["observed"]
    watched = {(hour["weekday"], hour["hour"]) for hour in product["hours"] if hour["share"] is not None}
    now = datetime.now(UTC) + timedelta(hours=8)
    assert (now.isoweekday(), now.hour) in watched
    assert len(watched) <= 2


def test_times_that_were_asked_for_but_not_recorded_are_not_watched(tmp_path: Path) -> None:
    with stocked(tmp_path, *windows(1)):
        (product, _) = told(tmp_path, "--since", "90d")["products"]
    assert product["observed_share"] == pytest.approx(0, abs=0.0001)
    assert product["available_share"] == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["PRD-TRAIN-1", "--rule", "trainers"], "either products or --rule"),
        (["--rule", "trainer"], "there is no rule 'trainer'; did you mean trainers?"),
        (["PRD-TRIAN-1"], "there is no product 'PRD-TRIAN-1'; nearest: PRD-TRAIN-1"),
        (["--since", "soon"], "Invalid value for '--since'"),
    ],
)
def test_wrong_words_are_usage_errors(tmp_path: Path, words: list[str], sentence: str) -> None:
    with stocked(tmp_path, stock(TRAIN_1=1)):
        result = call("stats", "--config", tmp_path / "monitor.toml", *words)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr


def test_a_missing_database_is_one_sentence(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=1)):
        (tmp_path / "monitor.db").unlink()
        result = call("stats", "--config", tmp_path / "monitor.toml")
    assert result.exit_code == 6
    assert result.stderr.startswith("monitor: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    with stocked(tmp_path, *windows(6)):
        code, out, _ = run_process(
            *("stats", "PRD-TRAIN-1", "--config", tmp_path / "monitor.toml"),
            env={"PYTHONIOENCODING": "ascii"},
        )
    assert code == 0
    days = [line[5:] for line in out.splitlines() if line.startswith(("Mon ", "Sun "))]
    assert set("".join(days)) <= set("_.-=+*%@/")
