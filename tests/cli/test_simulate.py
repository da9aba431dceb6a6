"""`monitor simulate` as a process: what it says, serves, refuses and how it ends."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.calling import ROOT, StandIn, call, process, run_process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with process("simulate", "--port", "0") as running:
        url = _url(running)
        codes = [product["productCode"] for product in _ask(url)["data"]]
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (0, "")
    assert "PRD-TRAIN-1" in codes
    assert out.endswith("stopped after 1 request\n")


def test_it_takes_only_the_key_that_was_named() -> None:
    with process("simulate", "--port", "0", "--key", "secret") as running:
        url = _url(running)
        with pytest.raises(HTTPError, match="403"):
            _ask(url, "another")
        assert _ask(url, "secret")["status"] == 200
        running.terminate()
        running.communicate(timeout=30)


def test_it_plays_the_scenario_of_a_file() -> None:
    with process("simulate", "--port", "0", "--scenario", ROOT / "docs/sold-out-and-back.toml") as running:
        assert running.stdout is not None
        greeting = running.stdout.readline()
        running.terminate()
        running.communicate(timeout=30)
    assert "sold-out-and-back.toml" in greeting


def test_the_example_it_prints_is_the_request_that_it_answers() -> None:
    with process("simulate", "--port", "0") as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(2)]
        url = lines[1].split()[-1]
        assert 'curl -H "Authorization: Bearer any-key"' in lines[1]
        with urlopen(Request(url, headers={"Authorization": "Bearer any-key"})) as answer:
            assert answer.status == 200
        running.terminate()
        running.communicate(timeout=30)


def test_a_busy_port_is_one_sentence_and_code_1() -> None:
    with StandIn() as other:
        code, out, err = run_process("simulate", "--port", str(other.port))
    assert (code, out) == (1, "")
    assert err.startswith(f"monitor: port {other.port} of 127.0.0.1 is in use: ")
    assert err.count("\n") == 1


def test_a_bad_scenario_tells_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[[product]]\nproduct_code = "A"\nremaning = 1\n[[event]]\nat = "1s"\n')
    said = call("simulate", "--scenario", file)
    assert said.exit_code == 3
    assert "monitor: s.toml:3: product[1].remaning: unknown key; did you mean remaining?" in said.stderr
    assert said.stderr.count("monitor: s.toml:") > 1


@pytest.mark.parametrize(
    "words",
    [["--port", "65536"], ["--port", "x"], ["--seed", "1", "--scenario", "docs/x.toml"], ["--prot", "1"]],
)
def test_wrong_words_are_usage_errors(words: list[str]) -> None:
    assert call("simulate", *words).exit_code == 2


def _url(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
    assert found
    return found[0]


def _ask(url: str, key: str = "any") -> Any:
    request = Request(f"{url}/v1/product/list-for-training-task", headers={"Authorization": f"Bearer {key}"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_it_makes_up_a_past_and_the_truth_beside_it(tmp_path: Path) -> None:
    made = tmp_path / "m.db"
    said = call("simulate", "--history", "2h", "--seed", "7", "--into", made, "--until", "2026-11-20")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.startswith(f"{made} holds 2 h of 12 products, polled every 15 s (seed 7)\n")
    first = json.loads((tmp_path / "m.db.truth.jsonl").read_text("utf-8").splitlines()[0])
    assert (first["since"], first["until"]) == (
        "2026-11-19T22:00:00.000+00:00",
        "2026-11-20T00:00:00.000+00:00",
    )
    again = call("simulate", "--history", "2h", "--into", made)
    assert again.exit_code == 1
    assert again.stderr == f"monitor: {made} exists already, and is not overwritten: name another file\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--history", "90d"], "--history goes with --into: the database to be made"),
        (["--into", "m.db"], "--into goes with --history: how long a past is made up, as in 90d"),
        (["--products", "3"], "--products goes with --history: how long a past is made up, as in 90d"),
        (["--truth", "t"], "--truth goes with --history: how long a past is made up, as in 90d"),
        (["--until", "2026-01-01"], "--until goes with --history: how long a past is made up, as in 90d"),
        (
            ["--history", "90d", "--into", "m.db", "--port", "1"],
            "--port is for the server, which --history does not start",
        ),
        (
            ["--history", "90d", "--into", "m.db", "--key", "k"],
            "--key is for the server, which --history does not start",
        ),
        (["--history", "1m", "--into", "m.db"], "--history is 1h at least"),
        (["--history", "1d", "--into", "m.db", "--until", "0001-01-01"], "--until is from 2000 to 2099"),
        (["--history", "soon", "--into", "m.db"], 'cannot read "soon"'),
    ],
)
def test_options_that_do_not_go_together_are_told_in_a_sentence(words: list[str], sentence: str) -> None:
    said = call("simulate", *words)
    assert said.exit_code == 2
    assert sentence in said.stderr
