"""Watches what the library sends and receives over HTTP and SMTP, within the thread that sends.

`install()` puts two hooks into `requests` and `smtplib`, once for the process; they do nothing
in a thread that is not inside `recording(...)`. The HTTP hook hands out our own adapter, which
also keeps the certificates loaded (18 ms per request otherwise) and reads bounded answers.
"""

import os
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from monitor.notify.evidence import Exchange, Reply, retry_after_of

KEPT_BYTES: Final = 4096
_LARGEST_ANSWER: Final = 1 << 20
_ANSWER_PATIENCE_S: Final = 5.0
_STAGES: Final = frozenset(["ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data", "rset", "quit"])

Amend = Callable[[requests.PreparedRequest], None]


class Recording:
    """The exchanges and replies of one send, in order."""

    def __init__(self, transport: "Transport", amend: Amend | None) -> None:
        self.exchanges: list[Exchange] = []
        self.replies: list[Reply] = []
        self.transport = transport
        self.amend = amend
        self.connected = False
        self.stage = "connect"


class _Current(threading.local):
    recording: Recording | None = None


_current: Final = _Current()
_install_lock: Final = threading.Lock()
_installed = False
_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}


@contextmanager
def recording(transport: "Transport", amend: Amend | None = None) -> Iterator[Recording]:
    """Whatever this thread sends inside goes through `transport`; `amend` may change each request."""
    kept = Recording(transport, amend)
    _current.recording = kept
    try:
        yield kept
    finally:
        _current.recording = None
        transport.close()


def install() -> None:
    """Once per process."""
    global _installed
    with _install_lock:
        if not _installed:
            _hook_requests()
            _hook_smtplib()
            _installed = True


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _note_connected(self.sock)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _note_connected(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Transport(HTTPAdapter):
    """One channel's way out: a connection per request, every answer noted."""

    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_our_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        _use_our_pools(manager)
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if cert is None and host["scheme"] == "https":
            context = _context(pool["cert_reqs"], pool.get("ca_certs"), pool.get("ca_cert_dir"))
            return host, {"cert_reqs": pool["cert_reqs"], "ssl_context": context}
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        if cert is not None:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kept = _current.recording
        if kept is None:
            return super().send(request, *args, **kwargs)
        if kept.exchanges and kept.exchanges[-1].status == 429:
            # Some plugins repeat at once, or go on with the next recipient.
            raise requests.ConnectionError("the receiver asked for a pause")
        if kept.amend is not None:
            kept.amend(request)
        kept.connected = False
        try:
            response = super().send(request, *args, **{**kwargs, "stream": True})
        except OSError as error:  # requests' own errors among them
            kept.exchanges.append(Exchange(None, failure=_in_words(error), left=kept.connected))
            raise
        cut_off = _read_bounded(response)
        kept.exchanges.append(_exchange(response, cut_off))
        return response


def warm() -> None:
    """Loads the certificates that requests will be checked against, ahead of the first message."""
    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    with suppress(OSError):
        if not given:
            _context("CERT_REQUIRED", None, None)
        elif Path(given).is_dir():
            _context("CERT_REQUIRED", None, given)
        else:
            _context("CERT_REQUIRED", given, None)


def _context(cert_reqs: Any, ca_file: Any, ca_folder: Any) -> ssl.SSLContext:
    """One for all channels, for as long as the process lives."""
    key = (cert_reqs, ca_file, ca_folder)
    if key not in _contexts:
        _contexts[key] = _new_context(*key)
    return _contexts[key]


def _new_context(cert_reqs: Any, ca_file: Any, ca_folder: Any) -> ssl.SSLContext:
    if cert_reqs == "CERT_NONE":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if ca_file is None and ca_folder is None:
        ca_file = requests.utils.DEFAULT_CA_BUNDLE_PATH
    return ssl.create_default_context(cafile=ca_file, capath=ca_folder)


def _use_our_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _note_connected(sock: socket.socket | None) -> None:
    if sock is not None:
        # Behind a proxy urllib3 leaves Nagle's algorithm on, which holds the body back for 44 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if _current.recording is not None:
        _current.recording.connected = True


def _read_bounded(response: requests.Response) -> bool:
    """Reads the answer into the response, up to a size and a time; says whether it was cut off."""
    started = time.monotonic()
    read = bytearray()
    cut_off = False
    try:
        while piece := response.raw.read1(1 << 16, decode_content=True):
            read += piece
            if len(read) > _LARGEST_ANSWER or time.monotonic() - started > _ANSWER_PATIENCE_S:
                cut_off = True
                break
    except Exception:  # noqa: BLE001  the status is known: whatever spoils the body must not hide it
        cut_off = True
    response._content = bytes(read)  # what Response.content would have kept
    response._content_consumed = True  # type: ignore[attr-defined]
    with suppress(Exception):
        response.close()
    return cut_off


def _exchange(response: requests.Response, cut_off: bool) -> Exchange:
    return Exchange(
        response.status_code,
        response.content[:KEPT_BYTES],
        cut_off,
        retry_after_of(response.headers),
        urlsplit(response.headers.get("Location", "")).hostname,
        left=True,
    )


def _in_words(error: BaseException) -> str:
    """Our own words: the library's hold the whole URL."""
    text = f"{error!s} {error.__cause__!s} {error.__context__!s}".lower()
    for sign, words in _WORDS.items():
        if sign in text:
            return words
    match error:
        case requests.exceptions.SSLError():
            return "the TLS handshake failed"
        case requests.exceptions.ProxyError():
            return "the proxy refused"
        case requests.Timeout():
            return "no answer in time"
        case requests.exceptions.InvalidURL():
            return "the address is not valid"
        case _:
            return "the connection broke"


_WORDS: Final = {
    "certificate verify failed": "the certificate is not trusted",
    "doesn't match": "the certificate is for another host",
    "name or service not known": "the host name cannot be resolved",
    "name resolution": "the host name cannot be resolved",
    "nodename nor servname": "the host name cannot be resolved",
    "no address associated": "the host name cannot be resolved",
    "failed to resolve": "the host name cannot be resolved",
    "connection refused": "the connection was refused",
    "unreachable": "the network is unreachable",
    "no route to host": "there is no route to the host",
    "connection reset": "the connection was reset",
    "remotedisconnected": "the connection was closed without an answer",
    "closed connection": "the connection was closed without an answer",
    "too many open files": "no descriptor is free",
}


def _hook_requests() -> None:
    ordinary = requests.Session.get_adapter

    def get_adapter(session: requests.Session, url: str) -> Any:
        kept = _current.recording
        return ordinary(session, url) if kept is None else kept.transport

    requests.Session.get_adapter = get_adapter  # type: ignore[assignment,method-assign]


def _hook_smtplib() -> None:
    ordinary_putcmd, ordinary_getreply = smtplib.SMTP.putcmd, smtplib.SMTP.getreply

    def putcmd(server: smtplib.SMTP, cmd: str, args: str = "") -> None:
        if (kept := _current.recording) is not None and cmd.lower() in _STAGES:
            kept.stage = cmd.lower()
        ordinary_putcmd(server, cmd, args)

    def getreply(server: smtplib.SMTP) -> tuple[int, bytes]:
        kept = _current.recording
        if kept is None:
            return ordinary_getreply(server)
        try:
            code, text = ordinary_getreply(server)
        except (OSError, smtplib.SMTPException) as error:
            kept.replies.append(Reply(kept.stage, None, type(error).__name__))
            raise
        kept.replies.append(Reply(kept.stage, code, text.decode(errors="replace")))
        if (kept.stage, code) == ("data", 354):
            kept.stage = "message"
        return code, text

    smtplib.SMTP.putcmd = putcmd  # type: ignore[assignment,method-assign]
    smtplib.SMTP.getreply = getreply  # type: ignore[assignment,method-assign]
