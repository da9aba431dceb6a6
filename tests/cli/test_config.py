"""`monitor config`: what is in force, without the secrets, and the schema."""

import json
import tomllib
from pathlib import Path

from tests.cli.calling import call, config_file, run_process

CANARY = "canary-4f1d"


def test_show_is_toml_with_secrets_masked(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", key=f'"{CANARY}"')
    code, out, err = run_process("config", "show", "--config", file)
    assert (code, err) == (0, "")
    told = tomllib.loads(out)
    assert told["source"]["api_key"] == "***"
    assert told["source"]["interval"] == "15s"
    assert told["watch"][0]["name"] == "h800"
    assert CANARY not in out


def test_show_as_json_has_the_keys_of_the_file(tmp_path: Path) -> None:
    said = call("config", "show", "--json", "--config", config_file(tmp_path, "http://127.0.0.1:1"))
    told = json.loads(said.stdout)
    assert told.keys() == {"source", "storage", "monitor", "channels", "watch"}


def test_show_fetches_no_secret(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", key='{ env = "MONITOR_NO_SUCH_KEY" }')
    said = call("config", "show", "--config", file)
    assert said.exit_code == 0
    assert 'api_key = { env = "MONITOR_NO_SUCH_KEY" }' in said.stdout


def test_a_mistake_is_code_3(tmp_path: Path) -> None:
    file = config_file(tmp_path, "http://127.0.0.1:1", "nope = 1\n")
    assert call("config", "show", "--config", file).exit_code == 3


def test_schema_is_a_json_schema_and_needs_no_configuration(tmp_path: Path) -> None:
    code, out, err = run_process("config", "schema", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")
