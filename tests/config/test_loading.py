"""Files as they come: missing, huge, binary, half-written; and where the file is looked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config import find_config, load
from monitor.core.errors import ConfigError
from tests.config.samples import LEAST, SOURCE, config_of, problem_of, watch

LITERAL = '[source]\napi_key = "sk-canary-1"\n'


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_the_least_configuration_loads(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(LEAST)
    config = load(file)
    assert config.path == file
    assert [source.name for source in config.sources] == ["default"]


def test_a_missing_file_is_told_with_its_whole_path(tmp_path: Path) -> None:
    assert refusal(tmp_path / "x.toml") == (
        f"{tmp_path}/x.toml: is not there: correct the path, or make one with"
        " `monitor config example > x.toml`"
    )


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith(": is not a regular file")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe").endswith(": is not a regular file")


def test_a_path_that_no_system_takes_is_refused() -> None:
    assert refusal(Path("a\0b")).endswith(": cannot be read: the name cannot be used")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert ": cannot be read: " in refusal(tmp_path / "loop")


def test_a_file_that_cannot_be_read_is_refused() -> None:
    assert refusal(Path("/proc/self/mem")).endswith(": cannot be read: Input/output error")


def test_a_hundred_megabytes_are_refused_after_the_first(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 1024 * 1024)
    assert refusal(file).endswith(": is over 1 MiB: that is no configuration")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "monitor.toml: is empty", id="empty"),
        pytest.param(b"\xef\xbb\xbf", "monitor.toml: is empty", id="only a byte order mark"),
        pytest.param(b"# nothing\n\n", "monitor.toml: is empty", id="only comments"),
        pytest.param(b"\x7fELF\x00\x01", "monitor.toml: is not UTF-8 text", id="binary"),
        pytest.param(LEAST.encode("utf-16"), "monitor.toml: is not UTF-8 text", id="UTF-16"),
        pytest.param(b"a = 1\nb = '\xff'\n", "monitor.toml:2: is not UTF-8 text", id="Latin-1"),
        pytest.param(b"[source]\napi_key = { env =", "monitor.toml:2: not valid TOML", id="half-written"),
        pytest.param(b'[source]\napi_key = "abc', "monitor.toml:2: not valid TOML", id="half a string"),
        pytest.param(
            b"[source]\napi_key = sk-canary-1\n", "monitor.toml:2: not valid TOML at column 11", id="quotes"
        ),
        pytest.param(
            b"[source]\n[source]\n", "monitor.toml:2: not valid TOML at column 8", id="a table twice"
        ),
        pytest.param(b"a = 1\na = 2\n", "monitor.toml:2: not valid TOML at column 6", id="a key twice"),
        pytest.param(b"a = " + b"[" * 5000, "monitor.toml: is nested too deeply", id="deep"),
        pytest.param(b"a = " + b"9" * 5000, "monitor.toml: holds a number or a date", id="5,000 digits"),
        pytest.param(b"a = 2026-02-30\n", "monitor.toml:1: not valid TOML at column 5", id="no such day"),
    ],
)
def test_what_is_no_usable_text_is_refused_in_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "monitor.toml"
    file.write_bytes(content)
    assert refusal(file).startswith(told)
    assert "canary" not in refusal(file)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "monitor.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", ending).encode())
    assert load(file).sources[0].api_key.value == "ALAYA_API_KEY"


@pytest.mark.parametrize("depth", range(100, 520, 20))
def test_deep_nesting_is_a_problem_and_not_a_crash(depth: int) -> None:
    assert problem_of(f"{LEAST}zzz = {'[' * depth}{']' * depth}\n")


def test_the_environment_names_the_file_before_all_others(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(LEAST)
    assert find_config({"MONITOR_CONFIG": "other.toml"}, tmp_path) == tmp_path / "other.toml"
    assert find_config({"MONITOR_CONFIG": "/a/b.toml"}, tmp_path) == Path("/a/b.toml")


def test_the_folder_one_stands_in_comes_before_the_system(tmp_path: Path) -> None:
    system = tmp_path / "etc.toml"
    system.write_text(LEAST)
    assert find_config({"MONITOR_CONFIG": ""}, tmp_path, system) == system
    (tmp_path / "monitor.toml").write_text(LEAST)
    assert find_config({}, tmp_path, system) == tmp_path / "monitor.toml"


def test_no_file_anywhere_names_all_three_places(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config({}, tmp_path, tmp_path / "etc.toml")
    told = str(caught.value)
    assert "$MONITOR_CONFIG" in told
    assert f"{tmp_path}/monitor.toml" in told
    assert f"{tmp_path}/etc.toml" in told


def test_a_secret_in_a_file_that_all_may_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(LITERAL)
    file.chmod(0o644)
    told = (
        f"monitor.toml:2: source.api_key: every user of this machine may read the secret in {file}: chmod 600"
    )
    assert told in load(file).warnings
    file.chmod(0o640)
    assert told not in load(file).warnings


def test_a_secret_file_that_all_may_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('[[source]]\napi_key = { file = "key" }\n')
    (tmp_path / "key").write_text("sk-canary-1")
    (tmp_path / "key").chmod(0o604)
    warnings = load(tmp_path / "monitor.toml").warnings
    assert any(f"may read the secret in {tmp_path}/key" in warning for warning in warnings)
    (tmp_path / "key").chmod(0o600)
    assert not any("may read" in warning for warning in load(tmp_path / "monitor.toml").warnings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEAST, "monitor.toml: watch: there is none: history is kept, but nothing is announced"),
        (watch("match = {}\nenabled = false"), "monitor.toml:5: watch: there is none"),
        (SOURCE, "monitor.toml: channels: there is none: nobody hears"),
        (LEAST, "monitor.toml:3: channels.ops: is the only channel"),
        (f"{LEAST}[monitor]\nnotify = []\n", "monitor.toml:6: monitor.notify: is empty"),
    ],
)
def test_what_works_but_hardly_as_meant_is_a_warning(text: str, told: str) -> None:
    assert any(warning.startswith(told) for warning in config_of(text).warnings)


def test_two_channels_and_a_watch_leave_nothing_to_warn_of() -> None:
    text = watch("match = {}") + '[channels.mail]\nurl = { env = "MAIL_URL" }\n'
    assert config_of(text).warnings == ()


def test_importing_the_package_does_not_load_pydantic() -> None:
    code = "import sys, monitor.config, monitor.config.settings; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
