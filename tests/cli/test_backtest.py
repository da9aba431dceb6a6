"""`monitor backtest`: which rules and pasts it takes, what it tells, and how what nobody watched looks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from tests.cli.stock import CONFIG, stock, stocked
from tests.store.ground import TIMEOUT

MORE = """
for = "30s"
[[watch]]
name = "everything"
match = { remaining = ">=1" }
min_gap = "90s"
[[watch]]
name = "none"
match = { product_code = "B200*" }
"""
OPENINGS = [stock(TRAIN_1=left, TRAIN_2=0) for left in (0, 2, 1, 1, 0, 3, 0, 0)]


def told(folder: Path, *words: str | Path) -> dict[str, Any]:
    result = call("backtest", "--json", "--config", folder / "monitor.toml", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_each_rule_is_told_with_its_openings_and_what_it_lost(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS):
        _configure(tmp_path, CONFIG + MORE)
        found = told(tmp_path)
    trainers, everything = found["rules"]
    assert (trainers["rule"], everything["rule"]) == ("trainers", "everything")
    assert found["rules_without_products"] == ["none"]
    assert (trainers["told"], trainers["messages"], everything["told"]) == (1, 2, 1)
    (opening,) = trainers["openings"]
    assert (opening["product_code"], opening["cause"], opening["remaining"]) == ("PRD-TRAIN-1", "stock", 1)
    assert (opening["told_at"], opening["muted"], opening["stayed"], opening["peak"]) == (
        opening["fired_at"],
        *(None, 15.0, 2),
    )
    own, *others = trainers["timings"]
    assert (own["setting"], own["openings"], own["told"], own["lost"]) == (None, 2, 1, 1)
    assert (own["later_median"], own["later_p90"], own["left_median"]) == (30.0, 30.0, 15.0)
    at_once = next(one for one in others if (one["setting"], one["value"]) == ("for", 0.0))
    assert (at_once["told"], at_once["lost"]) == (2, 0)
    spaced = next(one for one in others if (one["setting"], one["value"]) == ("min_gap", 0.0))
    assert spaced["told"] == 1


def test_the_table_says_it_all_in_words(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS[:4], *[TIMEOUT] * 5, *OPENINGS[4:]):
        _configure(tmp_path, CONFIG + MORE)
        said = call("backtest", "--config", tmp_path / "monitor.toml").stdout
    lines = said.splitlines()
    assert lines[0] == "trainers PRD-TRAIN-1 (aidc 1), PRD-TRAIN-2 (aidc 1)"
    assert lines[1] == "fired once; 2 messages to a channel that takes all kinds"
    assert "1  1 min 30 s  BACK IN STOCK  ✓ at once" in said
    assert "everything PRD-TRAIN-1" in said
    assert ["as", "configured", "1", "of", "2", "1", "30", "s"] in [line.split()[:8] for line in lines]
    assert "none watches no product of this database" in said
    assert (
        "polled every 15s; not watched for 1 min 30 s of it (50.0 %, 1 stretch): nothing is decided then"
        in said
    )


def test_only_the_newest_openings_are_listed_unless_all_are_wanted(tmp_path: Path) -> None:
    with stocked(tmp_path, *[stock(TRAIN_1=number % 2) for number in range(40)]):
        _configure(tmp_path, CONFIG.replace('name = "trainers"', 'name = "trainers"\nmin_gap = "0s"'))
        few, every = (
            call("backtest", "--config", tmp_path / "monitor.toml", *more).stdout for more in ([], ["--all"])
        )
    assert "the newest 10; --all lists every one" in few
    assert (few.count("BACK IN STOCK"), every.count("BACK IN STOCK")) == (10, 20)


def test_one_rule_may_be_named(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS):
        _configure(tmp_path, CONFIG + MORE)
        found = told(tmp_path, "--rule", "everything")
        said = call("backtest", "--rule", "everything", "--config", tmp_path / "monitor.toml").stdout
    assert [one["rule"] for one in found["rules"]] == ["everything"]
    assert found["rules_without_products"] == []
    assert "fired 2 times, 1 of them without being told" in said
    assert "– flapping" in said


def test_a_new_configuration_is_tried_on_the_old_database(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        _configure(elsewhere, CONFIG + MORE)
        found = told(elsewhere, "--database", tmp_path / "monitor.db")
    assert [one["told"] for one in found["rules"]] == [1, 1]


def test_a_rule_without_channels_is_tried_as_well(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS):
        _configure(
            tmp_path, CONFIG.replace('name = "trainers"', 'name = "trainers"\nmin_gap = "90s"\nnotify = []')
        )
        (trainers,) = told(tmp_path)["rules"]
    assert [one["muted"] for one in trainers["openings"]] == [None, "flapping"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--rule", "trainer"], 2, "there is no rule 'trainer'; did you mean trainers?"),
        (["--since", "yesterday"], 2, "cannot read"),
        (["--database", "/nowhere/m.db"], 6, "monitor: the database /nowhere/m.db does not exist"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    with stocked(tmp_path, *OPENINGS):
        said = call("backtest", "--config", tmp_path / "monitor.toml", *words)
    assert said.exit_code == code
    assert sentence in said.stderr


def test_a_time_in_which_nothing_was_polled_is_told_as_such(tmp_path: Path) -> None:
    with stocked(tmp_path, *OPENINGS, until=datetime.now(UTC) - timedelta(hours=3)):
        _configure(tmp_path, CONFIG + MORE)
        said = call("backtest", "--since", "2h", "--config", tmp_path / "monitor.toml")
    first, second = said.stdout.splitlines()
    assert (said.exit_code, first) == (0, "none watches no product of this database")
    assert second.startswith("nothing that they watch was polled since ")


def test_without_a_rule_there_is_nothing_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stocked(tmp_path, *OPENINGS):
        (tmp_path / "monitor.toml").unlink()
        monkeypatch.chdir(tmp_path)
        said = call("backtest")
    assert said.exit_code == 2
    assert "there is no rule to try: name a configuration that has some with --config" in said.stderr


def test_without_a_configuration_and_a_database_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("backtest").exit_code == 3


def _configure(folder: Path, text: str) -> None:
    file = folder / "monitor.toml"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
