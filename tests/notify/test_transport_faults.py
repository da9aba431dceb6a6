"""Did the request leave? A connection that fails, hangs, resets, drips, or meets a stranger's certificate."""

import gc
import socket
import threading
from pathlib import Path

import pytest
import trustme

from monitor.core.backoff import Accepted, FailureClass, Refused
from monitor.notify.channel import Channel
from tests.fakes.internet import Answer, FakeInternet, Misbehaviour, refused_port
from tests.notify.conftest import LoadChannel

ROBOT = "feishu://abcdef01-2345-6789-abcd-ef0123456789?rto=0.3"
HOOK = "jsons://hook.example.org/path0123?rto=0.3"


def refusal_of(channel: Channel) -> Refused:
    outcome = channel.send("t", "b")
    assert isinstance(outcome, Refused)
    return outcome


def test_a_refused_connection_is_transient(load: LoadChannel) -> None:
    with refused_port() as port:
        refused = refusal_of(load(f"json://127.0.0.1:{port}/path0123"))
    assert refused.kind is FailureClass.TRANSIENT
    assert refused.reason == "the receiver cannot be reached: the connection was refused"


def test_an_unknown_host_is_transient(load: LoadChannel) -> None:
    refused = refusal_of(load("json://no-such-host.invalid/path0123"))
    assert refused.kind is FailureClass.TRANSIENT
    assert refused.reason == "the receiver cannot be reached: the host name cannot be resolved"


def test_a_proxy_that_is_down_is_transient(load: LoadChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused_port() as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        assert refusal_of(load(HOOK)).kind is FailureClass.TRANSIENT


def test_a_certificate_of_a_stranger_is_transient_since_nothing_left(
    internet: FakeInternet, load: LoadChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    refused = refusal_of(load(HOOK))
    assert refused.kind is FailureClass.TRANSIENT
    assert refused.reason == "the receiver cannot be reached: the certificate is not trusted"
    assert internet.requests == []


def test_a_trusted_certificate_of_another_host_is_not_accepted(
    internet: FakeInternet, load: LoadChannel
) -> None:
    internet.false_names["impostor.example.org"] = "honest.example.org"
    refused = refusal_of(load("jsons://impostor.example.org/path0123"))
    assert refused.kind is FailureClass.TRANSIENT
    assert refused.reason.endswith(("is not trusted", "is for another host"))
    assert internet.requests == []


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verification_can_be_switched_off_for_a_channel(
    internet: FakeInternet, load: LoadChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert load(f"{HOOK}&verify=no").send("t", "b") == Accepted()
    assert refusal_of(load(HOOK)).kind is FailureClass.TRANSIENT


def test_a_receiver_that_cuts_the_tls_handshake_is_transient(load: LoadChannel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept_and_close() -> None:
            server.accept()[0].close()

        cutter = threading.Thread(target=accept_and_close)
        cutter.start()
        refused = refusal_of(load(f"jsons://127.0.0.1:{server.getsockname()[1]}/path0123"))
        cutter.join(10)
    assert refused.kind is FailureClass.TRANSIENT


@pytest.mark.parametrize("url", [ROBOT, HOOK])
@pytest.mark.parametrize(
    "fault", ["hang", "reset_before_reading", "reset_after_reading", "close_after_reading"]
)
def test_a_loss_after_the_request_left_is_ambiguous(
    url: str, fault: Misbehaviour, internet: FakeInternet, load: LoadChannel
) -> None:
    for host in ("open.feishu.cn", "hook.example.org"):
        internet.answers[host] = Answer(fault=fault)
    refused = refusal_of(load(url))
    assert refused.kind is FailureClass.AMBIGUOUS
    assert "may have it" in refused.reason


def test_a_hanging_receiver_says_no_answer_in_time(internet: FakeInternet, load: LoadChannel) -> None:
    internet.answers["hook.example.org"] = Answer(fault="hang")
    assert refusal_of(load(HOOK)).reason == (
        "the receiver may have it: no answer in time after the request had left"
    )


def test_a_dripping_body_is_ambiguous_where_the_body_is_the_answer(
    internet: FakeInternet, load: LoadChannel
) -> None:
    internet.answers["open.feishu.cn"] = Answer(200, {"code": 0}, fault="drip_body")
    assert refusal_of(load(ROBOT)).kind is FailureClass.AMBIGUOUS


def test_a_dripping_body_is_accepted_where_the_status_is_the_answer(
    internet: FakeInternet, load: LoadChannel
) -> None:
    internet.answers["hook.example.org"] = Answer(200, b"{}", fault="drip_body")
    assert load(HOOK).send("t", "b") == Accepted()


def test_an_endless_body_is_read_only_so_far(internet: FakeInternet, load: LoadChannel) -> None:
    internet.answers["hook.example.org"] = Answer(200, b"x" * 5_000_000)
    assert load(HOOK).send("t", "b") == Accepted()


def test_no_socket_is_left_open_after_a_send(internet: FakeInternet, load: LoadChannel) -> None:
    """An open one would warn when collected, which fails the test."""
    channel = load(HOOK)
    assert channel.send("t", "b") == Accepted()
    internet.answers["hook.example.org"] = Answer(fault="hang")
    refusal_of(channel)
    del channel
    gc.collect()


def test_certificates_are_loaded_once_for_all_channels(
    internet: FakeInternet, load: LoadChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """18 ms each time otherwise. The file may go away: what was read stays."""
    copy = tmp_path / "ca.pem"
    copy.write_bytes(internet.ca_file.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(copy))
    channel = load(HOOK)
    assert channel.send("t", "b") == Accepted()
    copy.unlink()
    assert load(ROBOT).send("t", "b") == Accepted()
    assert channel.send("t", "b") == Accepted()


def test_a_missing_certificate_file_is_a_refusal_not_a_crash(
    internet: FakeInternet, load: LoadChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    assert refusal_of(load(HOOK)).kind is FailureClass.TRANSIENT
    assert internet.requests == []


def test_other_threads_go_their_own_way_while_a_channel_sends(
    internet: FakeInternet, load: LoadChannel
) -> None:
    import requests

    load(HOOK)
    answer = requests.get(f"http://127.0.0.1:{internet.port}/other", timeout=5)
    assert answer.status_code == 200
