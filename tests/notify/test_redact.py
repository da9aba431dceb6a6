"""No token of a URL comes back in any text, however it was spelled on the way."""

import base64
import json
from urllib.parse import quote

import pytest

from monitor.core.backoff import Refused
from monitor.notify.redact import Redactor
from tests.fakes.internet import Answer, FakeInternet
from tests.notify.conftest import LoadChannel

URLS = [
    ("slack://Tcanary01/Bcanary02/canary03canary03/#gpu", ["Tcanary01", "Bcanary02", "canary03canary03"]),
    ("tgram://123456789:canary_-04/12315544", ["123456789", "canary_-04", "12315544"]),
    (
        "mailtos://canary05:canary%2F06@example.org?to=canary07@example.org",
        ["canary05", "canary/06", "canary07"],
    ),
    ("mailtos://canary@smtp.example.org?pass=canary%20%26", ["canary &"]),
    (
        "jsons://user1:canary08@example.org/canary09/x?+X-Token=canary10&:field=canary11",
        ["canary08", "canary11"],
    ),
    ("ntfys://canarytopic", ["canarytopic"]),
    ("dingtalk://SECcanary12@canary13canary13", ["SECcanary12", "canary13canary13"]),
    ("workflows://prod-1.example.org:443/canary14/canary15", ["canary14", "canary15"]),
    ("matrixs://user1:canary%C3%A916@example.org/!canary17:example.org", ["canaryé16", "canary17"]),
]


@pytest.mark.parametrize(("url", "tokens"), URLS)
def test_each_token_is_struck_out_in_every_spelling(url: str, tokens: list[str]) -> None:
    redact = Redactor(url)
    for token in tokens:
        for spelled in (
            token,
            quote(token, safe=""),
            json.dumps(token),
            repr(token),
            token.upper(),
            f"x{token}y",
        ):
            assert token.lower() not in redact(f"error at {spelled}: no").lower()
    assert "canary" not in redact(f"Exception for url: {url}").lower()


def test_a_login_is_struck_out_as_the_header_that_it_becomes() -> None:
    header = base64.b64encode(b"user1:canary/08").decode()
    assert redact_login(f"Authorization: Basic {header}") == "Authorization: Basic ***"


def redact_login(text: str) -> str:
    return Redactor("jsons://user1:canary%2F08@example.org/hook")(text)


def test_a_short_password_is_struck_out_as_a_word_only() -> None:
    redact = Redactor("mailto://bob:abc@example.org")
    assert redact("login abc refused, abcd") == "login *** refused, abcd"


def test_words_that_are_no_secrets_stay() -> None:
    redact = Redactor("mailtos://canary01:canary02@smtp.example.org:587?mode=starttls&format=text")
    text = "the mail server smtp.example.org offers no starttls; text 587"
    assert redact(text) == text


def test_extra_secrets_are_struck_out_too() -> None:
    assert (
        Redactor("feishu://canary01", ["SEC+canary02"])("sign SEC+canary02 SEC%2Bcanary02") == "sign *** ***"
    )


def test_a_url_without_a_token_changes_nothing() -> None:
    assert Redactor("syslog://")("as it was") == "as it was"


@pytest.mark.parametrize("padding", [0, 180, 230, 255])
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("slack://Tcanary01/Bcanary02/canary03canary03/", "hooks.slack.com"),
        ("tgram://123456789:canary0123456789/12315544", "api.telegram.org"),
        ("feishu://canary0123456789", "open.feishu.cn"),
        ("jsons://user1:canary08@hook.example.org/canary09", "hook.example.org"),
    ],
)
def test_a_receiver_that_echoes_the_tokens_gets_none_into_a_reason(
    url: str, host: str, padding: int, internet: FakeInternet, load: LoadChannel
) -> None:
    """Not even the beginning of one that stands where the reason is cut."""
    secret = "canarysecret" if url.startswith("feishu") else None
    channel = load(url, secret=secret)
    echo = f"{'x' * padding}bad request: {url} {secret} {url.upper()} {quote(url, safe='')}"
    answers = [Answer(s, echo) for s in (400, 429, 503)]
    answers.append(Answer(200, {"ok": False, "code": 19024, "msg": echo, "error": echo, "description": echo}))
    answers.append(Answer(302, "", {"Location": "https://login.example.net/?next=canary"}))
    answers += [Answer(fault="reset_after_reading"), Answer(fault="reset_before_reading")]
    internet.script(host, *answers)
    reasons = [o.reason for o in (channel.send("t", "b") for _ in answers) if isinstance(o, Refused)]
    assert len(reasons) >= len(answers) - 1
    assert [r for r in reasons if "cana" in r.lower()] == []
