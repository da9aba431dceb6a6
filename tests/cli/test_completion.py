"""Shell completion: the scripts, and the names they offer."""

from pathlib import Path

import click
import pytest

from monitor.cli.completing import complete_products, complete_rules
from monitor.cli.main import main
from tests.cli.calling import call, config_file, run_process


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    said = call("completion", shell)
    assert said.exit_code == 0
    assert f"_MONITOR_COMPLETE={shell}_complete" in said.stdout


def test_the_shell_is_that_of_the_environment() -> None:
    assert "zsh_complete" in call("completion", env={"SHELL": "/usr/bin/zsh"}).stdout
    assert call("completion", env={"SHELL": "/bin/dash"}).exit_code == 2
    assert call("completion", "tcsh").exit_code == 2


def test_verbs_and_options_are_completed() -> None:
    assert _completed("monitor noti") == ["notify-test"]
    assert _completed("monitor check --on") == ["--online"]


def test_channels_are_completed_from_the_configuration(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1")
    assert _completed("monitor notify-test ", MONITOR_CONFIG=str(file)) == ["ch1", "ch2"]
    assert _completed(f"monitor --config {file} notify-test ch2") == ["ch2"]


@pytest.mark.parametrize("text", [None, "not toml", "channels = 1\nwatch = 2\n", "[[watch]]\nname = 3\n"])
def test_a_file_that_cannot_be_read_completes_nothing(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "monitor.toml"
    if text is not None:
        file.write_text(text)
    assert _completed("monitor notify-test ", MONITOR_CONFIG=str(file)) == []
    with _context(file) as context:
        assert complete_rules(context, _ANY, "") == []
        assert complete_products(context, _ANY, "") == []


def test_rules_are_completed(tmp_path: Path) -> None:
    with _context(config_file(tmp_path, "http://127.0.0.1:1")) as context:
        assert complete_rules(context, _ANY, "h8") == ["h800"]
        assert complete_rules(context, _ANY, "x") == []


_ANY = click.Argument(["any"])


def _completed(line: str, **env: str) -> list[str]:
    words = line.split(" ")
    asked = {"_MONITOR_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    code, out, err = run_process(env={**asked, **env})
    assert (code, err) == (0, "")
    return [found.partition(",")[2] for found in out.split()]


def _context(file: Path) -> click.Context:
    return main.make_context("monitor", ["--config", str(file), "once"], resilient_parsing=True)
