"""A mail server on loopback that takes messages, or misbehaves by script."""

import asyncio
import email
import email.policy
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fakes.loop_thread import LoopThread


@dataclass
class Manners:
    """How the server behaves: replies that stand in for the usual ones, and TLS."""

    rcpt: dict[str, str] = field(default_factory=dict)
    mail: str | None = None
    data: str | None = None
    hang_up_after_data: bool = False
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None


@dataclass(frozen=True)
class Delivered:
    sender: str
    recipients: tuple[str, ...]
    encrypted: bool
    message: EmailMessage
    raw: bytes


class Mailbox(LoopThread):
    def __init__(self, manners: Manners) -> None:
        self.delivered: list[Delivered] = []
        self.port = 0
        self._manners = manners
        self._servers: list[SMTP] = []
        super().__init__("mailbox")

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._manners.mail is not None:
            return self._manners.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self._manners.rcpt:
            return self._manners.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        raw = envelope.content
        assert isinstance(raw, bytes)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert server.transport is not None
        encrypted = server.transport.get_extra_info("sslcontext") is not None
        self.delivered.append(
            Delivered(envelope.mail_from or "", tuple(envelope.rcpt_tos), encrypted, message, raw)
        )
        if self._manners.hang_up_after_data:
            _abort(server)
        return self._manners.data or "250 OK"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._conversation, "127.0.0.1", 0, ssl=self._manners.tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for conversation in self._servers:
            _abort(conversation)
        for _ in range(10):
            await asyncio.sleep(0)  # so that the aborted transports close their sockets
        await server.wait_closed()

    def _conversation(self) -> SMTP:
        options: dict[str, Any] = {}
        if self._manners.login is not None:
            options = {"authenticator": self._authenticate, "auth_required": True}
            options["auth_require_tls"] = self._manners.tls is None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it does not see that TLS is there from the first byte
            server = SMTP(
                self,
                hostname="mail.test",
                loop=self._loop,
                tls_context=self._manners.starttls,
                require_starttls=self._manners.starttls is not None,
                **options,
            )
        self._servers.append(server)
        return server

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
    ) -> Any:
        assert isinstance(data, LoginPassword)
        fine = (data.login.decode(), data.password.decode()) == self._manners.login
        return AuthResult(success=fine, handled=fine)


def _abort(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        with suppress(AttributeError):  # Python 3.11.2, when TLS is closed already
            server.transport.abort()
