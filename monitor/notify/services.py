"""What differs between the services behind the channels: facts, no behaviour but measuring. Pure.

`kind` is the scheme of an Apprise URL without the `s` of its encrypted twin: `slack`, `tgram`, `json` ...
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may hold. `shared`: the title is put above the body and takes from its room."""

    title: int
    body: int
    unit: Literal["characters", "bytes"] = "characters"
    shared: bool = False

    def measure(self, text: str) -> int:
        """The size of a text in this service's unit (UTF-8 bytes or characters)."""
        return len(text.encode(errors="replace")) if self.unit == "bytes" else len(text)

    def room(self, title: str) -> int:
        """What the body may measure below this title."""
        return max(self.body - self.measure(title) - 2, 0) if self.shared else self.body

    def cut(self, text: str, size: int) -> str:
        """As much of the text's beginning as measures `size` or less."""
        if self.unit == "characters":
            return text[:size]
        return text.encode(errors="replace")[:size].decode(errors="ignore")


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
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "lark",
    "qyapi.weixin.qq.com": "wecombot",
}
"""Web hooks may be given as the service shows them."""

SIGNING_KINDS: Final = frozenset({"dingtalk", "feishu", "lark"})

_LIMITS: Final = {
    # Feishu counts the request, in which each Chinese character becomes an escape of six bytes.
    "feishu": Limits(250, 9_000, "bytes", shared=True),
    "lark": Limits(250, 9_000, "bytes", shared=True),
    "dingtalk": Limits(250, 9_000, "bytes", shared=True),
    "wecombot": Limits(250, 2_048, "bytes", shared=True),
    "ntfy": Limits(200, 4_096, "bytes"),  # the server makes an attachment of anything longer
    "bark": Limits(250, 3_000, "bytes", shared=True),  # Apple's push takes 4 KB, envelope included
    "slack": Limits(150, 3_000),  # a header block, a section block
}
_RATES: Final = dict.fromkeys(("dingtalk", "wecombot"), Rate(20, timedelta(seconds=60)))


def kind_of(scheme: str) -> str:
    """`jsons` is `json`, `wecombot` stays itself."""
    scheme = scheme.lower()
    return scheme[:-1] if scheme not in PLUGIN_MODULES and scheme[:-1] in PLUGIN_MODULES else scheme


def limits_of(kind: str, title: int, body: int, shared: bool) -> Limits:
    """The numbers are what the library says, which counts characters everywhere."""
    if kind in _LIMITS:
        return _LIMITS[kind]
    return Limits(title or 250, body, shared=shared or title == 0)


def rate_of(kind: str) -> Rate | None:
    return _RATES.get(kind)
