"""What may be a channel's URL, and that no error tells it."""

import logging
import subprocess
import sys

import pytest

from monitor.core.errors import ConfigError
from monitor.notify.services import Limits
from tests.notify.conftest import LoadChannel

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "canary-one two",
        "://canary",
        "slack://canary",
        "tgram://canary/",
        "mailto://user:canary@",
        "mailtos://user:canary@",
        "nosuch://user:canary@host",
        "canarycanarycanary://x",
        "json://user:canary@host:99999999/",
        "discord://canary",
        "feishu://can ary!",
        "dingtalk://",
        "wecombot://canary!!",
        "https://example.org/canary",
        "workflows://canary",
        "slack://[canary",
        "json://[::canary",
    ],
)
def test_an_unusable_url_is_one_sentence_without_the_url(
    url: str, load: LoadChannel, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(1)
    with pytest.raises(ConfigError) as caught:
        load(url)
    [problem] = caught.value.problems
    assert problem.startswith("channel phone: ")
    assert "\n" not in problem
    assert "canary" not in problem.replace("`canarycanarycanary://`", "")
    shown = capfd.readouterr()
    assert "canary" not in shown.out + shown.err


def test_what_the_library_logs_reaches_no_handler_of_ours(load: LoadChannel) -> None:
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    listener = Listener(1)
    root = logging.getLogger()
    before = root.level
    root.addHandler(listener)
    root.setLevel(1)
    try:
        with pytest.raises(ConfigError):
            load("slack://canary")
        load("json://127.0.0.1:1/canary").send("t", "b")
    finally:
        root.removeHandler(listener)
        root.setLevel(before)
    assert [line for line in seen if "canary" in line] == []


@pytest.mark.parametrize(
    "parameter", ["optional=yes", "retry=3", "redirect=yes", "tag=a", "Optional=yes", "retry"]
)
def test_parameters_that_would_falsify_the_answer_are_refused(parameter: str, load: LoadChannel) -> None:
    with pytest.raises(ConfigError, match="take `"):
        load(f"{SLACK}?footer=no&{parameter}")


def test_two_services_in_one_url_are_refused(load: LoadChannel) -> None:
    with pytest.raises(ConfigError, match="names 2 services; make a channel of each"):
        load(f"{SLACK},ntfys://mytopic")


def test_a_secret_is_refused_where_nothing_is_signed(load: LoadChannel) -> None:
    with pytest.raises(ConfigError, match="`secret` is for signing, which slack does not do") as caught:
        load(SLACK, secret="canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "kind", "limits", "per_minute"),
    [
        (SLACK, "slack", Limits(150, 3_000), None),
        ("tgram://123456789:abcdefg_hijklmnop/1", "tgram", Limits(250, 3_844), None),
        ("discord://123456789012345678/tok_en-abcdefghijkl", "discord", Limits(250, 1_748), None),
        ("wecombot://abcdef01-2345", "wecombot", Limits(250, 1_796, counts_bytes=True), 20),
        ("dingtalk://" + "ab12" * 16, "dingtalk", Limits(250, 9_000, counts_bytes=True), 20),
        ("feishu://abcdef01-2345", "feishu", Limits(250, 9_000, counts_bytes=True), None),
        ("mailtos://user:pass@example.org", "mailto", Limits(250, 32_768), None),
        ("jsons://example.org/hook", "json", Limits(250, 32_768), None),
        ("ntfys://mytopic", "ntfy", Limits(200, 3_800, counts_bytes=True), None),
        ("workflows://example.org/abc123def/sig456", "workflow", Limits(250, 1_000), None),
        (
            "pover://uQiRzpo4DXghDmr9QzzfQu27cmVRsG@azGDORePK8gMaC0QOYAMyEEuzJnyUi",
            "pover",
            Limits(250, 1_024),
            None,
        ),
    ],
)
def test_a_channel_knows_its_kind_its_limits_and_its_rate(
    url: str, kind: str, limits: Limits, per_minute: int | None, load: LoadChannel
) -> None:
    channel = load(url)
    assert (channel.kind, channel.limits) == (kind, limits)
    assert (channel.rate.messages if channel.rate else None) == per_minute


def test_a_keyword_takes_its_room_from_the_title(load: LoadChannel) -> None:
    assert load("wecombot://abcdef01-2345", keyword="库存").limits.title == 250 - 7


def test_only_the_plugins_that_are_needed_are_imported() -> None:
    code = (
        "import sys; from monitor.notify.channel import Channel;"
        "Channel.load('a', 'ntfys://mytopic'); Channel.load('b', 'mailtos://u:p@example.org');"
        "print('apprise.plugins.ntfy' in sys.modules, 'apprise.plugins.slack' in sys.modules);"
        "Channel.load('c', 'zulip://botname@organization/12345678901234567890123456789012');"
        "Channel.load('d', 'prowl://' + 'a' * 40);"
        "print('apprise.plugins.slack' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.stdout, told.stderr) == ("True False\nTrue\n", "")


def test_a_library_that_loads_plugins_in_another_way_still_works() -> None:
    code = (
        "from apprise.manager import PluginManager;"
        "ordinary = PluginManager.load_modules;"
        "PluginManager.load_modules = lambda self: ordinary(self);"
        "from monitor.notify.channel import Channel;"
        "print(Channel.load('a', 'ntfys://mytopic').kind, Channel.load('b', 'slack://Taaaaaaaa/Bbbbbbbbb/c').kind)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.stdout, told.stderr) == ("ntfy slack\n", "")


def test_the_rooms_beside_the_channel_do_not_import_the_library() -> None:
    code = "import sys, monitor.notify.heartbeat, monitor.notify.services; print('apprise' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.stdout == "False\n"
