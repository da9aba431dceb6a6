"""Texts for tests of the configuration: the least that loads, and ways to add to it."""

import re
from pathlib import Path

import pytest

from monitor.config import parse
from monitor.config.settings import Config
from monitor.core.errors import ConfigError

PATH = Path("/srv/gpu/monitor.toml")
SOURCE = '[source]\napi_key = { env = "ALAYA_API_KEY" }\n'
CHANNEL = '[channels.ops]\nurl = { env = "OPS_URL" }\n'
LEAST = SOURCE + CHANNEL
EXAMPLE = Path(__file__).parents[2].joinpath("monitor.example.toml").read_text()


def switched_on(text: str) -> str:
    """The example with every setting used: a `#` directly before a setting is taken away."""
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def watch(body: str) -> str:
    return f'{LEAST}[[watch]]\nname = "w"\n{body}\n'


def matching(match: str) -> str:
    return watch(f"match = {{ {match} }}")


def config_of(text: str, path: Path = PATH) -> Config:
    return parse(text, path)


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, PATH)
    assert caught.value.exit_code == 3
    return caught.value.problems


def problem_of(text: str) -> str:
    problems = problems_of(text)
    assert len(problems) == 1, problems
    return problems[0]
