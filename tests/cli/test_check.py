"""`monitor check`: what it finds, and the exit code that follows."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import Result

from monitor.simulator.scenario import FaultKind
from monitor.store.database import Database
from monitor.store.revision import HEAD
from tests.cli.calling import StandIn, call, config_file, offer, run_process

NOWHERE = "http://127.0.0.1:1"


def test_a_sound_setup_is_all_there_and_changes_nothing(tmp_path: Path) -> None:
    code, out, err = run_process("check", "--config", config_file(tmp_path, NOWHERE))
    assert (code, err) == (0, "")
    assert "✓ ok  configuration" in out
    assert "1 feed, 2 channels, 1 rule" in out
    assert "monitor.db will be made at the first start" in out
    assert out.endswith("all there\n")
    assert [path.name for path in tmp_path.iterdir()] == ["monitor.toml"]


def test_every_problem_of_the_file_is_a_finding(tmp_path: Path) -> None:
    more = "notfy = 1\nnot_a_key = 2\n"
    said = call("check", "--config", config_file(tmp_path, NOWHERE, more))
    assert said.exit_code == 3
    assert said.stdout.count("✗ failed") == 2
    assert "monitor.toml:14: watch[1].notfy" in said.stdout


def test_every_secret_is_looked_for_and_none_is_shown(tmp_path: Path) -> None:
    token = "canary-4f1d"
    (tmp_path / "key").write_text(token)
    more = '[channels.ch3]\nurl = { env = "MONITOR_TEST_URL" }\n'
    file = config_file(tmp_path, NOWHERE, more, key='{ file = "key" }')
    said = call("check", "--config", file)
    assert said.exit_code == 3
    assert _found(said, "key of source default") == f"there (file {tmp_path / 'key'})"
    assert "MONITOR_TEST_URL is not set" in _found(said, "url of channel ch3")
    assert token not in said.output
    assert call("check", "--config", file, env={"MONITOR_TEST_URL": "json://x"}).exit_code == 0


def test_a_single_channel_is_warned_of(tmp_path: Path) -> None:
    said = call("check", "--config", config_file(tmp_path, NOWHERE, channels=1))
    assert said.exit_code == 0
    assert "! warning  configuration" in said.stdout
    assert "is the only channel: when it fails, there is no other to say so" in said.stdout
    assert "all there; warnings: 1" in said.stdout


def test_a_secret_that_everyone_may_read_is_warned_of(tmp_path: Path) -> None:
    file = config_file(tmp_path, NOWHERE)
    file.chmod(0o644)
    said = call("check", "--config", file)
    assert said.exit_code == 0
    assert "chmod 600" in said.stdout


def test_a_database_in_use_names_who_has_it(tmp_path: Path) -> None:
    file = config_file(tmp_path, NOWHERE)
    with Database.open(f"sqlite:///{tmp_path / 'monitor.db'}", holder="a test"):
        said = call("check", "--config", file)
    assert said.exit_code == 0
    assert "open in the monitor: process" in _found(said, "database")
    assert "a test" in _found(said, "database")
    assert f"revision {HEAD}; not in use" in _found(call("check", "--config", file), "database")


def test_a_file_that_is_no_database_is_code_6(tmp_path: Path) -> None:
    file = config_file(tmp_path, NOWHERE)
    (tmp_path / "monitor.db").write_bytes(b"not a database" * 100)
    code, out, _ = run_process("check", "--config", file)
    assert code == 6
    assert "✗ failed  database" in out
    assert (tmp_path / "monitor.db").read_bytes() == b"not a database" * 100


def test_a_directory_that_is_not_there_is_code_6(tmp_path: Path) -> None:
    file = config_file(tmp_path, NOWHERE, '[storage]\nurl = "sqlite:///no/monitor.db"\n')
    said = call("check", "--config", file)
    assert said.exit_code == 6
    assert f"the directory {tmp_path / 'no'} does not exist" in said.stdout


def test_online_tells_feeds_rules_and_channels(tmp_path: Path) -> None:
    more = '[[watch]]\nname = "h20"\nmatch = { gpu_name = "*H20*", gpu_count = 8 }\n'
    offers = offer(), offer("PRD-2", 0), offer("PRD-3", gpu_name="NVIDIA-A100")
    with StandIn(*offers) as provider:
        said = call("check", "--online", "--config", config_file(tmp_path, provider.url, more))
        assert provider.request_count == 1
        assert provider.messages == []
    assert said.exit_code == 0
    assert _found(said, "feed default").startswith("3 products, 2 in stock, ")
    assert _found(said, "rule h800") == "PRD-1 (aidc 1) met; PRD-2 (aidc 1) not met: remaining"
    assert _found(said, "rule h20") == "matches none of the 3 products; turned away by gpu_name (3)"
    assert _found(said, "channel ch1").startswith("its URL can be used")


@pytest.mark.parametrize("fault", [FaultKind.FORBIDDEN, FaultKind.HTML])
def test_online_a_poll_that_fails_is_code_5(tmp_path: Path, fault: FaultKind) -> None:
    with StandIn(offer(), fault=fault) as provider:
        code, out, _ = run_process("check", "--online", "--config", config_file(tmp_path, provider.url))
    assert code == 5
    assert "✗ failed  feed default" in out
    assert "rule h800" not in out


def test_online_a_refused_key_is_code_5(tmp_path: Path) -> None:
    with StandIn(offer(), api_key="another") as provider:
        said = call("check", "--online", "--config", config_file(tmp_path, provider.url))
    assert said.exit_code == 5
    found = _found(said, "feed default")
    assert "key was refused" in found
    assert "; put a valid key into monitor.toml (source.api_key)" in found


def test_online_a_channel_that_cannot_be_loaded_is_code_3_and_its_url_is_not_shown(tmp_path: Path) -> None:
    more = '[channels.ch3]\nurl = "nosuch://canary-4f1d@host"\n'
    with StandIn(offer()) as provider:
        said = call("check", "--online", "--config", config_file(tmp_path, provider.url, more))
    assert said.exit_code == 3
    assert "no service is known" in _found(said, "channel ch3")
    assert "canary-4f1d" not in said.output


def test_json_has_stable_keys(tmp_path: Path) -> None:
    said = call("check", "--json", "--config", config_file(tmp_path, NOWHERE, channels=1))
    told = json.loads(said.stdout)
    assert told.keys() == {"ok", "exit_code", "findings"}
    assert (told["ok"], told["exit_code"]) == (True, 0)
    assert all(finding.keys() == {"level", "what", "found"} for finding in told["findings"])
    assert {finding["level"] for finding in told["findings"]} == {"ok", "warning"}


def _found(said: Result, what: str) -> str:
    lines: Mapping[str, str] = {
        words[1]: words[2]
        for words in (line.split("  ", 2) for line in map(_single_spaced, said.stdout.splitlines()))
        if len(words) == 3
    }
    return lines[what]


def _single_spaced(line: str) -> str:
    """Cells of a row parted by exactly two spaces."""
    return "  ".join(cell.strip() for cell in line.split("  ") if cell.strip())
