"""Sent means that the receiver said so: every service's way of saying no, through the real plugins."""

from datetime import timedelta

import pytest

from monitor.core.backoff import Accepted, FailureClass, Refused
from tests.fakes.internet import Answer, FakeInternet
from tests.notify.conftest import LoadChannel

PERMANENT, TRANSIENT, AMBIGUOUS = FailureClass.PERMANENT, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS

URLS = {
    "hooks.slack.com": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "slack.com": "slack://xoxb-1234-1234-abc124/#gpu",
    "api.telegram.org": "tgram://123456789:abcdefg_hijklmnop/12315544",
    "discord.com": "discord://123456789012345678/tok_en-abcdefghijkl",
    "prod-1.westus.logic.azure.com": "workflows://prod-1.westus.logic.azure.com:443/abc123def/sig456",
    "ntfy.sh": "ntfys://mytopic",
    "open.feishu.cn": "feishu://abcdef01-2345-6789-abcd-ef0123456789",
    "open.larksuite.com": "lark://abcdef01-2345-6789-abcd-ef0123456789",
    "oapi.dingtalk.com": "dingtalk://" + "abcdef0123456789" * 4,
    "qyapi.weixin.qq.com": "wecombot://abcdef01-2345-6789-abcd-ef0123456789",
    "sctapi.ftqq.com": "schan://abcdef0123456789",
    "push.example.org": "pushdeers://push.example.org/pushKey0123",
    "bark.example.org": "barks://bark.example.org/devicekey0123",
    "hook.example.org": "jsons://hook.example.org/path0123",
}


def outcome(internet: FakeInternet, load: LoadChannel, host: str, answer: Answer) -> Accepted | Refused:
    internet.answers[host] = answer
    return load(URLS[host]).send("title", "body")


@pytest.mark.parametrize(
    ("host", "body"),
    [
        ("sctapi.ftqq.com", {"code": 0, "message": "", "data": {"errno": 0}}),
        ("push.example.org", {"code": 0, "content": {"result": []}}),
        ("bark.example.org", {"code": 200, "message": "success", "timestamp": 1}),
        ("hook.example.org", b""),
        ("open.feishu.cn", {"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"}),
        ("slack.com", {"ok": True, "channel": "C1", "ts": "1.2"}),
    ],
)
def test_a_yes_in_the_service_s_own_words_is_accepted(
    host: str, body: bytes | dict[str, object], internet: FakeInternet, load: LoadChannel
) -> None:
    assert outcome(internet, load, host, Answer(200, body)) == Accepted()


@pytest.mark.parametrize(
    ("host", "body", "kind", "said"),
    [
        (
            "oapi.dingtalk.com",
            {"errcode": 310000, "errmsg": "keywords not in content"},
            PERMANENT,
            "keywords not",
        ),
        ("oapi.dingtalk.com", {"errcode": 300005, "errmsg": "token is not exist"}, PERMANENT, "300005"),
        ("oapi.dingtalk.com", {"errcode": 130101, "errmsg": "send too fast"}, TRANSIENT, "130101"),
        ("oapi.dingtalk.com", {"errcode": -1, "errmsg": "系统繁忙"}, TRANSIENT, "系统繁忙"),
        ("oapi.dingtalk.com", {"errcode": 999999, "errmsg": "news to us"}, TRANSIENT, "news to us"),
        ("open.feishu.cn", {"code": 19024, "msg": "Key Words Not Found"}, PERMANENT, "`keyword`"),
        ("open.feishu.cn", {"code": 19021, "msg": "sign match fail"}, PERMANENT, "`secret`"),
        ("open.feishu.cn", {"code": 19022, "msg": "Ip Not Allowed"}, PERMANENT, "Ip Not Allowed"),
        ("open.feishu.cn", {"code": 11232, "msg": "frequency limited"}, TRANSIENT, "11232"),
        ("open.larksuite.com", {"code": 19024, "msg": "Key Words Not Found"}, PERMANENT, "Lark answered"),
        ("qyapi.weixin.qq.com", {"errcode": 93000, "errmsg": "invalid webhook url"}, PERMANENT, "93000"),
        ("qyapi.weixin.qq.com", {"errcode": 45009, "errmsg": "api freq out of limit"}, TRANSIENT, "45009"),
        ("sctapi.ftqq.com", {"code": 40001, "message": "超过当天的发送次数限制"}, TRANSIENT, "超过当天"),
        ("sctapi.ftqq.com", {"code": 40003, "message": "bad key"}, TRANSIENT, "bad key"),
        ("push.example.org", {"code": 80403, "error": "Key error"}, TRANSIENT, "Key error"),
        ("bark.example.org", {"code": 400, "message": "device key not found"}, TRANSIENT, "not found"),
        (
            "api.telegram.org",
            {"ok": False, "error_code": 400, "description": "chat not found"},
            PERMANENT,
            "chat not",
        ),
        (
            "api.telegram.org",
            {"ok": False, "error_code": 502, "description": "bad gateway"},
            TRANSIENT,
            "502",
        ),
        ("hooks.slack.com", b"no_service", TRANSIENT, "no_service"),
        ("slack.com", {"ok": False, "error": "channel_not_found"}, PERMANENT, "channel_not_found"),
        ("slack.com", {"ok": False, "error": "fatal_error"}, TRANSIENT, "fatal_error"),
        ("slack.com", {"ok": False, "error": "ratelimited"}, TRANSIENT, "ratelimited"),
    ],
)
def test_an_error_under_the_status_200_is_never_sent(
    host: str,
    body: bytes | dict[str, object],
    kind: FailureClass,
    said: str,
    internet: FakeInternet,
    load: LoadChannel,
) -> None:
    refused = outcome(internet, load, host, Answer(200, body))
    assert isinstance(refused, Refused)
    assert refused.kind is kind
    assert said in refused.reason


@pytest.mark.parametrize(
    "body", [b"", b"<html>log in</html>", b"[]", b'"ok"', b'{"code": true}', b"[" * 100_000]
)
@pytest.mark.parametrize(
    "host", ["oapi.dingtalk.com", "open.feishu.cn", "qyapi.weixin.qq.com", "api.telegram.org"]
)
def test_a_200_that_does_not_say_yes_is_not_sent(
    host: str, body: bytes, internet: FakeInternet, load: LoadChannel
) -> None:
    refused = outcome(internet, load, host, Answer(200, body))
    assert isinstance(refused, Refused)
    assert refused.kind is TRANSIENT


@pytest.mark.parametrize(
    ("host", "body", "pause"),
    [
        ("oapi.dingtalk.com", {"errcode": 130101, "errmsg": "send too fast"}, timedelta(minutes=10)),
        ("qyapi.weixin.qq.com", {"errcode": 45009, "errmsg": "api freq out of limit"}, timedelta(seconds=60)),
        ("open.feishu.cn", {"code": 11232, "msg": "frequency limited"}, timedelta(seconds=10)),
        (
            "api.telegram.org",
            {"ok": False, "error_code": 429, "parameters": {"retry_after": 7}},
            timedelta(seconds=7),
        ),
    ],
)
def test_a_rate_limit_under_the_status_200_pauses_the_channel(
    host: str, body: dict[str, object], pause: timedelta, internet: FakeInternet, load: LoadChannel
) -> None:
    refused = outcome(internet, load, host, Answer(200, body))
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.retry_after, refused.pauses_channel) == (TRANSIENT, pause, True)


@pytest.mark.parametrize(
    ("host", "status", "body"),
    [
        ("hooks.slack.com", 403, b"invalid_token"),
        ("hooks.slack.com", 404, b"no_team"),
        ("hooks.slack.com", 410, b"channel_is_archived"),
        ("hooks.slack.com", 400, b"invalid_payload"),
        ("api.telegram.org", 400, {"ok": False, "error_code": 400, "description": "chat not found"}),
        ("api.telegram.org", 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
        ("api.telegram.org", 403, {"ok": False, "error_code": 403, "description": "bot was blocked"}),
        ("discord.com", 404, {"message": "Unknown Webhook", "code": 10015}),
        ("open.feishu.cn", 400, {"code": 9499, "msg": "Bad Request"}),
        ("ntfy.sh", 403, {"code": 40301, "error": "forbidden"}),
        ("prod-1.westus.logic.azure.com", 401, {"error": {"code": "DirectApiAuthorizationRequired"}}),
        ("hook.example.org", 413, b"too large"),
    ],
)
def test_a_4xx_is_permanent_and_says_what_the_service_said(
    host: str, status: int, body: bytes | dict[str, object], internet: FakeInternet, load: LoadChannel
) -> None:
    refused = outcome(internet, load, host, Answer(status, body))
    assert isinstance(refused, Refused)
    assert refused.kind is PERMANENT
    assert f"HTTP {status}" in refused.reason
    assert len(refused.reason) > len(f"Slack answered HTTP {status}")


@pytest.mark.parametrize("host", URLS)
@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_a_passing_trouble_is_transient(
    host: str, status: int, internet: FakeInternet, load: LoadChannel
) -> None:
    refused = outcome(internet, load, host, Answer(status, b"<html>oops"))
    assert isinstance(refused, Refused)
    assert refused.kind is TRANSIENT
    assert not refused.pauses_channel


@pytest.mark.parametrize("host", URLS)
def test_a_429_pauses_the_channel_and_is_asked_only_once(
    host: str, internet: FakeInternet, load: LoadChannel
) -> None:
    refused = outcome(internet, load, host, Answer(429, b"", {"Retry-After": "17"}))
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.retry_after, refused.pauses_channel) == (
        TRANSIENT,
        timedelta(seconds=17),
        True,
    )
    assert len(internet.requests) == 1


def test_retry_after_is_read_from_telegram_s_and_discord_s_bodies_and_from_dates(
    internet: FakeInternet, load: LoadChannel
) -> None:
    dates = {"Date": "Mon, 02 Jan 2034 03:04:05 GMT", "Retry-After": "Mon, 02 Jan 2034 03:05:05 GMT"}
    told = [
        outcome(internet, load, host, answer)
        for host, answer in [
            ("api.telegram.org", Answer(429, {"ok": False, "parameters": {"retry_after": 31}})),
            ("discord.com", Answer(429, {"message": "rate limited", "retry_after": 1.5})),
            ("hook.example.org", Answer(503, b"", dates)),
            ("hook.example.org", Answer(429, b"", {"Retry-After": "soon"})),
        ]
    ]
    pauses = [
        r.retry_after.total_seconds() if isinstance(r, Refused) and r.retry_after else None for r in told
    ]
    assert pauses == [31, 1.5, 60, None]


@pytest.mark.parametrize("host", URLS)
def test_a_redirect_to_a_login_page_is_not_sent_and_not_followed(
    host: str, internet: FakeInternet, load: LoadChannel
) -> None:
    internet.answers["portal.example.net"] = Answer(200, b"ok")
    where = {"Location": "https://portal.example.net/login?canary"}
    refused = outcome(internet, load, host, Answer(302, b"", where))
    assert isinstance(refused, Refused)
    assert refused.kind is PERMANENT
    assert "portal.example.net" in refused.reason
    assert "canary" not in refused.reason
    assert len(internet.requests) == 1


def test_one_of_two_chats_refusing_for_good_is_told_as_such(
    internet: FakeInternet, load: LoadChannel
) -> None:
    refusal = Answer(400, {"ok": False, "error_code": 400, "description": "chat not found"})
    internet.script("api.telegram.org", Answer(200, {"ok": True}), refusal)
    refused = load("tgram://123456789:abcdefg_hijklmnop/111111/222222").send("t", "b")
    assert isinstance(refused, Refused)
    assert refused.kind is PERMANENT
    assert "chat not found" in refused.reason
    assert "1 of 2" in refused.reason


def test_one_of_two_chats_busy_makes_the_repeat_a_possible_repeat(
    internet: FakeInternet, load: LoadChannel
) -> None:
    internet.script("api.telegram.org", Answer(200, {"ok": True}), Answer(502, b""))
    refused = load("tgram://123456789:abcdefg_hijklmnop/111111/222222").send("t", "b")
    assert isinstance(refused, Refused)
    assert refused.kind is AMBIGUOUS
