"""Group N of the faults as a table: what each receiver does with a restock, and what must become of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tests.fakes.internet import Answer
from tests.fakes.mailbox import Manners
from tests.torture.receivers.services import SECOND, Body
from tests.torture.receivers.visits import Reply

LOGIN_PAGE: Final = {"Location": "https://portal.example.net/login"}
QUARTER_OF_AN_HOUR_S: Final = 900.0


class Fate(Enum):
    """How the restock's delivery ends, and what the receiver then has."""

    ONCE = auto()  # sent; accepted once, unmarked
    REPEATED = auto()  # sent; accepted twice, the second marked as a possible repeat
    MARKED = auto()  # sent; accepted once, and marked, since the try before may have arrived
    REFUSED = auto()  # failed at the first try, and another channel says so
    WAITS = auto()  # not sent, not given up: it waits for the time that was asked for


@dataclass(frozen=True, slots=True)
class Case:
    """`replies` come first, then yes. `waits_s`: what the receiver asks for before the second try.

    `is_slow`: takes longer than a quick run may. `answers_s`: how long one bad try takes by itself. Not
    `heals`: the next message fares no better.
    """

    name: str
    kind: str
    replies: Sequence[Reply]
    fate: Fate
    waits_s: float = 0.0
    is_slow: bool = False
    heals: bool = True
    answers_s: float = 0.0


def all_cases() -> list[Case]:
    tables = (lost_answers, for_good, limited, broken, untrue, mail, redirected, rude)
    return [case for table in tables for case in table()]


def says(status: int, body: Body = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that is no yes; the receiver did not take the message."""
    return Reply(answer=Answer(status, body, headers or {}))


def busy(status: int, seconds: int | None = None) -> Reply:
    return says(status, headers={} if seconds is None else {"Retry-After": f"{seconds}"})


def lost_answers() -> Iterator[Case]:
    """N1: the request leaves, no answer comes. The receiver alone knows whether it has the message."""
    for kind in ("slack", "tgram", "discord", "feishu", "dingtalk", "wecom", "ntfy", "teams", "json"):
        lost = Reply(takes=True, answer=Answer(fault="reset_after_reading"))
        yield Case(f"n1-{kind}-reset-after-accepting", kind, [lost], Fate.REPEATED)
    unread = Reply(answer=Answer(fault="reset_before_reading"))
    yield Case("n1-json-reset-before-reading", "json", [unread], Fate.MARKED)
    hang = Answer(fault="hang")
    for kind in ("json", "lark"):
        yield Case(f"n1-{kind}-hang-before", kind, [Reply(answer=hang)], Fate.MARKED, answers_s=5)
        lost = Reply(takes=True, answer=hang)
        yield Case(f"n1-{kind}-hang-after", kind, [lost], Fate.REPEATED, answers_s=5)
    dripping = Reply(takes=True, drips=True)
    yield Case("n1-json-drip-head", "json", [dripping], Fate.REPEATED, is_slow=True, answers_s=15)
    yield Case("n1-slack-drip-head", "slack", [dripping], Fate.REPEATED, is_slow=True, answers_s=15)
    drip = Answer(200, {"code": 0}, fault="drip_body")
    yield Case("n1-json-drip-body", "json", [Reply(takes=True, says_yes=True, answer=drip)], Fate.ONCE)
    unsure = Reply(takes=True, answer=drip)
    yield Case("n1-feishu-drip-body", "feishu", [unsure], Fate.REPEATED, answers_s=5)
    yield Case("n1-no-such-host", "nowhere", [], Fate.WAITS)


def for_good() -> Iterator[Case]:
    """N2: asking again cannot help."""
    telegram = {"ok": False, "description": "Bad Request: chat not found"}
    table: list[tuple[str, int, Body]] = [
        ("slack", 403, b"invalid_token"),
        ("slack", 404, b"no_team"),
        ("slack", 410, b"channel_is_archived"),
        ("slack", 400, b"invalid_payload"),
        ("tgram", 400, {**telegram, "error_code": 400}),
        ("tgram", 401, {**telegram, "error_code": 401}),
        ("tgram", 403, {**telegram, "error_code": 403, "description": "Forbidden: bot was blocked"}),
        ("discord", 404, {"message": "Unknown Webhook", "code": 10015}),
        ("teams", 401, {"error": {"code": "DirectApiAuthorizationRequired"}}),
        ("feishu", 400, {"code": 9499, "msg": "Bad Request"}),
        ("ntfy", 403, {"code": 40301, "error": "forbidden"}),
        ("json", 413, b"too large"),
    ]
    for kind, status, body in table:
        yield Case(f"n2-{kind}-{status}", kind, [says(status, body)], Fate.REFUSED)


def limited() -> Iterator[Case]:
    """N3: too many messages; the receiver says how long to wait."""
    for kind in ("slack", "discord", "json", "ntfy", "feishu"):
        yield Case(f"n3-{kind}-header", kind, [busy(429, 3)], Fate.ONCE, 3)
    for status in (429, 200):
        body = {"ok": False, "error_code": 429, "parameters": {"retry_after": 3}}
        yield Case(f"n3-tgram-body-{status}", "tgram", [says(status, body)], Fate.ONCE, 3)
    yield Case("n3-discord-body", "discord", [says(429, {"retry_after": 2.5})], Fate.ONCE, 2.5)
    dates = {"Date": "Mon, 02 Jan 2034 03:04:05 GMT", "Retry-After": "Mon, 02 Jan 2034 03:04:08 GMT"}
    yield Case("n3-json-date", "json", [says(503, headers=dates)], Fate.ONCE, 3)
    yield Case("n3-json-silent", "json", [busy(429), busy(429)], Fate.ONCE, 1)
    absurd = busy(429, 31_536_000)
    yield Case("n3-json-absurd", "json", [absurd], Fate.WAITS, QUARTER_OF_AN_HOUR_S)


def broken() -> Iterator[Case]:
    """N4: the receiver's own trouble."""
    page = b"<html>502 Bad Gateway</html>"
    table = {
        "slack": (500, 502), "tgram": (502,), "discord": (503,), "teams": (504, 500), "feishu": (503,),
        "lark": (502,), "dingtalk": (500,), "wecom": (502, 504), "schan": (503,), "ntfy": (408,),
        "json": (425, 500), "xml": (503,), "form": (500,), "pushdeer": (502,), "bark": (503,),
    }  # fmt: skip
    for kind, statuses in table.items():
        yield Case(f"n4-{kind}", kind, [says(status, page) for status in statuses], Fate.ONCE)


def untrue() -> Iterator[Case]:
    """N5: HTTP 200 that is no success."""
    refused: list[tuple[str, str, Body]] = [
        ("dingtalk", "310000", {"errcode": 310000, "errmsg": "keywords not in content"}),
        ("dingtalk", "300005", {"errcode": 300005, "errmsg": "token is not exist"}),
        ("feishu", "19024", {"code": 19024, "msg": "Key Words Not Found"}),
        ("feishu", "19021", {"code": 19021, "msg": "sign match fail"}),
        ("lark", "19022", {"code": 19022, "msg": "Ip Not Allowed"}),
        ("wecom", "93000", {"errcode": 93000, "errmsg": "invalid webhook url"}),
        ("tgram", "not-ok", {"ok": False, "error_code": 400, "description": "chat not found"}),
        ("slackbot", "no-channel", {"ok": False, "error": "channel_not_found"}),
    ]
    for kind, code, body in refused:
        yield Case(f"n5-{kind}-{code}", kind, [says(200, body)], Fate.REFUSED)
    passing: list[tuple[str, str, Body]] = [
        ("slack", "without-ok", b"no_service"),
        ("slackbot", "fatal", {"ok": False, "error": "fatal_error"}),
        ("tgram", "502", {"ok": False, "error_code": 502, "description": "bad gateway"}),
        ("dingtalk", "busy", {"errcode": -1, "errmsg": "系统繁忙"}),
        ("dingtalk", "login-page", b"<html>log in</html>"),
        ("feishu", "empty", b""),
        ("wecom", "list", b"[]"),
        ("schan", "40001", {"code": 40001, "message": "超过当天的发送次数限制"}),
        ("pushdeer", "80403", {"code": 80403, "error": "Key error"}),
        ("bark", "400", {"code": 400, "message": "device key not found"}),
    ]
    for kind, code, body in passing:
        yield Case(f"n5-{kind}-{code}", kind, [says(200, body)], Fate.ONCE)
    limits: list[tuple[str, Body, float]] = [
        ("feishu", {"code": 11232}, 10),
        ("wecom", {"errcode": 45009}, 60),
    ]
    for kind, body, waits_s in limits:
        yield Case(f"n5-{kind}-limit", kind, [says(200, body)], Fate.ONCE, waits_s, is_slow=True)
    ten_minutes = says(200, {"errcode": 130101, "errmsg": "send too fast"})
    yield Case("n5-dingtalk-limit", "dingtalk", [ten_minutes], Fate.WAITS, 600)


def mail() -> Iterator[Case]:
    """N6: the replies of a mail server."""
    at_once = {
        "greylisted": Manners(mail="451 4.7.1 Greylisted"),
        "recipient-450": Manners(rcpt={"ops@example.test": "450 4.2.0 Busy"}),
        "full-452": Manners(data="452 4.3.1 Full"),
        "closing-421": Manners(data="421 4.3.2 Closing"),
    }
    for name, manners in at_once.items():
        yield Case(f"n6-{name}", "mail", [Reply(manners=manners)] * 2, Fate.ONCE)
    never = {
        "sender-550": Manners(mail="550 5.7.1 No relay"),
        "recipient-550": Manners(rcpt={"ops@example.test": "550 5.1.1 No such user"}),
        "spam-554": Manners(data="554 5.7.1 Spam"),
    }
    for name, manners in never.items():
        yield Case(f"n6-{name}", "mail", [Reply(manners=manners)], Fate.REFUSED)
    yield Case("n6-no-starttls", "mail-starttls", [], Fate.REFUSED, heals=False)
    yield Case("n6-login-535", "mail-login", [], Fate.REFUSED, heals=False)
    lost = Reply(takes=True, manners=Manners(hang_up_after_data=True))
    yield Case("n6-hung-up-after-data", "mail", [lost], Fate.REPEATED)
    for code, fate in ((550, Fate.REFUSED), (450, Fate.REPEATED)):
        half = Reply(takes=True, manners=Manners(rcpt={SECOND: f"{code} 5.1.1 No"}))
        yield Case(f"n6-second-recipient-{code}", "mail-to-two", [half] * 2, fate)


def redirected() -> Iterator[Case]:
    """N7: a redirect to a page that says 200 to everybody."""
    for kind in ("slack", "tgram", "discord", "feishu", "wecom", "ntfy", "json"):
        yield Case(f"n7-{kind}", kind, [says(302, headers=LOGIN_PAGE)], Fate.REFUSED)


def rude() -> Iterator[Case]:
    """N8: the plugin itself misbehaves, once; see rude.py."""
    for how in ("raises", "exits", "returns-none", "says-no"):
        yield Case(f"n8-{how}", "rude", [], Fate.ONCE)
    unsure = Reply(takes=True)
    yield Case("n8-raises-after-sending", "rude", [unsure], Fate.REPEATED)
    yield Case("n8-exits-after-sending", "rude", [unsure], Fate.REPEATED)
    yield Case("n8-hangs", "rude", [], Fate.MARKED, is_slow=True, answers_s=15)
