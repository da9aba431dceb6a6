"""The services behind the channels: how a URL names a door of its own, and how each of them says yes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from tests.fakes.internet import Answer
from tests.torture.receivers.visits import Reply

Body = bytes | str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """`url` and `mark` are formats; the mark stands in the head of each request that comes to the door."""

    url: str
    mark: str
    yes: Body = b"{}"
    is_mail: bool = False


CODE_0: Final = {"code": 0, "msg": "success"}
ERRCODE_0: Final = {"errcode": 0, "errmsg": "ok"}
SECOND: Final = "second@example.test"
MAIL: Final = "127.0.0.1:{mail}?from={name}@example.test&to=ops@example.test"

SERVICES: Final = {
    "slack": Service("slack://T1JJ3T3L2/A1BRTD4JD/{t24}/", "{t24}", b"ok"),
    "slackbot": Service("slack://xoxb-1234-1234-{t24}/#gpu", "{t24}", {"ok": True, "ts": "1.2"}),
    "tgram": Service("tgram://123456789:{t24}/12315544", "{t24}", {"ok": True, "result": {"message_id": 1}}),
    "discord": Service("discord://123456789012345678/{t24}", "{t24}", {"id": "1"}),
    "teams": Service("workflows://{name}.example.org:443/{t24}/sig456", "{t24}", b""),
    "ntfy": Service("ntfys://{name}.example.org/topic", "{name}.example.org", {"id": "1"}),
    "feishu": Service("feishu://{uuid}", "{uuid}", CODE_0),
    "lark": Service("lark://{uuid}", "{uuid}", CODE_0),
    "dingtalk": Service("dingtalk://{t64}", "{t64}", ERRCODE_0),
    "wecom": Service("wecombot://{uuid}", "{uuid}", ERRCODE_0),
    "schan": Service("schan://{t24}", "{t24}", CODE_0),
    "pushdeer": Service("pushdeers://{name}.example.org/{t24}", "{name}.example.org", CODE_0),
    "bark": Service("barks://{name}.example.org/{t24}", "{name}.example.org", {"code": 200}),
    "json": Service("jsons://{name}.example.org/{t24}", "{t24}"),
    "xml": Service("xmls://{name}.example.org/{t24}", "{t24}"),
    "form": Service("forms://{name}.example.org/{t24}", "{t24}"),
    "plain": Service("json://127.0.0.1:{port}/{t24}", "{t24}"),
    "nowhere": Service("json://{name}.invalid/{t24}", "{t24}"),
    "rude": Service("rude://127.0.0.1:{port}/{name}/{t24}", "{t24}"),
    "mail": Service(f"mailto://{MAIL}&mode=insecure", "{name}@", is_mail=True),
    "mail-to-two": Service(f"mailto://{MAIL},{SECOND}&mode=insecure", "{name}@", is_mail=True),
    "mail-starttls": Service(f"mailtos://{MAIL}&mode=starttls", "{name}@", is_mail=True),
    "mail-login": Service(
        "mailtos://user:wrong@127.0.0.1:{vault}?from={name}@example.test&to=ops@example.test&mode=ssl",
        "{name}@",
        is_mail=True,
    ),
}


def url_of(kind: str, name: str, ports: Mapping[str, int]) -> str:
    return SERVICES[kind].url.format(**_tokens(name), **ports)


def mark_of(kind: str, name: str) -> str:
    return SERVICES[kind].mark.format(**_tokens(name))


def yes(kind: str) -> Reply:
    return Reply(takes=True, says_yes=True, answer=Answer(body=SERVICES[kind].yes))


def _tokens(name: str) -> dict[str, str]:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {"name": name, "t24": digest[:24], "t64": digest, "uuid": str(uuid5(NAMESPACE_DNS, name))}
