"""What differs between the services behind the channels: facts, no behaviour but measuring. Pure.

`kind` is the scheme of an Apprise URL without the `s` of its encrypted twin: `slack`, `tgram`, `json` ...
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may hold, title and body each at its longest: characters, or bytes of UTF-8."""

    title: int
    body: int
    counts_bytes: bool = False

    def cut(self, text: str, size: int) -> str:
        """As much of the text's beginning as measures `size` or less."""
        if self.counts_bytes:
            return text.encode(errors="replace")[:size].decode(errors="ignore")
        return text[:size]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many messages in any window of that length."""

    messages: int
    window: timedelta


PLUGIN_MODULES: Final = {
    "bark": "bark",
    "dingtalk": "dingtalk",
    "discord": "discord",
    "feishu": "feishu",
    "form": "custom_form",
    "gchat": "google_chat",
    "gotify": "gotify",
    "hassio": "home_assistant",
    "json": "custom_json",
    "lark": "lark",
    "mailto": "email",
    "matrix": "matrix",
    "mmost": "mattermost",
    "ntfy": "ntfy",
    "opsgenie": "opsgenie",
    "pagerduty": "pagerduty",
    "pover": "pushover",
    "pushdeer": "pushdeer",
    "pushplus": "pushplus",
    "rocket": "rocketchat",
    "schan": "serverchan",
    "signal": "signal_api",
    "slack": "slack",
    "tgram": "telegram",
    "wecombot": "wecombot",
    "workflow": "workflows",
    "wxpusher": "wxpusher",
    "xml": "custom_xml",
    "zulip": "zulip",
}
"""Which module of the library serves a kind: a kind that is not here costs the loading of all of them."""

NATIVE_HOSTS: Final = {
    "discord.com": "discord",
    "discordapp.com": "discord",
    "hooks.slack.com": "slack",
    "open.larksuite.com": "lark",
    "qyapi.weixin.qq.com": "wecombot",
}
"""Web hooks that the library takes as the service shows them."""

_NATIVE_ROBOTS: Final = {
    "https://oapi.dingtalk.com/robot/send?access_token=": "dingtalk://",
    "https://open.feishu.cn/open-apis/bot/v2/hook/": "feishu://",
}
"""Web hooks that it does not."""

SIGNING_KINDS: Final = frozenset({"dingtalk", "feishu", "lark"})

_LONGEST_TITLE: Final = 250
_LIMITS: Final = {
    # These count the whole request, in which each Chinese character becomes an escape of six bytes.
    "feishu": Limits(_LONGEST_TITLE, 9_000, counts_bytes=True),
    "lark": Limits(_LONGEST_TITLE, 9_000, counts_bytes=True),
    "dingtalk": Limits(_LONGEST_TITLE, 9_000, counts_bytes=True),
    "wecombot": Limits(_LONGEST_TITLE, 2_048 - _LONGEST_TITLE - 2, counts_bytes=True),
    "ntfy": Limits(200, 3_800, counts_bytes=True),  # the server makes an attachment of more than 4 KB
    "bark": Limits(_LONGEST_TITLE, 3_000, counts_bytes=True),  # Apple takes 4 KB, envelope included
    "slack": Limits(150, 3_000),  # a header block, a section block
}
_RATES: Final = dict.fromkeys(("dingtalk", "wecombot"), Rate(20, timedelta(seconds=60)))


def apprise_url(url: str) -> str:
    """A robot's web hook, as its settings page shows it, in the library's spelling."""
    for native, scheme in _NATIVE_ROBOTS.items():
        if url.startswith(native):
            return scheme + url.removeprefix(native)
    return url


def kind_of(scheme: str) -> str:
    """`jsons` is `json`, `wecombot` stays itself."""
    scheme = scheme.lower()
    return scheme[:-1] if scheme not in PLUGIN_MODULES and scheme[:-1] in PLUGIN_MODULES else scheme


def limits_of(kind: str, title: int, body: int, shared: bool) -> Limits:
    """The numbers are the library's, which counts characters; `shared`: the title stands in the body."""
    if kind in _LIMITS:
        return _LIMITS[kind]
    longest = min(title or _LONGEST_TITLE, _LONGEST_TITLE)
    return Limits(longest, body - longest - 2 if shared or title == 0 else body)


def without_keyword(limits: Limits, keyword: str | None) -> Limits:
    """What remains for the title when a keyword stands before it."""
    taken = len(keyword.encode() if limits.counts_bytes else keyword) + 1 if keyword else 0
    return replace(limits, title=max(limits.title - taken, 20))


def rate_of(kind: str) -> Rate | None:
    return _RATES.get(kind)
