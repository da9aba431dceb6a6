"""What leaves the machine for each service, byte for byte, through the real plugins."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from monitor.core.backoff import Accepted
from monitor.notify.robots import dingtalk_signature, feishu_signature
from tests.fakes.internet import FakeInternet
from tests.notify.conftest import NOW_S, LoadChannel

EN = ("BACK IN STOCK 3 nodes × 8 H800A", "productCode: PRD_TRAIN-1\n<b> & 'x' \"y\"")
ZH = ("【恢复有货】3 台 × 8 卡 H800A", "productCode: PRD-TRAIN-1\n剩余：3 台")

SLACK_HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
ROBOT = "abcdef01-2345-6789-abcd-ef0123456789"
DING = "abcdef0123456789" * 4


def slack(title: str, body: str) -> dict[str, Any]:
    return {
        "mrkdwn": False,
        "attachments": [{"title": title, "text": body, "color": "#3AA3E3", "footer": "GPU stock monitor"}],
    }


def telegram(text: str) -> dict[str, Any]:
    return {
        "disable_notification": False,
        "disable_web_page_preview": True,
        "parse_mode": "HTML",
        "text": text,
        "chat_id": 12315544,
    }


def teams(title: str, body: str) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock",
                "text": title,
                "style": "heading",
                "weight": "Bolder",
                "size": "Large",
                "id": "title",
            },
            {"type": "TextBlock", "text": body, "style": "default", "wrap": True, "id": "body"},
        ],
        "msteams": {"width": "full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def dingtalk(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "at": {"atMobiles": [], "isAtAll": False}, "text": {"content": content}}


@dataclass(frozen=True)
class Service:
    url: str
    host: str
    path: str
    en: dict[str, Any]
    zh: dict[str, Any]


SERVICES = {
    "slack": Service(
        SLACK_HOOK,
        "hooks.slack.com",
        "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        slack(EN[0], "productCode: PRD_TRAIN-1\n&lt;b&gt; &amp; 'x' \"y\""),
        slack(*ZH),
    ),
    "slack bot": Service(
        "slack://xoxb-1234-1234-abc124/#gpu",
        "slack.com",
        "/api/chat.postMessage",
        {**slack(EN[0], "productCode: PRD_TRAIN-1\n&lt;b&gt; &amp; 'x' \"y\""), "channel": "#gpu"},
        {**slack(*ZH), "channel": "#gpu"},
    ),
    "telegram": Service(
        "tgram://123456789:abcdefg_hijklmnop/12315544",
        "api.telegram.org",
        "/bot123456789:abcdefg_hijklmnop/sendMessage",
        telegram(f"<b>{EN[0]}</b>\r\nproductCode: PRD_TRAIN-1\r\n&lt;b&gt; &amp; 'x' \"y\""),
        telegram(f"<b>{ZH[0]}</b>\r\nproductCode: PRD-TRAIN-1\r\n剩余：3 台"),
    ),
    "discord": Service(
        "discord://123456789012345678/tok_en-abcdefghijkl",
        "discord.com",
        "/api/webhooks/123456789012345678/tok_en-abcdefghijkl",
        {
            "tts": False,
            "wait": True,
            "content": f"{EN[0]}\r\nproductCode: PRD_TRAIN-1\n<\u200bb> & 'x' \"y\"",
        },
        {"tts": False, "wait": True, "content": f"{ZH[0]}\r\n{ZH[1]}"},
    ),
    "teams": Service(
        "workflows://prod-1.westus.logic.azure.com:443/abc123def/sig456",
        "prod-1.westus.logic.azure.com",
        "/workflows/abc123def/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=sig456",
        teams(EN[0], "productCode: PRD\\_TRAIN\\-1\n<b\\> & 'x' \"y\""),
        teams(ZH[0], "productCode: PRD\\-TRAIN\\-1\n剩余：3 台"),
    ),
    "ntfy": Service(
        "ntfys://mytopic",
        "ntfy.sh",
        "/",
        {"topic": "mytopic", "title": EN[0], "message": EN[1]},
        {"topic": "mytopic", "title": ZH[0], "message": ZH[1]},
    ),
    "feishu": Service(
        f"feishu://{ROBOT}",
        "open.feishu.cn",
        f"/open-apis/bot/v2/hook/{ROBOT}/",
        {"msg_type": "text", "content": {"text": f"{EN[0]}\r\n{EN[1]}"}},
        {"msg_type": "text", "content": {"text": f"{ZH[0]}\r\n{ZH[1]}"}},
    ),
    "lark": Service(
        f"lark://{ROBOT}",
        "open.larksuite.com",
        f"/open-apis/bot/v2/hook/{ROBOT}",
        {"msg_type": "text", "content": {"text": f"{EN[0]}\n{EN[1]}"}},
        {"msg_type": "text", "content": {"text": f"{ZH[0]}\n{ZH[1]}"}},
    ),
    "dingtalk": Service(
        f"dingtalk://{DING}",
        "oapi.dingtalk.com",
        f"/robot/send?access_token={DING}",
        dingtalk(f"{EN[0]}\r\n{EN[1]}"),
        dingtalk(f"{ZH[0]}\r\n{ZH[1]}"),
    ),
    "wecom": Service(
        f"wecombot://{ROBOT}",
        "qyapi.weixin.qq.com",
        f"/cgi-bin/webhook/send?key={ROBOT}",
        {
            "msgtype": "text",
            "text": {"content": f"{EN[0]}\r\nproductCode: PRD_TRAIN-1\n<\u200bb> & 'x' \"y\""},
        },
        {"msgtype": "text", "text": {"content": f"{ZH[0]}\r\n{ZH[1]}"}},
    ),
}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_gets_exactly_its_own_json(name: str, internet: FakeInternet, load: LoadChannel) -> None:
    service = SERVICES[name]
    channel = load(service.url)
    assert channel.send(*EN) == Accepted()
    assert channel.send(*ZH) == Accepted()
    assert [(r.method, r.host, r.path) for r in internet.requests] == [
        ("POST", service.host, service.path)
    ] * 2
    sent = [r.json() for r in internet.requests]
    for message in sent:
        for attachment in message.get("attachments", []):
            attachment.pop("ts", None)  # Slack's own clock of the footer
    assert sent == [service.en, service.zh]
    assert {r.headers["content-type"].partition(";")[0] for r in internet.requests} == {"application/json"}


def test_json_goes_to_a_plain_receiver_with_title_and_message(
    internet: FakeInternet, load: LoadChannel
) -> None:
    channel = load(f"json://127.0.0.1:{internet.port}/hook")
    assert channel.send(*ZH) == Accepted()
    sent = internet.requests[0].json()
    assert (sent["title"], sent["message"], sent["type"]) == (*ZH, "info")
    assert internet.requests[0].path == "/hook"


def test_serverchan_gets_a_form(internet: FakeInternet, load: LoadChannel) -> None:
    assert load("schan://abcdef0123456789").send("有货", "PRD-1") == Accepted()
    request = internet.requests[0]
    assert request.path == "/abcdef0123456789.send"
    assert request.body == b"title=%E6%9C%89%E8%B4%A7&desp=PRD-1"


def test_a_feishu_robot_with_a_secret_gets_a_signature(internet: FakeInternet, load: LoadChannel) -> None:
    assert load(f"feishu://{ROBOT}", secret="s3cr3t").send("t", "b") == Accepted()
    sent = internet.requests[0].json()
    assert sent["timestamp"] == "1700000000"
    assert sent["sign"] == feishu_signature("s3cr3t", int(NOW_S))
    assert sent["content"] == {"text": "t\r\nb"}
    assert int(internet.requests[0].headers["content-length"]) == len(internet.requests[0].body)


def test_signatures_are_what_openssl_makes_of_the_same_strings() -> None:
    # Made with `openssl dgst -sha256 -hmac KEY -binary | base64`.
    assert feishu_signature("demo", 1_599_360_473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    assert dingtalk_signature("this is secret", 1_577_262_236_757) == (
        "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    )


@pytest.mark.parametrize("in_url", [True, False])
def test_a_dingtalk_signature_is_encoded_once(
    in_url: bool, internet: FakeInternet, load: LoadChannel
) -> None:
    channel = load(f"dingtalk://SECabc@{DING}") if in_url else load(f"dingtalk://{DING}", secret="SECabc")
    assert channel.send("t", "b") == Accepted()
    signature = dingtalk_signature("SECabc", int(NOW_S * 1000))
    encoded = signature.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    expected = f"/robot/send?access_token={DING}&timestamp=1700000000250&sign={encoded}"
    assert internet.requests[0].path == expected


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        (f"https://oapi.dingtalk.com/robot/send?access_token={DING}", "oapi.dingtalk.com", DING),
        (f"https://open.feishu.cn/open-apis/bot/v2/hook/{ROBOT}", "open.feishu.cn", ROBOT),
        (f"https://open.larksuite.com/open-apis/bot/v2/hook/{ROBOT}", "open.larksuite.com", ROBOT),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={ROBOT}", "qyapi.weixin.qq.com", ROBOT),
        (
            "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "hooks.slack.com",
            "TIiajkdnlazkcOXrIdevi7FQ",
        ),
    ],
)
def test_a_web_hook_may_be_given_as_its_service_shows_it(
    url: str, host: str, path: str, internet: FakeInternet, load: LoadChannel
) -> None:
    assert load(url).send("t", "b") == Accepted()
    assert internet.requests[0].host == host
    assert path in internet.requests[0].path


@pytest.mark.parametrize("url", [f"wecombot://{ROBOT}", f"feishu://{ROBOT}", f"dingtalk://{DING}"])
def test_a_keyword_stands_in_the_first_line_once(url: str, internet: FakeInternet, load: LoadChannel) -> None:
    channel = load(url, keyword="库存")
    channel.send("有货", "b")
    channel.send("库存恢复", "b")
    texts = [json.dumps(r.json(), ensure_ascii=False) for r in internet.requests]
    assert '"库存 有货\\r\\nb"' in texts[0]
    assert '"库存恢复\\r\\nb"' in texts[1]


def test_a_title_is_one_line_whatever_it_holds(internet: FakeInternet, load: LoadChannel) -> None:
    load("ntfys://mytopic").send("a\r\nBcc: b\u2028c", "body")
    assert internet.requests[0].json()["title"] == "a Bcc: b c"


def test_a_message_over_the_limit_is_cut_and_stays_one(internet: FakeInternet, load: LoadChannel) -> None:
    channel = load(f"wecombot://{ROBOT}")
    assert channel.send("题" * 500, "量" * 5_000) == Accepted()
    assert len(internet.requests) == 1
    content = internet.requests[0].json()["text"]["content"]
    assert len(content.encode()) <= 2_048
    assert "�" not in content


@pytest.mark.parametrize(
    ("url", "text", "must_not_hold"),
    [
        ("discord://123456789/tok_en-abcdefgh", "@everyone <@1> [x](http://e)", ["@everyone", "<@", "]("]),
        (f"feishu://{ROBOT}", '<at user_id="all">x</at>', ["<at", "</at"]),
        (f"wecombot://{ROBOT}", "<@zhang> @all", ["<@", "@all"]),
        (SLACK_HOOK, "<!channel> <http://evil|x> @here", ["<", ">", "@here"]),
        ("tgram://123456789:abcdefg_hijklmnop/1", "<a href='http://evil'>x</a>", ["<a", "</a"]),
    ],
)
def test_text_from_upstream_calls_nobody_and_links_nowhere(
    url: str, text: str, must_not_hold: list[str], internet: FakeInternet, load: LoadChannel
) -> None:
    assert load(url).send("title", text) == Accepted()
    sent = json.dumps(internet.requests[0].json(), ensure_ascii=False)
    assert [bad for bad in must_not_hold if bad in sent] == []
