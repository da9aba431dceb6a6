"""The schema describes every key, the example shows every key, and what is shown loads again."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.config import json_schema, load, parse, show
from monitor.config.values import duration
from monitor.core.matching import MATCH_KEYS
from tests.config.samples import EXAMPLE, LEAST, PATH, config_of, matching, switched_on, watch

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "configuration.md").read_text()


def schema_tables(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        "": schema["properties"],
        **{name: table["properties"] for name, table in schema["$defs"].items()},
    }


def keys_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from keys_in(value)
    elif isinstance(node, list):
        for element in node:
            yield from keys_in(element)


def as_value(written: Any) -> Any:
    """60s and 1m are one duration."""
    try:
        return duration(written)
    except ValueError:
        return written


def test_the_schema_names_its_dialect_and_is_json() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == {
        "source",
        "storage",
        "monitor",
        "calendar",
        "web",
        "channels",
        "defaults",
        "watch",
    }
    assert schema["required"] == ["source"]


def test_every_key_of_every_table_has_words_for_editors() -> None:
    for properties in schema_tables(json_schema()).values():
        for key, described in properties.items():
            assert described.get("description"), key


def test_the_schema_refuses_unknown_keys_and_knows_no_null() -> None:
    schema = json_schema()
    assert all(table["additionalProperties"] is False for table in [schema, *schema["$defs"].values()])
    assert "null" not in json.dumps(schema)
    assert "PT" not in json.dumps(schema).replace("API", "")


def test_the_schema_shows_defaults_as_people_write_them() -> None:
    tables = schema_tables(json_schema())
    assert tables["SourceTable"]["interval"]["default"] == "15s"
    assert tables["TimingTable"]["for"]["default"] == "0s"
    assert tables["TimingTable"]["remind_every"]["default"] == "never"
    assert tables["MonitorTable"]["timezone"]["default"] == "Asia/Shanghai"


def test_the_schema_takes_one_table_or_a_list_where_the_file_does() -> None:
    one, many = json_schema()["properties"]["source"]["anyOf"]
    assert one == {"$ref": "#/$defs/SourceTable"}
    assert many["items"] == one


@pytest.mark.parametrize(
    ("text", "fits"),
    [("90s", True), ("1h30m", True), ("250ms", True), ("", False), ("5 sec", False), ("5", False)],
)
def test_the_pattern_of_durations_is_that_of_the_reader(text: str, fits: bool) -> None:
    pattern = schema_tables(json_schema())["SourceTable"]["interval"]["pattern"]
    assert bool(re.search(pattern, text)) is fits


def test_the_match_keys_of_the_schema_are_those_of_the_core() -> None:
    assert set(schema_tables(json_schema())["MatchTable"]) == set(MATCH_KEYS)


def test_the_first_line_of_the_example_names_the_schema_for_editors() -> None:
    assert EXAMPLE.splitlines()[0] == "#:schema ./monitor.schema.json"


def test_the_example_loads_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(EXAMPLE)
    config = load(file)
    assert [rule.name for rule in config.rules] == ["h800-nodes"]
    assert all("is the only channel" in warning for warning in config.warnings)


def test_the_example_loads_with_every_setting_switched_on() -> None:
    config = config_of(switched_on(EXAMPLE))
    assert (len(config.rules), len(config.channels)) == (2, 4)
    assert config.warnings == ()


def test_the_example_shows_every_key_of_every_table() -> None:
    document = tomllib.loads(switched_on(EXAMPLE))
    tables = schema_tables(json_schema())
    channel: dict[str, Any] = {
        key: value for table in document["channels"].values() for key, value in table.items()
    }
    rule: dict[str, Any] = {key: value for table in document["watch"] for key, value in table.items()}
    shown = {
        "": document,
        "SourceTable": document["source"],
        "StorageTable": document["storage"],
        "MonitorTable": document["monitor"],
        "CalendarTable": document["calendar"],
        "WebTable": document["web"],
        "ChannelTable": channel,
        "WebhookTable": channel["webhook"],
        "TimingTable": document["defaults"],
        "WatchTable": rule,
        "MatchTable": {key: value for table in rule["match"] for key, value in table.items()},
        "SecretTable": dict.fromkeys(set(keys_in(document)) & {"env", "file", "credential"}),
    }
    assert {name: set(keys) for name, keys in shown.items()} == {
        name: set(properties) for name, properties in tables.items()
    }


def test_the_settings_switched_off_show_the_default_where_there_is_one() -> None:
    document = tomllib.loads(switched_on(EXAMPLE))
    tables = schema_tables(json_schema())
    places = {
        "SourceTable": "source",
        "StorageTable": "storage",
        "WebTable": "web",
        "TimingTable": "defaults",
    }
    for name, place in places.items():
        for key, described in tables[name].items():
            if "default" in described:
                assert as_value(document[place][key]) == as_value(described["default"]), f"{place}.{key}"


def test_the_reference_describes_every_key() -> None:
    for properties in schema_tables(json_schema()).values():
        for key in properties:
            assert re.search(rf"`{key}`|^## `\[+{key}[\].]", REFERENCE, re.MULTILINE), key


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", REFERENCE, re.DOTALL))
def test_every_example_of_the_reference_loads(block: str) -> None:
    head = "" if "[source]" in block or "[[source]]" in block else LEAST
    assert config_of(head + block).sources


ROUND = (
    switched_on(EXAMPLE).replace('for = "0s"', 'for = "1h0m5s"')
    + '\n[channels."运维"]\nurl = { env = "X" }\n'
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LEAST, id="the least"),
        pytest.param(EXAMPLE, id="the example"),
        pytest.param(ROUND, id="every key"),
        pytest.param(matching("memory_gb = [1.50, 1e17, '>2', '<9', '1..2']"), id="numbers"),
        pytest.param(watch('match = [{}, { name = "\\"quo\\\\te" }]'), id="quotes"),
        pytest.param(
            '[[source]]\nname = "a"\napi_key = {env = "A"}\n[[source]]\nname = "b"\napi_key = {env = "B"}',
            id="2",
        ),
        pytest.param(f'{LEAST}[web]\nlisten = "[::1]:0"\n', id="IPv6"),
    ],
)
def test_what_is_shown_loads_as_the_same_settings(text: str) -> None:
    config = config_of(text)
    assert replace(parse(show(config), PATH), warnings=()) == replace(config, warnings=())


def test_what_is_shown_masks_secrets_and_names_where_they_are_kept() -> None:
    text = (
        '[source]\napi_key = "sk-canary-1"\n[channels.a]\nurl = { env = "A_URL" }\nsecret = "sk-canary-2"\n'
    )
    shown = show(config_of(text))
    assert "canary" not in shown
    assert 'api_key = "***"' in shown
    assert 'url = { env = "A_URL" }' in shown
