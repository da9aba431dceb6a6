"""Mail, through the real plugin and a real server: what arrives, and what each refusal means."""

import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from monitor.core.backoff import Accepted, FailureClass, Refused
from tests.fakes.internet import refused_port
from tests.fakes.mailbox import Mailbox, Manners
from tests.notify.conftest import LoadChannel

PASSWORD = "pa ss/@:#canary"


def url(port: int, *, to: str = "ops@example.test", more: str = "mode=insecure", login: str = "") -> str:
    scheme = "mailto" if "insecure" in more else "mailtos"
    return f"{scheme}://{login}127.0.0.1:{port}?from=monitor@example.test&to={to}&{more}"


def login(password: str = PASSWORD) -> str:
    return f"user:{quote(password, safe='')}@"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate that this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def refusal(load: LoadChannel, manners: Manners, **options: str) -> Refused:
    with Mailbox(manners) as mailbox:
        outcome = load(url(mailbox.port, **options)).send("t", "b")
    assert isinstance(outcome, Refused)
    return outcome


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("BACK IN STOCK 3 nodes × 8 H800A", "productCode: PRD-1\n<b> & 'x'"),
        ("【恢复有货】3 台 × 8 卡 H800A · 智算中心 1 · PRD-TRAIN-1", "productCode: PRD-TRAIN-1\n剩余：3 台"),
        ("plain", "ascii only"),
    ],
)
def test_a_mail_arrives_as_plain_text_with_its_subject(title: str, body: str, load: LoadChannel) -> None:
    with Mailbox(Manners()) as mailbox:
        assert load(url(mailbox.port)).send(title, body) == Accepted()
    [delivered] = mailbox.delivered
    assert delivered.message["subject"] == title
    assert delivered.message.get_content_type() == "text/plain"
    assert delivered.message.get_content().replace("\r\n", "\n").rstrip("\n") == body
    assert (delivered.sender, delivered.recipients) == ("monitor@example.test", ("ops@example.test",))
    assert delivered.message["from"] == "monitor@example.test"
    assert not delivered.encrypted


def test_a_line_break_in_the_title_adds_no_header(load: LoadChannel) -> None:
    with Mailbox(Manners()) as mailbox:
        assert load(url(mailbox.port)).send("a\r\nBcc: thief@example.test", "b") == Accepted()
    assert mailbox.delivered[0].message["bcc"] is None
    assert mailbox.delivered[0].message["subject"] == "a Bcc: thief@example.test"


def test_starttls_with_a_login(tls: ssl.SSLContext, load: LoadChannel) -> None:
    with Mailbox(Manners(starttls=tls, login=("user", PASSWORD))) as mailbox:
        channel = load(url(mailbox.port, more="mode=starttls", login=login()))
        assert channel.send("有货", "b") == Accepted()
    assert mailbox.delivered[0].encrypted


def test_tls_from_the_first_byte_with_a_login(tls: ssl.SSLContext, load: LoadChannel) -> None:
    with Mailbox(Manners(tls=tls, login=("user", PASSWORD))) as mailbox:
        channel = load(url(mailbox.port, more="mode=ssl", login=login()))
        assert channel.send("有货", "b") == Accepted()
    assert mailbox.delivered[0].encrypted


def test_a_wrong_password_is_permanent(tls: ssl.SSLContext, load: LoadChannel) -> None:
    manners = Manners(tls=tls, login=("user", PASSWORD))
    refused = refusal(load, manners, more="mode=ssl", login=login("wrong-canary"))
    assert refused.kind is FailureClass.PERMANENT
    assert refused.reason.startswith("the mail server refused the login: 535")


def test_an_untrusted_certificate_is_transient_and_clear(
    tls: ssl.SSLContext, load: LoadChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    refused = refusal(load, Manners(tls=tls), more="mode=ssl", login=login())
    assert refused.kind is FailureClass.TRANSIENT
    assert refused.reason == "the mail server's certificate is not trusted"


def test_stripped_starttls_is_permanent_and_nothing_is_sent(load: LoadChannel) -> None:
    with Mailbox(Manners()) as mailbox:
        outcome = load(url(mailbox.port, more="mode=starttls", login=login())).send("t", "b")
    assert isinstance(outcome, Refused)
    assert outcome.kind is FailureClass.PERMANENT
    assert "offers no STARTTLS" in outcome.reason
    assert mailbox.delivered == []


@pytest.mark.parametrize(
    ("manners", "kind", "said"),
    [
        (Manners(mail="451 4.7.1 Greylisted"), FailureClass.TRANSIENT, "the sender: 451 4.7.1 Greylisted"),
        (Manners(mail="550 5.7.1 No relay"), FailureClass.PERMANENT, "the sender: 550 5.7.1 No relay"),
        (
            Manners(rcpt={"ops@example.test": "450 4.2.0 Greylisted"}),
            FailureClass.TRANSIENT,
            "a recipient: 450 4.2.0 Greylisted",
        ),
        (
            Manners(rcpt={"ops@example.test": "550 5.1.1 No such user"}),
            FailureClass.PERMANENT,
            "a recipient: 550 5.1.1 No such user",
        ),
        (Manners(data="452 4.3.1 Full"), FailureClass.TRANSIENT, "the message: 452 4.3.1 Full"),
        (Manners(data="554 5.7.1 Spam"), FailureClass.PERMANENT, "the message: 554 5.7.1 Spam"),
        (Manners(data="421 4.3.2 Closing"), FailureClass.TRANSIENT, "the message: 421 4.3.2 Closing"),
    ],
)
def test_a_4xx_reply_is_transient_and_a_5xx_permanent(
    manners: Manners, kind: FailureClass, said: str, load: LoadChannel
) -> None:
    refused = refusal(load, manners)
    assert refused.kind is kind
    assert refused.reason == f"the mail server refused {said}"


def test_a_disconnect_after_the_message_is_ambiguous(load: LoadChannel) -> None:
    refused = refusal(load, Manners(hang_up_after_data=True))
    assert refused.kind is FailureClass.AMBIGUOUS
    assert "may have it" in refused.reason


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("550 5.1.1 No such user", FailureClass.PERMANENT), ("450 4.2.0 Greylisted", FailureClass.AMBIGUOUS)],
)
def test_one_recipient_of_two_refused_is_told(reply: str, kind: FailureClass, load: LoadChannel) -> None:
    """The other one has it: sending again would tell it twice."""
    manners = Manners(rcpt={"gone@example.test": reply})
    with Mailbox(manners) as mailbox:
        outcome = load(url(mailbox.port, to="ops@example.test,gone@example.test")).send("t", "b")
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    assert "a recipient" in outcome.reason
    assert "other recipients were accepted" in outcome.reason
    assert [d.recipients for d in mailbox.delivered] == [("ops@example.test",)]


def test_a_refused_copy_is_told_although_the_message_was_taken(load: LoadChannel) -> None:
    manners = Manners(rcpt={"gone@example.test": "550 5.1.1 No such user"})
    refused = refusal(load, manners, more="mode=insecure&cc=gone@example.test")
    assert refused.kind is FailureClass.PERMANENT
    assert "550" in refused.reason


def test_a_server_that_is_down_is_transient(load: LoadChannel) -> None:
    with refused_port() as port:
        outcome = load(url(port)).send("t", "b")
    assert outcome == Refused(
        FailureClass.TRANSIENT, "the mail server cannot be reached: the connection was refused"
    )


def test_no_reason_holds_the_password_or_the_login(tls: ssl.SSLContext, load: LoadChannel) -> None:
    manners = Manners(tls=tls, login=("user", "other"), mail="550 user canary")
    refused = refusal(load, manners, more="mode=ssl", login=login())
    assert "canary" not in refused.reason
