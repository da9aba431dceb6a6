"""`monitor run` as a process: the demonstration, and how a start is refused."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.cli.calling import StandIn, config_file, offer, process, run_process

SCENARIO = """\
[[product]]
product_code = "PRD-TRAIN-1"
gpu_name = "NVIDIA-H800A-NV-80G"
gpu_count = 8
remaining = 2
"""


def test_the_demonstration_shows_messages_and_leaves_nothing_behind(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO)
    (tmp_path / "tmp").mkdir()
    env = {"TMPDIR": str(tmp_path / "tmp"), "MONITOR_CONFIG": str(tmp_path / "ignored.toml")}
    with process("run", "--simulate", "--scenario", scenario, env=env, stderr=subprocess.STDOUT) as running:
        _until(running, "its database")
        (folder,) = (tmp_path / "tmp").iterdir()
        assert (folder / "monitor.toml").stat().st_mode & 0o777 == 0o600
        shown = _until(running, "【有货】")
        running.send_signal(signal.SIGINT)
        rest, _ = running.communicate(timeout=30)
    assert running.returncode == 0, rest
    assert "IN STOCK 2 nodes × 8 H800A" in shown + rest
    assert "【有货】2 台 × 8 卡 H800A" in shown + rest
    assert "\x1b" not in shown
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("words", [["--scenario", "x.toml"], ["--seed", "1"], ["--simulate", "--seed", "x"]])
def test_a_scenario_needs_the_simulator(words: list[str]) -> None:
    code, out, _ = run_process("run", *words)
    assert (code, out) == (2, "")


def test_a_bad_scenario_is_code_3(tmp_path: Path) -> None:
    code, _, err = run_process("run", "--simulate", "--scenario", tmp_path / "none.toml")
    assert code == 3
    assert err == f"monitor: {tmp_path / 'none.toml'}: is not there: correct the path of the scenario\n"


def test_a_missing_configuration_is_code_3(tmp_path: Path) -> None:
    code, out, err = run_process("run", "--config", tmp_path / "monitor.toml")
    assert (code, out) == (3, "")
    assert err.startswith(
        f"monitor: {tmp_path / 'monitor.toml'}: is not there: correct the path, or make one"
    )
    assert err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_configuration_that_may_not_be_read_is_code_3(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1")
    file.chmod(0)
    code, _, err = run_process("run", "--config", file)
    assert (code, err) == (3, f"monitor: {file}: cannot be read: Permission denied\n")


def test_a_missing_key_is_code_3(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", key='{ env = "MONITOR_NO_SUCH_KEY" }')
    code, _, err = run_process("run", "--config", file)
    assert code == 3
    assert "source.api_key: the environment variable MONITOR_NO_SUCH_KEY is not set" in err


def test_a_held_database_is_code_6(tmp_path: Path) -> None:
    with StandIn(offer()) as provider:
        file = config_file(tmp_path, provider.url)
        with Database.open(f"sqlite:///{tmp_path / 'monitor.db'}", holder="a test"):
            code, _, err = run_process("run", "--config", file)
    assert code == 6
    assert err.startswith(f"monitor: {tmp_path / 'monitor.db'} is held by the monitor with process id ")
    assert err.count("\n") == 1


def test_it_runs_with_a_configuration_until_sigterm(tmp_path: Path) -> None:
    with (
        StandIn(offer()) as provider,
        process("run", "--config", config_file(tmp_path, provider.url)) as running,
    ):
        _until(running, "poll ok")
        running.terminate()
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (0, "")


def _until(running: "subprocess.Popen[str]", words: str) -> str:
    """What it prints up to the line with these words; the patience of `process` bounds the wait."""
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(f"it ended without {words!r}: {''.join(lines)}")
