"""docs/cli.md tells what the command line does."""

import re
from pathlib import Path

from monitor.cli.main import EXIT_CODES, VERBS
from tests.cli.calling import ROOT, StandIn, call, config_file, offer

_SECTIONS = re.MULTILINE | re.DOTALL
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_every_verb_has_a_row_and_a_section() -> None:
    assert re.findall(r"^## `monitor ([a-z-]+)`$", PAGE, re.MULTILINE) == list(VERBS)
    assert re.findall(r"^\| \[`([a-z-]+)`\]", PAGE, re.MULTILINE) == list(VERBS)


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert rows.pop("130")
    assert rows == {str(code): meaning for code, meaning in EXIT_CODES.items()}


def test_the_table_of_once_is_the_one_that_is_printed(tmp_path: Path) -> None:
    with StandIn(offer("PRD-TRAIN-1")) as provider:
        said = call("once", "--config", config_file(tmp_path, provider.url))
    heading = said.stdout.splitlines()[0].split()
    assert heading in [line.split() for line in PAGE.splitlines()]


def test_every_option_of_the_page_is_one(tmp_path: Path) -> None:
    for verb, section in re.findall(r"^## `monitor (run|check|simulate)`$(.*?)(?=^## )", PAGE, _SECTIONS):
        helped = call(verb, "--help").output
        named = set(re.findall(r"`(--[a-z]+)", section))
        assert named
        assert all(option in helped for option in named), (verb, named)
