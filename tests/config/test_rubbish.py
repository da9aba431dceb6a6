"""Rubbish in the place of any value: a problem in plain words, or settings, and never anything else."""

import re
from collections.abc import Iterator

import pytest

from monitor.config.loading import MOST_PROBLEMS
from monitor.core.errors import ConfigError
from tests.config.samples import EXAMPLE, LEAST, config_of, switched_on

RUBBISH = [
    "true",
    "-1",
    "0",
    "1e400",
    "nan",
    "99999999999999999999999",
    "1979-05-27",
    "07:32:00",
    '""',
    '"\\u0000"',
    '"\\U0001F600\\u202e"',
    '"' + "x" * 5000 + '"',
    '"-"',
    "[]",
    '["", 1, {}, []]',
    "[[[]]]",
    "{}",
    '{ a = 1, "" = 2 }',
    '{ env = 1, file = [], credential = "" }',
]

PROBLEM = re.compile(r"monitor\.toml(:\d+)?: \S.*: \S.*", re.DOTALL)


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_in_the_place_of_any_value_is_told_in_plain_words(rubbish: str) -> None:
    for text in with_each_value_replaced(switched_on(EXAMPLE), rubbish):
        for problem in told_of(text):
            assert PROBLEM.fullmatch(problem)
            assert "see docs/configuration.md" not in problem
            assert len(problem) < 400


@pytest.mark.parametrize("shape", ["x = 1", "[x]", "[[x]]", "x = []", "x = [1]", 'x = ""'])
@pytest.mark.parametrize(
    "table", ["source", "storage", "monitor", "calendar", "web", "channels", "defaults", "watch"]
)
def test_a_table_of_any_other_shape_is_told_in_plain_words(table: str, shape: str) -> None:
    text = re.sub(rf"\[+{table}.*?(?=^\[|\Z)", "", switched_on(EXAMPLE), flags=re.MULTILINE | re.DOTALL)
    assert "see docs/configuration.md" not in "".join(told_of(shape.replace("x", table, 1) + "\n" + text))


def test_a_megabyte_of_mistakes_is_answered_with_the_first_of_them() -> None:
    keys = "".join(f"gpu_cuont{index} = 1\n" for index in range(50_000))
    assert len(told_of(f"{LEAST}[web]\n{keys}")) == MOST_PROBLEMS


def told_of(text: str) -> tuple[str, ...]:
    try:
        config_of(text)
    except ConfigError as error:
        return error.problems
    return ()


def with_each_value_replaced(text: str, value: str) -> Iterator[str]:
    for found in re.finditer(r"^([a-z_]+ = ).*$", text, re.MULTILINE):
        yield f"{text[: found.start()]}{found[1]}{value}{text[found.end() :]}"
