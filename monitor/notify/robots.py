"""What chat services and their robots ask of a message: signatures, keywords, no accidental calls. No I/O."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from requests import PreparedRequest

_ZERO_WIDTH_SPACE: Final = "\u200b"
_MENTIONS: Final = {
    "discord": re.compile(r"(?<=[@<])(?=[A-Za-z0-9@#:!&/])|(?<=\])(?=\()"),
    "feishu": re.compile(r"(?<=<)(?=/?at\b)", re.IGNORECASE),
    "lark": re.compile(r"(?<=<)(?=/?at\b)", re.IGNORECASE),
    "wecombot": re.compile(r"(?<=[<@])(?=[@\w])"),
    "dingtalk": re.compile(r"(?<=@)(?=\w)"),
    "slack": re.compile(r"(?<=@)(?=(?:channel|here|everyone)\b)", re.IGNORECASE),
    "mmost": re.compile(r"(?<=@)(?=\w)"),
    "rocket": re.compile(r"(?<=@)(?=\w)"),
    "workflow": re.compile(r"(?<=\])(?=\()|(?<=@)(?=\w)"),
    "schan": re.compile(r"(?<=\])(?=\()|(?<=<)(?=\w)"),
    "matrix": re.compile(r"(?<=@)(?=room\b)", re.IGNORECASE),
}


def signer(kind: str, secret: str, clock: Callable[[], float]) -> Callable[[PreparedRequest], None]:
    """Signs each request of a robot as it leaves: the library cannot for Feishu, and errs for DingTalk."""
    sign = _sign_dingtalk if kind == "dingtalk" else _sign_feishu
    return lambda request: sign(request, secret, clock())


def feishu_signature(secret: str, timestamp_s: int) -> str:
    """HMAC-SHA256 of nothing under the key "timestamp, newline, secret", in base64 (Feishu: custom bots)."""
    return _signature(f"{timestamp_s}\n{secret}", "")


def dingtalk_signature(secret: str, timestamp_ms: int) -> str:
    """HMAC-SHA256 of "timestamp, newline, secret" under the secret, in base64 (DingTalk: custom robots)."""
    return _signature(secret, f"{timestamp_ms}\n{secret}")


def _signature(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def _sign_feishu(request: PreparedRequest, secret: str, now_s: float) -> None:
    """Two fields of the JSON message."""
    head = {"timestamp": str(int(now_s)), "sign": feishu_signature(secret, int(now_s))}
    body = json.dumps({**head, **json.loads(request.body or b"{}")}).encode()
    request.body = body
    request.headers["Content-Length"] = str(len(body))


def _sign_dingtalk(request: PreparedRequest, secret: str, now_s: float) -> None:
    """Two parameters of the address, encoded once (the library encodes the signature twice)."""
    now_ms = int(now_s * 1000)
    signature = quote(dingtalk_signature(secret, now_ms), safe="")
    request.url = f"{request.url}&timestamp={now_ms}&sign={signature}"


def without_mentions(kind: str, text: str) -> str:
    """The same text to the eye, which calls nobody and links nowhere."""
    pattern = _MENTIONS.get(kind)
    return pattern.sub(_ZERO_WIDTH_SPACE, text) if pattern else text


def with_keyword(title: str, keyword: str | None) -> str:
    """A robot that was told a keyword drops every message without it."""
    return title if not keyword or keyword in title else f"{keyword} {title}"
