"""`monitor silence`, `silences` and `unsilence`: what a name means, what is kept, and what is said of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from monitor.cli.completing import complete_active_silences, complete_rules_and_products
from monitor.cli.main import main
from monitor.cli.naming import Meant, meaning_of
from monitor.core.decision import Silence
from monitor.store.database import Database
from monitor.store.world import load_silences
from tests.cli.calling import call
from tests.cli.stock import CONFIG, stock, stocked

RULES = ("h800-nodes", "cheap/fast", "PRD-BOTH")
CODES = ("PRD-TRAIN-1", "PRD-TRAIN-2", "PRD-BOTH")


def said(folder: Path, *words: str) -> str:
    result = call(*words, "--config", folder / "monitor.toml")
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def refused(folder: Path, *words: str) -> tuple[int, str]:
    result = call(*words, "--config", folder / "monitor.toml")
    return result.exit_code, result.stderr


def kept(folder: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said(folder, "silences", "--json", *words))["silences"]
    return found


def known_to_the_daemon(folder: Path) -> tuple[Silence, ...]:
    with (
        Database.open_for_command(f"sqlite:///{folder / 'monitor.db'}") as database,
        database.read() as reader,
    ):
        return load_silences(reader, datetime.now(UTC))


@pytest.mark.parametrize(
    ("name", "only", "meant"),
    [
        ("h800-nodes", None, Meant("h800-nodes")),
        ("PRD-TRAIN-1", None, Meant(None, "PRD-TRAIN-1")),
        ("h800-nodes/PRD-TRAIN-1", None, Meant("h800-nodes", "PRD-TRAIN-1")),
        ("cheap/fast", None, Meant("cheap/fast")),
        ("cheap/fast/PRD-TRAIN-2", None, Meant("cheap/fast", "PRD-TRAIN-2")),
        ("PRD-BOTH", "rule", Meant("PRD-BOTH")),
        ("PRD-BOTH", "product", Meant(None, "PRD-BOTH")),
    ],
)
def test_a_name_means_a_rule_a_product_or_one_under_the_other(
    name: str, only: str | None, meant: Meant
) -> None:
    assert meaning_of(name, RULES, CODES, only) == meant


@pytest.mark.parametrize(
    ("name", "only", "words"),
    [
        ("PRD-BOTH", None, "'PRD-BOTH' is a rule and a product: say which, with --rule or --product"),
        ("PRD-TRIAN-1", None, "there is no rule and no product 'PRD-TRIAN-1'; nearest: PRD-TRAIN-1"),
        ("h800-nodes/PRD-X", None, "there is no rule and no product 'h800-nodes/PRD-X'"),
        ("PRD-TRAIN-1", "rule", "there is no rule 'PRD-TRAIN-1'"),
        ("h800", "product", "there is no product 'h800'"),
    ],
)
def test_a_name_that_is_none_or_two_is_refused_with_the_way_on(
    name: str, only: str | None, words: str
) -> None:
    with pytest.raises(click.UsageError) as error:
        meaning_of(name, RULES, CODES, only)
    assert error.value.message.startswith(words)


def test_a_product_is_silenced_and_told_with_what_fires(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3, TRAIN_2=0)):
        words = said(tmp_path, "silence", "PRD-TRAIN-1", "--for", "2h", "--reason", "broken nodes")
        (silence,) = kept(tmp_path)
        (known,) = known_to_the_daemon(tmp_path)
    assert words.startswith("silence 1: product PRD-TRAIN-1 until ")
    assert "(Asia/Shanghai), 2 h from now" in words
    assert "firing now, and silent from here on: PRD-TRAIN-1 (aidc 1, any)" in words
    assert "no monitor is running: it holds for the next one that does" in words
    assert (silence["product_code"], silence["rule"], silence["reason"]) == (
        "PRD-TRAIN-1",
        None,
        "broken nodes",
    )
    assert [alert["product_code"] for alert in silence["firing"]] == ["PRD-TRAIN-1"]
    assert (known.rule, known.product_code) == (None, "PRD-TRAIN-1")
    assert known.until_at - known.from_at == timedelta(hours=2)


def test_a_rule_and_everything_can_be_silenced(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0)):
        assert "nothing of it fires now" in said(tmp_path, "silence", "trainers", "--for", "1h")
        said(tmp_path, "silence", "--all", "--for", "1h")
        known = known_to_the_daemon(tmp_path)
        rows = said(tmp_path, "silences")
    assert [(one.rule, one.product_code) for one in known] == [("trainers", None), (None, None)]
    assert "rule trainers" in rows
    assert "everything" in rows


def test_an_ended_silence_is_over_for_the_daemon_and_stays_on_record(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0)):
        said(tmp_path, "silence", "trainers", "--for", "1h")
        words = said(tmp_path, "unsilence", "1")
        assert words.startswith("silence 1 is over: rule trainers")
        assert known_to_the_daemon(tmp_path) == ()
        assert kept(tmp_path) == []
        assert "nothing is silenced" in said(tmp_path, "silences")
        (past,) = kept(tmp_path, "--all")
        assert (past["active"], past["ended_at"] is None) == (False, False)
        assert "ended" in said(tmp_path, "silences", "--all")
        assert refused(tmp_path, "unsilence", "1") == (1, "monitor: silence 1 is over already\n")
        code, words = refused(tmp_path, "unsilence", "7")
        assert (code, words) == (1, "monitor: there is no silence 7; `monitor silences` lists them\n")


def test_an_end_says_what_stays_silent_and_what_is_told_next(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0)) as monitor:
        said(tmp_path, "silence", "PRD-TRAIN-1", "--for", "1h")
        said(tmp_path, "silence", "--all", "--for", "1h")
        monitor.world.silences = known_to_the_daemon(tmp_path)
        monitor.poll(stock(TRAIN_1=3), later=timedelta(seconds=1))
        assert "it stays silent until" in said(tmp_path, "unsilence", "1")
        words = said(tmp_path, "unsilence", "2")
    assert "still in stock, and told at the next poll: PRD-TRAIN-1 (aidc 1, any)" in words


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (
            ["silence", "PRD-TRIAN-1", "--for", "1h"],
            2,
            "there is no rule and no product 'PRD-TRIAN-1'; nearest",
        ),
        (["silence", "--for", "1h"], 2, "name a rule or a product, or say --all"),
        (["silence", "trainers", "--all", "--for", "1h"], 2, "name a rule or a product, or say --all"),
        (["silence", "trainers", "--for", "0s"], 2, "must be longer than nothing"),
        (["silence", "trainers", "--for", "2 hours"], 2, 'did you mean "2h"'),
        (["silence", "trainers", "--for", "1h", "--reason", "a\nb"], 2, "must be one line"),
        (["unsilence", "zero"], 2, "'zero' is not a valid integer"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0)):
        found = refused(tmp_path, *words)
    assert found[0] == code
    assert sentence in found[1]


@pytest.mark.parametrize("words", [["silence", "x", "--for", "1h"], ["silences"], ["unsilence", "1"]])
def test_without_a_database_or_a_configuration_it_is_said_what_to_do(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "monitor.toml").write_text(CONFIG)
    code, sentence = refused(tmp_path, *words)
    assert (code, "start the monitor first" in sentence) == (6, True)
    missing = call(*words, "--config", tmp_path / "none.toml")
    assert missing.exit_code == 3


def test_names_and_numbers_are_completed(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0, TRAIN_2=0)):
        said(tmp_path, "silence", "trainers", "--for", "1h")
        said(tmp_path, "silence", "PRD-TRAIN-1", "--for", "1h")
        said(tmp_path, "unsilence", "1")
        words = ["--config", str(tmp_path / "monitor.toml"), "silences"]
        argument = click.Argument(["any"])
        with main.make_context("monitor", words, resilient_parsing=True) as context:
            assert complete_rules_and_products(context, argument, "") == [
                *("PRD-TRAIN-1", "PRD-TRAIN-2", "trainers")
            ]
            assert complete_rules_and_products(context, argument, "trainers/PRD-TRAIN-2") == [
                "trainers/PRD-TRAIN-2"
            ]
            assert complete_active_silences(context, argument, "") == ["2"]
        with main.make_context(
            "monitor", [*words[:1], "nowhere", "silences"], resilient_parsing=True
        ) as context:
            assert complete_active_silences(context, argument, "") == []
