"""Services that answer 200 to everything: what the code in their body means. Pure.

Only codes whose meaning is sure are final. Any other is tried again until the delivery expires: a retry
too many costs little, an alert that was given up for a passing trouble costs a week.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from monitor.core.backoff import Accepted, FailureClass, Outcome, Refused
from monitor.notify.evidence import quote

Judge = Callable[[str, bytes], Outcome]

SERVICE_NAMES: Final = {
    "bark": "Bark",
    "dingtalk": "DingTalk",
    "discord": "Discord",
    "feishu": "Feishu",
    "lark": "Lark",
    "ntfy": "ntfy",
    "pushdeer": "PushDeer",
    "schan": "ServerChan",
    "slack": "Slack",
    "tgram": "Telegram",
    "wecombot": "WeCom",
    "workflow": "Teams",
    "workflows": "Teams",
}

_CHECK_KEYWORD: Final = "check the channel's `keyword`"
_CHECK_SIGNING: Final = "check the channel's `secret` and this machine's clock"


@dataclass(frozen=True, slots=True)
class _Codes:
    """`final`: no retry can help, and why; `limited`: the whole channel pauses for so long."""

    key: str
    fine: int = 0
    limited: Mapping[int, timedelta] = field(default_factory=dict)
    final: Mapping[int, str] = field(default_factory=dict)

    def __call__(self, name: str, body: bytes) -> Outcome:
        answer = _object(body)
        code = answer.get(self.key)
        if not isinstance(code, int) or isinstance(code, bool):
            return Refused(FailureClass.TRANSIENT, f"{name} answered without `{self.key}`: {_start_of(body)}")
        if code == self.fine:
            return Accepted()
        hint = f" ({self.final[code]})" if code in self.final else ""
        reason = f"{name} answered {self.key} {code}{hint}{_said(answer)}"
        if code in self.limited:
            return Refused(FailureClass.TRANSIENT, reason, self.limited[code], pauses_channel=True)
        return Refused(FailureClass.PERMANENT if code in self.final else FailureClass.TRANSIENT, reason)


def _judge_telegram(name: str, body: bytes) -> Outcome:
    answer = _object(body)
    if answer.get("ok") is True:
        return Accepted()
    code = answer.get("error_code")
    reason = f"{name} answered {code if isinstance(code, int) else 'not ok'}{_said(answer)}"
    if isinstance(code, int) and (code == 429 or code >= 500):
        return Refused(FailureClass.TRANSIENT, reason, _telegram_pause(answer), pauses_channel=code == 429)
    transient = not isinstance(code, int) and "description" not in answer
    return Refused(FailureClass.TRANSIENT if transient else FailureClass.PERMANENT, reason)


def _telegram_pause(answer: Mapping[str, Any]) -> timedelta | None:
    parameters = answer.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return timedelta(seconds=min(seconds, 86_400)) if isinstance(seconds, int) else None


_SLACK_BUSY: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_SLACK_LIMITED: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


def _judge_slack(name: str, body: bytes) -> Outcome:
    """A web hook says `ok`; the bot's API says `{"ok": true}`, a workflow too."""
    answer = _object(body)
    if body.strip() == b"ok" or answer.get("ok") is True:
        return Accepted()
    error = answer.get("error")
    if not isinstance(error, str):
        return Refused(FailureClass.TRANSIENT, f"{name} did not say ok: {_start_of(body)}")
    reason = f"{name} answered {quote(error)}"
    if error in _SLACK_LIMITED:
        return Refused(FailureClass.TRANSIENT, reason, pauses_channel=True)
    return Refused(FailureClass.TRANSIENT if error in _SLACK_BUSY else FailureClass.PERMANENT, reason)


_FEISHU: Final = _Codes(
    "code",
    limited={11232: timedelta(seconds=10)},
    final={
        19021: _CHECK_SIGNING,
        19022: "this machine's address is not on the robot's list",
        19024: _CHECK_KEYWORD,
    },
)

BODY_JUDGES: Final[Mapping[str, Judge]] = {
    "bark": _Codes("code", fine=200),
    "dingtalk": _Codes(
        "errcode",
        limited={130101: timedelta(minutes=10)},
        final={
            310000: "check the channel's `keyword`, `secret` and address list",
            300005: "the token is not valid",
        },
    ),
    "feishu": _FEISHU,
    "lark": _FEISHU,
    "pushdeer": _Codes("code"),
    "schan": _Codes("code"),
    "slack": _judge_slack,
    "tgram": _judge_telegram,
    "wecombot": _Codes(
        "errcode",
        limited={45009: timedelta(seconds=60)},
        final={93000: "the web hook's key is not valid"},
    ),
}


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _said(answer: Mapping[str, Any]) -> str:
    for key in ("errmsg", "msg", "message", "description", "error"):
        if isinstance(said := answer.get(key), str) and said:
            return f": {quote(said)}"
    return ""


def _start_of(body: bytes) -> str:
    return quote(body.decode(errors="replace")) or "an empty body"
