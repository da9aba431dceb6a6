"""`monitor wait`: what it prints, when it ends, with which exit code, and who may wait beside whom."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.wait_result import FIELDS
from monitor.simulator.scenario import FaultKind
from monitor.store.locks import DAEMON, LifeLock
from tests.cli.calling import StandIn, call, config_file, offer, process, run_process
from tests.cli.stock import CONFIG, stock, stocked

WANT_MANY = 'keep_firing_for = "1m"\nfor = "1h"\n'


@contextmanager
def beside_a_daemon(folder: Path, **left: int) -> Iterator[Any]:
    """The database holds a poll of just now, and this process holds it as the daemon does."""
    with stocked(folder, stock(**left), stock(**left)) as monitor:
        lock = LifeLock(folder / "monitor.db", DAEMON)
        try:
            yield monitor
        finally:
            lock.close()


def waited(folder: Path, *words: str) -> tuple[int, str, str]:
    said = call("wait", "trainers", "--config", folder / "monitor.toml", *words)
    return said.exit_code, said.stdout, said.stderr


def test_beside_a_daemon_what_is_met_now_is_printed_at_once(tmp_path: Path) -> None:
    with beside_a_daemon(tmp_path, TRAIN_1=3, TRAIN_2=5):
        code, out, err = waited(tmp_path)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert next(iter(told)) == "product_code"
    assert (told["product_code"], told["remaining"], told["total_gpus"]) == ("PRD-TRAIN-2", 5, 40)
    assert (told["rule"], told["price_label"]) == ("trainers", "CNY/h")


def test_one_field_is_printed_plainly_for_a_shell(tmp_path: Path) -> None:
    with beside_a_daemon(tmp_path, TRAIN_1=3):
        assert waited(tmp_path, "--field", "product_code") == (0, "PRD-TRAIN-1\n", "")
        assert waited(tmp_path, "--field", "price_per_gpu") == (0, "2.4875\n", "")
        assert waited(tmp_path, "--field", "stock_error") == (0, "\n", "")


def test_a_time_out_is_code_4_and_says_what_came_nearest(tmp_path: Path) -> None:
    with beside_a_daemon(tmp_path, TRAIN_1=0):
        code, out, err = waited(tmp_path, "--timeout", "0s")
    assert (code, out) == (4, "")
    assert err == (
        "monitor: no product met trainers within 0 s; nearest: PRD-TRAIN-1, remaining is 0, wanted >0\n"
    )


def test_a_poll_that_the_daemon_stores_ends_the_wait_of_everybody(tmp_path: Path) -> None:
    with beside_a_daemon(tmp_path, TRAIN_1=0) as monitor:
        words = ("wait", "trainers", "--field", "product_code", "--config", tmp_path / "monitor.toml")
        with process(*words) as first, process(*words) as second:
            monitor.poll(stock(TRAIN_1=2))
            assert first.communicate(timeout=30) == ("PRD-TRAIN-1\n", "")
            assert second.communicate(timeout=30) == ("PRD-TRAIN-1\n", "")
        assert (first.returncode, second.returncode) == (0, 0)


def test_a_daemon_that_dies_is_said_and_waited_for(tmp_path: Path) -> None:
    with stocked(tmp_path, stock(TRAIN_1=0), stock(TRAIN_1=0)) as monitor:
        lock = LifeLock(tmp_path / "monitor.db", DAEMON)
        words = ("wait", "trainers", "--field", "product_code", "--timeout", "25s")
        with process(*words, "--config", tmp_path / "monitor.toml") as waiting:
            assert waiting.stderr is not None
            lines = iter(waiting.stderr.readline, "")
            _until_it_listens(waiting)
            lock.close()
            assert next(lines).startswith("monitor: no monitor is running any more")
            lock = LifeLock(tmp_path / "monitor.db", DAEMON)
            assert next(lines) == "monitor: the monitor is back\n"
            monitor.poll(stock(TRAIN_1=2))
            assert waiting.stdout is not None
            assert waiting.stdout.read() == "PRD-TRAIN-1\n"
        lock.close()


def test_without_a_daemon_it_polls_and_leaves_nothing_but_the_lock_file(tmp_path: Path) -> None:
    with StandIn(offer()) as provider:
        file = config_file(tmp_path, provider.url, WANT_MANY)
        said = call("wait", "h800", "--config", file)
        assert provider.request_count == 1
        assert provider.messages == []
    assert (said.exit_code, said.stderr) == (0, "")
    assert json.loads(said.stdout)["product_code"] == "PRD-1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.db.lock", "monitor.toml"]
    assert (tmp_path / "monitor.db.lock").read_text() == ""


@pytest.mark.parametrize("verb", [("wait", "h800"), ("run",)])
def test_nobody_else_polls_beside_a_wait_that_polls(tmp_path: Path, verb: tuple[str, ...]) -> None:
    with StandIn(offer(remaining=0)) as provider:
        file = config_file(tmp_path, provider.url)
        with process("wait", "h800", "--config", file) as first:
            _until(lambda: provider.request_count == 1)
            code, out, err = run_process(*verb, "--config", file)
            assert provider.request_count == 1
            first.send_signal(signal.SIGTERM)
            assert first.communicate(timeout=30) == ("", "")
    held = f"is held by the monitor with process id {first.pid} (monitor wait h800)"
    assert (code, held in err) == (6, True), err
    assert first.returncode == 128 + signal.SIGTERM
    assert '"started"' not in out


def test_ctrl_c_ends_it_quietly_with_code_130(tmp_path: Path) -> None:
    with (
        StandIn(offer(remaining=0)) as provider,
        process("wait", "h800", "--config", config_file(tmp_path, provider.url)) as waiting,
    ):
        _until(lambda: provider.request_count == 1)
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=30) == ("", "")
    assert waiting.returncode == 130
    assert (tmp_path / "monitor.db.lock").read_text() == ""


def test_a_feed_that_does_not_answer_is_said_at_once_and_asked_again(tmp_path: Path) -> None:
    with StandIn(offer(), fault=FaultKind.SERVER_ERROR) as provider:
        file = config_file(tmp_path, provider.url)
        said = call("wait", "h800", "--timeout", "0s", "--config", file)
    assert (said.exit_code, said.stdout) == (4, "")
    assert said.stderr.splitlines() == [
        "monitor: default: server error (HTTP 500); it is asked again",
        "monitor: no product met h800 within 0 s",
    ]


def test_only_feeds_that_may_have_it_are_asked(tmp_path: Path) -> None:
    with StandIn(offer(aidc_id=1), offer("PRD-2", aidc_id=2)) as provider:
        file = config_file(tmp_path, provider.url)
        text = file.read_text().replace("[source]\n", "[source]\naidc_ids = [1, 2]\n")
        file.write_text(text.replace("gpu_name =", "aidc_id = 2, gpu_name ="))
        said = call("wait", "h800", "--config", file)
        assert provider.request_count == 1
    assert (said.exit_code, json.loads(said.stdout)["product_code"]) == (0, "PRD-2")


def test_a_rule_that_no_source_can_meet_is_a_configuration_error(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1")
    file.write_text(file.read_text().replace("gpu_name =", 'source = "no", gpu_name ='))
    said = call("wait", "h800", "--config", file)
    assert (said.exit_code, said.stdout) == (3, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("h80",), "there is no rule 'h80'; did you mean h800?"),
        (("off",), "the rule 'off' is disabled"),
        (("h800", "--field", "productCode"), "there is no field 'productCode'; did you mean product_code?"),
        (("h800", "--exec"), "--exec needs a command behind it"),
        (("h800", "--exec", "no-such-command"), "there is no command 'no-such-command'"),
        (("h800", "--exec", "echo", "{product}"), "there is no field 'product'"),
        (("h800", "--field", "name", "--", "echo"), "--field prints"),
        (("h800", "another"), "unexpected extra argument"),
        (("h800", "--timeout", "soon"), "--timeout"),
        ((), "Missing argument"),
    ],
)
def test_a_wrong_word_is_said_before_anybody_waits(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    off = '[[watch]]\nname = "off"\nmatch = {}\nenabled = false\n'
    file = config_file(tmp_path, "http://127.0.0.1:1", off)
    said = call("wait", "--config", file, *words)
    assert (said.exit_code, said.stdout) == (2, "")
    assert sentence in said.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.toml"]


def test_without_a_key_nobody_waits(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", key='{ env = "MONITOR_NO_SUCH_KEY" }')
    said = call("wait", "h800", "--config", file)
    assert (said.exit_code, said.stdout) == (3, "")
    assert "MONITOR_NO_SUCH_KEY is not set" in said.stderr


def test_a_directory_that_is_not_there_is_code_6(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(CONFIG + '[storage]\nurl = "sqlite:///no/monitor.db"\n')
    said = call("wait", "trainers", "--config", tmp_path / "monitor.toml")
    assert (said.exit_code, "does not exist; make it first" in said.stderr) == (6, True)
    assert said.stderr.startswith("monitor: no monitor is running")


def test_a_command_gets_the_product_filled_in_in_its_environment_and_as_json(tmp_path: Path) -> None:
    script = 'echo "$1 $2 $MONITOR_PRODUCT_CODE $MONITOR_NAME"; cat; exit 7'
    with beside_a_daemon(tmp_path, TRAIN_1=3):
        words = ("sh", "-c", script, "sh", "{product_code}={remaining}", "${name}")
        code, out, err = run_process(
            "wait", "trainers", "--config", tmp_path / "monitor.toml", "--exec", *words
        )
    assert (code, err) == (7, "")
    line, told = out.splitlines()
    assert line == "PRD-TRAIN-1=3 ${name} PRD-TRAIN-1 train"
    assert tuple(json.loads(told)) == FIELDS


def test_a_command_is_no_shell_and_options_of_its_own_stay_its_own(tmp_path: Path) -> None:
    with beside_a_daemon(tmp_path, TRAIN_1=3):
        words = ("echo", "--timeout", "{product_code};", "$(id)", "a b")
        code, out, _ = run_process("wait", "trainers", "--config", tmp_path / "monitor.toml", "--", *words)
    assert (code, out) == (0, "--timeout PRD-TRAIN-1; $(id) a b\n")


def test_the_lock_is_free_again_when_the_command_runs(tmp_path: Path) -> None:
    with StandIn(offer()) as provider:
        file = config_file(tmp_path, provider.url)
        lock = str(tmp_path / "monitor.db.lock")
        again = ("python3", "-c", f"import fcntl; fcntl.flock(open({lock!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)")
        code, _, err = run_process("wait", "h800", "--config", file, "--exec", *again)
    assert (code, err) == (0, "")


def _until_it_listens(waiting: "subprocess.Popen[str]") -> None:
    """The ear keeps the database open."""
    files = Path(f"/proc/{waiting.pid}/fd")
    _until(lambda: any(file.readlink().name == "monitor.db" for file in _there(files)))


def _there(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.exists()]


def _until(is_so: Any) -> None:
    from tests.acceptance.daemon import until

    until(is_so, lambda: "the wait to begin", 30)
