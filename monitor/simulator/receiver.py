"""The receiving end of Apprise's `json://`: turns a POST to /notify/<channel> into a message. Pure."""

import json
from dataclasses import dataclass
from typing import Final

from monitor.simulator.api import method_not_allowed, trouble
from monitor.simulator.wire import Request, Response

NOTIFY_PATH: Final = "/notify/"


@dataclass(frozen=True, slots=True)
class Message:
    channel: str
    title: str
    body: str


def receive(request: Request) -> Message | Response:
    """The message, or the answer that refuses it."""
    if request.method != "POST":
        return method_not_allowed("POST")
    channel = request.path.removeprefix(NOTIFY_PATH).strip("/")
    if not channel:
        return trouble(404, message="name the channel: /notify/<channel>")
    try:
        payload = json.loads(request.body)
    except (ValueError, RecursionError):
        return trouble(400, message="the body is not JSON")
    if not isinstance(payload, dict):
        return trouble(400, message="the body is not a JSON object")
    title, body = payload.get("title", ""), payload.get("message", "")
    if not isinstance(title, str) or not isinstance(body, str):
        return trouble(400, message="title and message must be text")
    return Message(channel, title, body)
