"""`monitor once` against a stand-in: its table, its JSON, its exit codes."""

import json
import signal
import socket
from pathlib import Path

import pytest

from monitor.simulator.scenario import FaultKind
from tests.cli.calling import StandIn, call, config_file, offer, process, run_process


def test_a_met_rule_is_shown_and_is_code_0(tmp_path: Path) -> None:
    with StandIn(offer(), offer("PRD-2", gpu_name="-", gpu_count="0")) as provider:
        code, out, err = run_process("once", "--config", config_file(tmp_path, provider.url))
        assert provider.request_count == 1
        assert provider.messages == []
    assert (code, err) == (0, "")
    heading, first, second, *_ = out.splitlines()
    assert heading.split() == ["product", "name", "aidc", "size", "left", "price", "stock", "error", "meets"]
    assert first.split() == [
        "PRD-1",
        "分布式训练1",
        "1",
        "8",
        "×",
        "H800A",
        "3",
        "15.5",
        "CNY/h",
        "—",
        "h800",
    ]
    assert second.split()[-1] == "—"
    assert "no GPU" in second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.toml"]


def test_no_met_rule_is_code_4(tmp_path: Path) -> None:
    with StandIn(offer(remaining=0, stock_error="库存不足")) as provider:
        code, out, err = run_process("once", "--config", config_file(tmp_path, provider.url))
    assert (code, err) == (4, "")
    assert "库存不足" in out


def test_stock_behind_an_error_reads_as_blocked(tmp_path: Path) -> None:
    with StandIn(offer(remaining=6, stock_error="维护")) as provider:
        said = call("once", "--config", config_file(tmp_path, provider.url))
    assert said.exit_code == 4
    assert "blocked: 维护" in said.stdout


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (FaultKind.FORBIDDEN, "key was refused"),
        (FaultKind.SERVER_ERROR, "HTTP 500"),
        (FaultKind.RESET, "reset"),
    ],
)
def test_a_feed_that_cannot_be_asked_is_code_5_with_its_reason(
    tmp_path: Path, fault: FaultKind, reason: str
) -> None:
    with StandIn(offer(), fault=fault) as provider:
        code, out, err = run_process("once", "--config", config_file(tmp_path, provider.url))
    assert (code, out) == (5, "")
    assert err.startswith("monitor: default: ")
    assert reason in err


def test_nobody_listening_is_code_5(tmp_path: Path) -> None:
    code, out, err = run_process("once", "--config", config_file(tmp_path, "http://127.0.0.1:1"))
    assert (code, out, err) == (
        5,
        "",
        "monitor: default: connection refused by 127.0.0.1:1; "
        "check the network and base_url (http://127.0.0.1:1)\n",
    )


def test_a_met_rule_is_code_0_though_another_feed_failed(tmp_path: Path) -> None:
    with StandIn(offer()) as provider:
        said = call("once", "--config", _two_sources(tmp_path, provider.url, "http://127.0.0.1:1"))
    assert said.exit_code == 0
    assert "good    PRD-1" in said.stdout
    assert said.stderr.startswith("monitor: bad: connection refused by 127.0.0.1:1; check the network")


def test_an_unasked_feed_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with StandIn(offer(remaining=0)) as provider:
        said = call("once", "--config", _two_sources(tmp_path, provider.url, "http://127.0.0.1:1"))
    assert said.exit_code == 5


def test_each_data_centre_is_asked_for_itself(tmp_path: Path) -> None:
    offers = [offer(aidc_id=1), offer(aidc_id=2), offer(aidc_id=3)]
    with StandIn(*offers) as provider:
        file = config_file(tmp_path, provider.url)
        file.write_text(file.read_text().replace("[source]\n", "[source]\naidc_ids = [1, 2]\n"))
        said = call("once", "--json", "--config", file)
        assert provider.request_count == 2
    told = json.loads(said.stdout)
    assert [feed["aidc_id"] for feed in told["feeds"]] == [1, 2]
    assert [product["aidc_id"] for product in told["products"]] == [1, 2]


def test_json_has_stable_keys(tmp_path: Path) -> None:
    with StandIn(offer(), offer("PRD-2", gpu_name="NVIDIA-H20")) as provider:
        said = call("once", "--config", config_file(tmp_path, provider.url), "--json")
    told = json.loads(said.stdout)
    assert told.keys() == {"feeds", "products"}
    (feed,) = told["feeds"]
    assert feed.keys() == {"source", "aidc_id", "at", "ms", "ok", "reason"}
    assert feed["ok"] is True
    assert feed["at"].endswith("+00:00")
    first, second = told["products"]
    assert first == {
        "source": "default",
        "aidc_id": 1,
        "product_code": "PRD-1",
        "name": "分布式训练1",
        "cpu_cores": 2,
        "memory_gb": 4,
        "gpu_name": "NVIDIA-H800A-NV-80G",
        "gpu_count": 8,
        "disk_gb": 50,
        "price": 15.5,
        "price_unit": 11,
        "price_label": "CNY/h",
        "remaining": 3,
        "stock_error": None,
        "available": True,
        "invalid_reason": None,
        "meets": ["h800"],
        "rules": {"h800": "met"},
    }
    assert second["rules"] == {"h800": "not met: gpu_name"}


def test_a_refused_key_is_one_line_that_says_where_to_put_another(tmp_path: Path) -> None:
    with StandIn(offer(), api_key="another") as provider:
        said = call(
            "once",
            "--config",
            config_file(tmp_path, provider.url, key='{ env = "MONITOR_TEST_KEY" }'),
            env={"MONITOR_TEST_KEY": "wrong"},
        )
    assert said.exit_code == 5
    assert said.stderr == (
        "monitor: default: forbidden: the key was refused (HTTP 403); "
        "put a valid key into the environment variable MONITOR_TEST_KEY\n"
    )


def test_json_of_a_failed_poll_tells_the_reason(tmp_path: Path) -> None:
    said = call("once", "--config", config_file(tmp_path, "http://127.0.0.1:1"), "--json")
    told = json.loads(said.stdout)
    assert said.exit_code == 5
    assert told["products"] == []
    assert told["feeds"][0]["ok"] is False
    assert told["feeds"][0]["reason"] == "connection refused by 127.0.0.1:1"


def test_names_from_upstream_are_shown_without_tricks(tmp_path: Path) -> None:
    with StandIn(offer(name="[red]a\u202eb\x1b[31m\nc")) as provider:
        said = call("once", "--config", config_file(tmp_path, provider.url))
    assert "[red]ab[31m c" in said.stdout


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ('{ env = "MONITOR_NO_SUCH_KEY" }', "the environment variable MONITOR_NO_SUCH_KEY is not set"),
        ('{ file = "no.key" }', "is not there"),
        ('"[YOUR_API_KEY]"', "still holds the placeholder"),
    ],
)
def test_a_secret_that_cannot_be_had_is_code_3(tmp_path: Path, key: str, problem: str) -> None:
    code, out, err = run_process("once", "--config", config_file(tmp_path, "http://127.0.0.1:1", key=key))
    assert (code, out) == (3, "")
    assert problem in err
    assert err.count("\n") == 1


def test_a_typo_in_a_rule_is_code_3_with_its_line(tmp_path: Path) -> None:
    more = 'notfy = ["ch1"]\nremind_every = "5 sec"\n'
    code, _, err = run_process("once", "--config", config_file(tmp_path, "http://127.0.0.1:1", more))
    assert code == 3
    first, second = err.splitlines()
    assert first.startswith("monitor: monitor.toml:14: watch[1].notfy: unknown key; did you mean notify?")
    assert second.startswith("monitor: monitor.toml:15: watch[1].remind_every: ")


def test_ctrl_c_ends_it_at_once_and_quietly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        file = config_file(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with process("once", "--config", file) as running:
            connection, _ = silent.accept()
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        connection.close()
    assert (running.returncode, out, err) == (130, "", "")


def _two_sources(folder: Path, good: str, bad: str) -> Path:
    file = config_file(folder, good)
    sources = "".join(
        f'[[source]]\nname = "{name}"\nbase_url = "{url}"\napi_key = "k"\n'
        for name, url in (("good", good), ("bad", bad))
    )
    file.write_text(sources + file.read_text().partition('timeout = "5s"\n')[2])
    return file
