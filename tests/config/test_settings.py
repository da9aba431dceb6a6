"""From a good file to settings: defaults, overrides, and what refers to what."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.config.settings import Config
from monitor.core.matching import Criterion, Range, Rule
from monitor.core.product import Feed
from tests.config.samples import LEAST, SOURCE, config_of, matching, watch


def rule_of(text: str) -> Rule:
    (rule,) = config_of(text).rules
    return rule


def test_what_is_left_out_has_the_documented_default() -> None:
    config = config_of(LEAST)
    (source,), (channel,) = config.sources, config.channels
    assert (source.name, source.base_url) == ("default", "https://api.alayanew.com")
    assert (source.interval, source.timeout) == (timedelta(seconds=15), timedelta(seconds=10))
    assert (channel.language, channel.give_up_after) == ("en", timedelta(hours=6))
    assert config.storage.keep == timedelta(days=400)
    assert (config.monitor.language, config.monitor.timezone.key) == ("en", "Asia/Shanghai")
    assert (config.monitor.heartbeat_url, config.monitor.price_units, config.web) == (None, {}, None)


def test_an_empty_web_table_listens_on_this_machine_only() -> None:
    web = config_of(f"{LEAST}[web]\n").web
    assert web is not None
    assert (web.host, web.port, web.token) == ("127.0.0.1", 8787, None)


def test_without_data_centres_there_is_one_feed_for_all() -> None:
    assert config_of(SOURCE).sources[0].feeds == (Feed("default", None),)


def test_each_data_centre_is_a_feed() -> None:
    source = config_of(f"{SOURCE}aidc_ids = [2, 1]\n").sources[0]
    assert source.feeds == (Feed("default", 2), Feed("default", 1))


def test_several_sources_keep_their_names_and_say_whose_secret_is_whose() -> None:
    text = '[[source]]\nname = "a"\napi_key = "k"\n[[source]]\nname = "b"\napi_key = "k"\n'
    sources = config_of(text).sources
    assert [(source.name, source.api_key.place) for source in sources] == [
        ("a", "source[1].api_key"),
        ("b", "source[2].api_key"),
    ]


@pytest.mark.parametrize(
    ("path", "url", "expected"),
    [
        ("/srv/gpu/monitor.toml", "", "sqlite:////srv/gpu/monitor.db"),
        ("/etc/gpu-stock-monitor/monitor.toml", "", "sqlite:////var/lib/gpu-stock-monitor/monitor.db"),
        ("/etc/gpu-stock-monitor/x/monitor.toml", "", "sqlite:////etc/gpu-stock-monitor/x/monitor.db"),
        ("/etc/gpu-stock-monitor/monitor.toml", "sqlite:///a.db", "sqlite:////etc/gpu-stock-monitor/a.db"),
        ("/srv/gpu/monitor.toml", "sqlite:///data/a.db", "sqlite:////srv/gpu/data/a.db"),
        ("/srv/gpu/monitor.toml", "sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
    ],
)
def test_the_database_lies_beside_the_file_or_where_the_unit_keeps_it(
    path: str, url: str, expected: str
) -> None:
    text = f'{LEAST}[storage]\nurl = "{url}"\n' if url else LEAST
    assert config_of(text, Path(path)).storage.url == expected


def test_a_relative_path_of_the_file_is_made_absolute() -> None:
    config = config_of(LEAST, Path("monitor.toml"))
    assert config.path == Path.cwd() / "monitor.toml"
    assert config.storage.url == f"sqlite:///{Path.cwd()}/monitor.db"


@pytest.mark.parametrize(
    ("interval", "given", "expected"),
    [("15s", None, 60), ("20s", None, 80), ("1s", None, 60), ("15s", "30s", 30), ("15s", "5m", 300)],
)
def test_blind_after_is_the_larger_of_a_minute_and_four_intervals(
    interval: str, given: str | None, expected: int
) -> None:
    monitor = f'[monitor]\nblind_after = "{given}"\n' if given else ""
    config = config_of(f'{SOURCE}interval = "{interval}"\n{monitor}')
    assert config.monitor.blind_after_of(config.sources[0]) == timedelta(seconds=expected)


def two_channels(body: str) -> Config:
    return config_of(f'{LEAST}[channels.b]\nurl = "u"\n{body}')


def test_who_is_not_said_to_be_told_is_every_channel() -> None:
    config = two_channels('[[watch]]\nname = "w"\nmatch = {}\n')
    assert config.monitor.notify == config.rules[0].notify == ("ops", "b")


def test_who_is_told_can_be_some_or_nobody() -> None:
    config = two_channels('[monitor]\nnotify = ["b"]\n[[watch]]\nname = "w"\nmatch = {}\nnotify = []\n')
    assert config.monitor.notify == ("b",)
    assert config.rules[0].notify == ()


def test_a_channel_speaks_the_monitors_language_or_its_own() -> None:
    config = two_channels('language = "en"\n[monitor]\nlanguage = "zh"\n')
    assert [channel.language for channel in config.channels] == ["zh", "en"]


def test_without_channels_a_watch_that_tells_nobody_may_still_record() -> None:
    config = config_of(f'{SOURCE}[[watch]]\nname = "w"\nmatch = {{}}\nnotify = []\n')
    assert config.rules[0].notify == ()


def test_a_disabled_watch_is_left_out() -> None:
    assert config_of(watch("match = {}\nenabled = false")).rules == ()


def test_defaults_hold_for_a_watch_that_does_not_set_its_own() -> None:
    defaults = '[defaults]\nfor = "5s"\nremind_every = "30m"\nnotify_sold_out = false\nmin_gap = "0s"\n'
    rule = rule_of(watch('match = {}\nfor = "7s"\nremind_every = "never"') + defaults)
    assert (rule.hold_for, rule.remind_every) == (timedelta(seconds=7), None)
    assert (rule.notify_sold_out, rule.min_gap) == (False, timedelta(0))
    assert (rule.announce_existing, rule.blocked_after) == (True, timedelta(minutes=10))


def test_a_watch_may_undo_a_default_by_giving_the_programs_own() -> None:
    defaults = '[defaults]\nmin_gap = "5m"\nnotify_sold_out = false\n'
    rule = rule_of(watch('match = {}\nmin_gap = "60s"\nnotify_sold_out = true') + defaults)
    assert (rule.min_gap, rule.notify_sold_out) == (timedelta(seconds=60), True)


def exactly(number: str) -> Range:
    return Range(Decimal(number), Decimal(number))


@pytest.mark.parametrize(
    ("match", "criterion"),
    [
        ("gpu_count = 8", Criterion("gpu_count", ranges=(exactly("8"),))),
        ('gpu_count = "8"', Criterion("gpu_count", ranges=(exactly("8"),))),
        ("memory_gb = 0.1", Criterion("memory_gb", ranges=(exactly("0.1"),))),
        (
            'gpu_count = [8, "2..4"]',
            Criterion("gpu_count", ranges=(exactly("8"), Range(Decimal(2), Decimal(4)))),
        ),
        ('remaining = ">=2"', Criterion("remaining", ranges=(Range(low=Decimal(2)),))),
        (
            'remaining = [">0", 0]',
            Criterion("remaining", ranges=(Range(Decimal(0), None, True), exactly("0"))),
        ),
        ('gpu_name = "-"', Criterion("gpu_name", globs=("-",))),
        ('gpu_name = ["A*", "B?"]', Criterion("gpu_name", globs=("A*", "B?"))),
        ("gpu_count = 0", Criterion("gpu_count", ranges=(exactly("0"),))),
        ('source = "DEF*"', Criterion("source", globs=("DEF*",))),
        ("aidc_id = 3", Criterion("aidc_id", ranges=(exactly("3"),))),
    ],
)
def test_a_match_value_is_exact_a_list_a_glob_or_a_comparison(match: str, criterion: Criterion) -> None:
    assert rule_of(matching(match)).any_of == ((criterion,),)


def test_the_counts_are_asked_last() -> None:
    rule = rule_of(
        matching('remaining = 1, total_gpus = 8, price_unit = 11, price = 5, name = "a", source = "*"')
    )
    assert [criterion.key for criterion in rule.any_of[0]] == [
        "source",
        "name",
        "price",
        "price_unit",
        "remaining",
        "total_gpus",
    ]


def test_an_empty_match_is_every_product_and_a_list_is_any_of() -> None:
    assert rule_of(watch("match = {}")).any_of == ((),)
    assert len(rule_of(watch("match = [{ gpu_count = 8 }, { gpu_count = 4 }]")).any_of) == 2
