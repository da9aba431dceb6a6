"""Secrets in a short life of the real daemon, in a suite of tests, and a planted one that must be found."""

import json
from pathlib import Path

import pytest

from tests.fakes.internet import Answer
from tests.torture.secrets import story
from tests.torture.secrets.canaries import mint
from tests.torture.secrets.harness import owed, search
from tests.torture.secrets.suites import search_suite
from tests.torture.secrets.town import Town, answer_of_stock, built

SEED = 7
LEAKY = """
import logging, sqlite3


def test_says_it():
    logging.getLogger("monitor.leak").debug("asked with canary-key")


def test_prints_it():
    print("canary-key")


def test_writes_it(tmp_path):
    with sqlite3.connect(tmp_path / "monitor.db") as database:
        database.execute("CREATE TABLE told AS SELECT 'canary-key' AS text")
    (tmp_path / "monitor.toml").write_text("canary-key")


def test_keeps_it(tmp_path):
    (tmp_path / "output").write_text("***")
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A daemon at DEBUG whose provider and receivers quote what they were sent, killed and looked at."""
    with built(tmp_path_factory.mktemp("town") / "town", mint(SEED)) as town, story.kept(town):
        town.upstream.answers["127.0.0.1"] = answer_of_stock(3)
        town.answer_all(lambda quoted: Answer(500, quoted))
        daemon = town.stage.start()
        town.keep_process(daemon)
        story.receivers_quote(town, daemon, story.RUDE_ANSWERS[:2])
        key = town.secrets.api_key.text
        story.after(town, daemon, "failed", Answer(500, f'{{"message": "{key}"}}'))
        town.call("config show", "config", "show")
        daemon.kill()
    return town


def test_no_secret_is_written_by_a_daemon_whose_receivers_quote_it(town: Town) -> None:
    assert [str(hit) for hit in search(town)] == []
    assert {"output of the daemon", "file monitor.db", "rows of the database", "/proc/PID/cmdline"} <= set(
        town.found
    )
    assert [why for why in owed(town) if "was in no request" in why] == []


def test_a_spoilt_database_brings_the_trouble_that_is_waited_for(tmp_path: Path) -> None:
    with built(tmp_path / "town", mint(SEED)) as spoilt:
        spoilt.upstream.answers["127.0.0.1"] = answer_of_stock(3)
        daemon = spoilt.stage.start()
        assert "database" in daemon.said
        assert story.TROUBLE not in daemon.said
        story.database_is_spoilt(spoilt, daemon)
        assert story.TROUBLE in daemon.said


@pytest.mark.parametrize("place", ["output of the daemon", "rows of the database", "messages to discord.com"])
def test_a_planted_secret_is_found(town: Town, place: str) -> None:
    before = town.found[place]
    try:
        town.keep(place, json.dumps({"reason": town.secrets.discord.text}).encode())
        assert {(hit.canary, hit.place) for hit in search(town)} == {("token of Discord", place)}
    finally:
        town.found[place] = before


def test_a_canary_that_was_in_no_request_proves_nothing(town: Town) -> None:
    unused = Town(town.stage, mint(SEED + 1), town.upstream, town.found)
    assert len([why for why in owed(unused) if "was in no request" in why]) == 10


def test_a_suite_that_says_prints_or_writes_a_secret_is_found_out(tmp_path: Path) -> None:
    suite = tmp_path / "test_leaky.py"
    suite.write_text(LEAKY)
    found = search_suite(str(suite), tmp_path, lambda _: None, "--rootdir", str(tmp_path))
    assert found.tests == 4
    for leak in (
        "test_says_it: log of monitor.leak",
        "test_prints_it: Captured stdout",
        "test_writes_it: file monitor.db",
    ):
        assert any(leak in violation for violation in found.violations), leak
    assert found.hits == 3


def test_a_suite_without_a_secret_in_it_is_clean(tmp_path: Path) -> None:
    found = search_suite("tests/source/test_excerpt.py", tmp_path, lambda _: None)
    assert found.violations == []
    assert found.tests > 0
