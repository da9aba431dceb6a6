"""Every problem at once, each with its line, its key and a sentence that a person can act on."""

import re

import pytest

from monitor.config import parse
from tests.config.samples import LEAST, PATH, SOURCE, matching, problem_of, problems_of, watch

NEITHER_NOR = """\
[source]
api_key = { env = "K" }
interval = "5 sec"
[monitor]
notify = ["opps"]
[channels.ops]
url = { evn = "X" }
[[watch]]
name = "a"
match = { gpu_cuont = 8 }
[[watch]]
name = "a"
match = [
  {},
  { price = 3 },
]
[web]
listen = "0.0.0.0:80"
"""


def test_every_problem_is_told_at_once_in_the_order_of_the_lines() -> None:
    assert problems_of(NEITHER_NOR) == (
        'monitor.toml:3: source.interval: cannot read "5 sec": write whole numbers with a unit,'
        ' like "90s", "15m", "2h" or "30d"; did you mean "5s"?',
        'monitor.toml:5: monitor.notify[1]: there is no channel "opps"; did you mean ops?',
        "monitor.toml:7: channels.ops.url.evn: unknown key; did you mean env?",
        "monitor.toml:10: watch[1].match.gpu_cuont: unknown key; did you mean gpu_count?",
        'monitor.toml:12: watch[2].name: "a" is the name of watch[1] already: watches need different names',
        "monitor.toml:15: watch[2].match[2].price: needs price_unit beside it:"
        " prices of different units do not compare",
        "monitor.toml:18: web.listen: others can reach this address, so [web] needs a token:"
        ' token = { env = "MONITOR_TOKEN" }',
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[monitor]\n", r"source: is missing: add a \[source\] table", id="no source"),
        pytest.param("[source]\n", r":1: source.api_key: is missing: add api_key = ", id="no key"),
        pytest.param("source = []\n", r":1: source: must not be empty", id="an empty list of sources"),
        pytest.param("source = 3\n", r":1: source: must be a table, not a number", id="source is a number"),
        pytest.param(f"{LEAST}[wach]\n", r":5: wach: unknown key; did you mean watch\?", id="unknown table"),
        pytest.param(f"{LEAST}[zzz]\n", r":5: zzz: unknown key$", id="unknown and like nothing"),
        pytest.param(
            f"{SOURCE}gpuCount = 1\n", r":3: source.gpuCount: unknown key$", id="not a key of source"
        ),
        pytest.param(
            f'{LEAST}[monitor]\ninterval = "1s"\n', r"unknown key; it belongs in \[source\]", id="wrong table"
        ),
        pytest.param(
            f'{LEAST}[channels.x]\nurll = "a"\nurl = "b"\n', r"did you mean url\?", id="channel key"
        ),
        pytest.param(
            f'{LEAST}[channels.x]\nlanguage = "de"\nurl = "b"\n', r'"en" or "zh", not "de"', id="language"
        ),
        pytest.param(f"{LEAST}[channels.x]\n", r"channels.x: needs a url \(add url = ", id="no url"),
        pytest.param(
            f'{LEAST}[channels."a b"]\nurl = "b"\n', r'channels."a b": must be a name', id="channel name"
        ),
        pytest.param(
            f"{SOURCE}[channels]\nx = 1\n", r":4: channels.x: must be a table, not a number", id="x"
        ),
        pytest.param(
            f'{LEAST}[monitor]\ntimezone = "Asia/Shangai"\n', r"did you mean Asia/Shanghai\?", id="zone"
        ),
        pytest.param(
            f"{LEAST}[monitor]\ntimezone = 8\n", r"must be the name of a time zone", id="zone number"
        ),
        pytest.param(f'{LEAST}[monitor]\ntimezone = ""\n', r"there is no time zone", id="empty zone"),
        pytest.param(
            f'{LEAST}[monitor]\ntimezone = "../../etc"\n', r"there is no time zone", id="zone outside"
        ),
        pytest.param(
            f'{LEAST}[monitor]\nprice_units = {{ x = "a" }}\n', r"price_units.x: must be a pr", id="code"
        ),
        pytest.param(
            f"{LEAST}[monitor]\nprice_units = {{ 1 = 2 }}\n", r"must be text in quotes, not a n", id="label"
        ),
        pytest.param(
            f'{LEAST}[monitor]\nnotify = "ops"\n', r"must be a list in \[ \], not text", id="notify text"
        ),
        pytest.param(
            f"{LEAST}[monitor]\nnotify = [1]\n", r"notify\[1\]: must be text in quotes", id="notify number"
        ),
        pytest.param(
            f"{LEAST}[web]\nlisten = 80\n", r"web.listen: must be text in quotes, not a number", id="port"
        ),
        pytest.param(
            f"{SOURCE}aidc_ids = [1, true]\n", r"aidc_ids\[2\]: must be a whole number", id="aidc bool"
        ),
        pytest.param(
            f"{SOURCE}aidc_ids = [1.5]\n", r"aidc_ids\[1\]: must be a whole number", id="aidc float"
        ),
        pytest.param(f"{SOURCE}aidc_ids = [-1]\n", r"aidc_ids\[1\]: must be at least 0", id="aidc negative"),
        pytest.param(f"{SOURCE}aidc_ids = [9999999999]\n", r"must be at most 2147483647", id="aidc huge"),
        pytest.param(f"{SOURCE}aidc_ids = []\n", r"aidc_ids: must not be empty", id="no aidc"),
        pytest.param(
            f"{SOURCE}aidc_ids = [1, 2, 1]\n", r"aidc_ids\[3\]: data centre 1 is in the list tw", id="aidc 2x"
        ),
        pytest.param(
            watch("match = {}\nenabled = 1"), r"enabled: must be true or false, not a number", id="enabled"
        ),
        pytest.param(watch("match = 1979-05-27"), r"match: must be a table, not a date or time", id="date"),
        pytest.param(watch(""), r":5: watch\[1\].match: is missing: add match = ", id="no match"),
        pytest.param(watch("match = []"), r"match: must not be empty", id="empty match"),
        pytest.param(f"{LEAST}[[watch]]\nmatch = {{}}\n", r":5: watch\[1\].name: is missing$", id="no name"),
        pytest.param(f'{LEAST}[[watch]]\nname = " "\nmatch = {{}}\n', r"must not be empty", id="blank name"),
        pytest.param(
            f'{LEAST}[watch]\nname = "a"\nmatch = {{}}\n', r"watch: must be a list", id="watch table"
        ),
        pytest.param(watch('match = {}\nnote = "{nmae}"'), r"nothing to put in place of \{nmae\}", id="note"),
        pytest.param(
            watch('match = {}\nnote = "a\\nb"'), r"must be one line without control", id="two-line note"
        ),
        pytest.param(
            watch('match = {}\nnotify = ["ops", "ops"]'), r'"ops" is in the list twice', id="notify twice"
        ),
        pytest.param(
            watch('match = {}\nignore_stock_error = "x"'), r"must be a list in \[ \]", id="ignore text"
        ),
        pytest.param(f'{LEAST}[web]\nlisten = "x"\n', r":6: web.listen: must be host and port", id="listen"),
        pytest.param(
            f'{SOURCE}[channels.url]\nurll = "x"\n', r"did you mean url\?", id="a channel named url"
        ),
        pytest.param(
            f'{SOURCE}interval = "2d"\n', r"interval: must be at most 1d, not 2d", id="interval huge"
        ),
        pytest.param(
            f'{SOURCE}interval = "999ms"\n', r"interval: must be at least 1s, not 999ms", id="short"
        ),
        pytest.param(f'{SOURCE}timeout = "0s"\n', r"timeout: must be at least 1ms, not 0s", id="no timeout"),
        pytest.param(
            watch(f"match = [{'{},' * 101}]"), r"match: has too many elements; at most 100", id="101"
        ),
        pytest.param(
            f"{LEAST}[defaults]\nforr = 1\n", r"defaults.forr: unknown key; did you mean for\?", id="forr"
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(text: str, told: str) -> None:
    assert re.search(told, "\n".join(problems_of(text)))


def test_the_keys_value_is_found_in_a_list_over_several_lines() -> None:
    text = watch('match = {}\nnotify = [\n  "ops",\n  # a comment, with ] and "\n  "opss",\n]')
    assert problem_of(text).startswith("monitor.toml:11: watch[1].notify[2]: there is no channel")


def test_several_sources_need_different_names() -> None:
    unnamed, named = '[[source]]\napi_key = "k"\n', '[[source]]\napi_key = "k"\nname = "b"\n'
    text = unnamed + named + named
    assert problems_of(text) == (
        "monitor.toml:1: source[1]: needs a name, since there are several sources",
        'monitor.toml:8: source[3].name: "b" is the name of source[2] already: sources need different names',
    )


def test_a_channel_declared_twice_is_told_with_its_line() -> None:
    told = problem_of(LEAST + '[channels.ops]\nurl = "x"\n')
    assert told == "monitor.toml:5: not valid TOML at column 14: the table [channels.ops] is there twice"


def test_a_watch_without_any_channel_to_tell_is_a_problem() -> None:
    told = problem_of(SOURCE + '[[watch]]\nname = "w"\nmatch = {}\n')
    assert told.startswith("monitor.toml:3: watch[1]: there is no channel to tell")


def test_a_disabled_watch_is_checked_like_any_other() -> None:
    assert "did you mean ops?" in problem_of(watch('match = {}\nenabled = false\nnotify = ["opps"]'))


@pytest.mark.parametrize(
    ("blind_after", "sources"),
    [
        ("29s", SOURCE),
        ("59s", f'{SOURCE}interval = "30s"\n'),
        (
            "59s",
            '[[source]]\nname = "a"\napi_key = "k"\n'
            '[[source]]\nname = "b"\napi_key = "k"\ninterval = "30s"\n',
        ),
    ],
)
def test_blind_after_under_two_intervals_is_a_problem(blind_after: str, sources: str) -> None:
    assert "must be at least 2 intervals" in problem_of(
        f'{sources}[monitor]\nblind_after = "{blind_after}"\n'
    )


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ("gpu_count = true", "gpu_count: must be a number"),
        ("gpu_count = [8, [8]]", "gpu_count[2]: must be a number"),
        ('gpu_count = ">= eight"', "gpu_count: cannot read '>= eight'"),
        ('gpu_count = "8..2"', "gpu_count: the range '8..2' is empty"),
        ("gpu_count = []", "gpu_count: must not be empty"),
        ("gpu_count = inf", "gpu_count: is too large a number"),
        ("gpu_count = nan", "gpu_count: is too large a number"),
        ("gpu_count = 1e300", "gpu_count: is too large a number"),
        ('gpu_count = ">=１２"', "gpu_count: cannot read"),
        ("product_code = 5", 'product_code: must be text in quotes ("5"), not a number'),
        ("product_code = false", "product_code: must be text in quotes"),
        ('product_code = ""', "product_code: must not be empty"),
        ('product_code = ["a", 5]', "product_code[2]: must be text in quotes"),
        ("price = 5", "price: needs price_unit"),
        ('price_per_gpu = "<2"', "price_per_gpu: needs price_unit"),
        ('price = 5, price_unit = ">=1"', "price_unit: must be one code"),
        ("price = 5, price_unit = [1, 2]", "price_unit: must be one code"),
        ("remaining = 0", "remaining: can never be met"),
        ('remaining = "<=0"', "remaining: can never be met"),
        ('remaining = "<1"', "remaining: can never be met"),
        ("remaining = 2.5", "remaining: can never be met"),
        ('remaining = ["<1", 0]', "remaining: can never be met"),
        ("total_gpus = 0", "total_gpus: can never be met"),
        ('gpu_count = "<0"', "gpu_count: can never be met"),
        ('memory_gb = "<0"', "memory_gb: can never be met"),
        ('source = "other"', 'source: there is no source "other"'),
    ],
)
def test_a_match_that_cannot_work_is_told(match: str, told: str) -> None:
    assert f"watch[1].match.{told}" in problem_of(matching(match))


def test_a_glob_of_ten_thousand_characters_is_refused_without_being_shown() -> None:
    told = problem_of(matching(f'gpu_name = "{"*a" * 5000}"'))
    assert told == "monitor.toml:7: watch[1].match.gpu_name: is 10000 characters long; at most 200"


def test_rubbish_is_cut_in_a_problem() -> None:
    assert len(problem_of(matching(f'gpu_count = "{"z" * 10_000}"'))) < 300
    assert len(problem_of(f"{LEAST}{'k' * 10_000} = 1\n")) < 300


def test_a_match_on_a_data_centre_that_no_source_asks_for_is_a_problem() -> None:
    text = matching("aidc_id = 3").replace("[channels", "aidc_ids = [1, 2]\n[channels")
    assert "no source asks for this data centre: aidc_ids holds [1, 2]" in problem_of(text)


@pytest.mark.parametrize(
    "shape", ["watch = 3", "watch = [1, 'a']", "channels = [1]", "monitor = 1", "web = 'x'"]
)
def test_wrong_shapes_are_problems_and_not_crashes(shape: str) -> None:
    assert problems_of(f"{shape}\n{SOURCE}")


def test_no_word_of_the_validating_library_reaches_a_person() -> None:
    told = "\n".join(problems_of(NEITHER_NOR)).lower()
    assert not re.search(r"pydantic|valid(ation|ator)|input|extra|instance|value error|https?://", told)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.168.7.1", "stock.example"])
def test_whatever_others_can_reach_needs_a_token(host: str) -> None:
    assert "others can reach this address" in problem_of(f'{LEAST}[web]\nlisten = "{host}:80"\n')
    parse(f'{LEAST}[web]\nlisten = "{host}:80"\ntoken = {{ env = "TOKEN" }}\n', PATH)
