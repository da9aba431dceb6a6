"""Lines of keys: for every way of writing TOML down."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.positions import Place, line_of, lines_of

TEXT = '''\
# comment with [brackets] and "quotes
title = "a # b"
a.b."c d" = 1
[source]  # header
key = { env = "X", 'odd key' = [1, {deep = 2}] }
long = """
[not.a.table]
x = \\"""
"""
after = 1979-05-27 07:32:00
raw = \'\'\'
'quoted' ''\'\'\'
[[watch]]
name = "one"
list = [
  "x", # ]
  [1.5,
   -inf],
  { a.b = true },
]
[watch.sub]
k = 1
[[watch]]
[[watch.match]]
m = 1
[[watch.match]]
m = 2
[watch.match.inner]
n = 0x10
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2),
        (("a", "b", "c d"), 3),
        (("a",), 3),
        (("source",), 4),
        (("source", "key", "env"), 5),
        (("source", "key", "odd key", 1, "deep"), 5),
        (("source", "long"), 6),
        (("source", "after"), 10),
        (("source", "raw"), 11),
        (("watch",), 13),
        (("watch", 0), 13),
        (("watch", 0, "name"), 14),
        (("watch", 0, "list", 0), 16),
        (("watch", 0, "list", 1), 17),
        (("watch", 0, "list", 1, 1), 18),
        (("watch", 0, "list", 2, "a", "b"), 19),
        (("watch", 0, "sub", "k"), 22),
        (("watch", 1), 23),
        (("watch", 1, "match", 0, "m"), 25),
        (("watch", 1, "match", 1, "m"), 27),
        (("watch", 1, "match", 1, "inner", "n"), 29),
    ],
)
def test_each_value_is_found_on_its_line(place: Place, line: int) -> None:
    assert lines_of(TEXT)[place] == line


def test_nothing_is_found_that_is_not_there_and_nothing_is_missed() -> None:
    assert set(lines_of(TEXT)) == set(places_of(tomllib.loads(TEXT)))


def test_a_missing_key_is_placed_at_its_table() -> None:
    lines = lines_of(TEXT)
    assert line_of(lines, ("watch", 1, "name")) == 23
    assert line_of(lines, ("nothing", "at", "all")) is None
    assert line_of(lines, ()) is None


def test_a_megabyte_is_read_in_one_pass() -> None:
    text = "a = [\n" + '  "xxxxxxxxxxxx",\n' * 60_000 + "]\n"
    assert lines_of(text)["a", 59_999] == 60_001


KEYS = st.sampled_from(["a", "b-1", '"q u"', "'l.i'", "c.d", '"\\u00e9"', "1", "x . y"])
SCALARS = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        "inf",
        '"s"',
        "'l'",
        '""',
        "''",
        '"""m\nm"""',
        "'''\nx'''",
        '"\\""',
        '"a]}#"',
        "07:32:00",
        "1979-05-27T07:32:00Z",
        '""""q""""',
        "0xff",
        "1_000",
        '"""a\\\n  b"""',
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[ # c ]\n" + " ,\n".join(parts) + "\n]"),
        st.lists(inner, max_size=3).map(
            lambda parts: "{" + ", ".join(f"k{index}.z = {part}" for index, part in enumerate(parts)) + "}"
        ),
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]} # c"),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[[ {key} ]]"),
    st.just(""),
)


@given(st.lists(LINES, max_size=12))
def test_the_places_of_any_text_are_those_that_tomllib_sees(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines_of(text)) == set(places_of(document))


def places_of(node: Any, place: Place = ()) -> list[Place]:
    inner: list[tuple[Place, Any]] = []
    if isinstance(node, dict):
        inner = [((*place, key), value) for key, value in node.items()]
    elif isinstance(node, list):
        inner = [((*place, index), value) for index, value in enumerate(node)]
    return [at for at, _ in inner] + [deeper for at, value in inner for deeper in places_of(value, at)]
