"""A mail server for many channels: the sender's address tells the door, whose script holds the manners."""

import logging
from time import monotonic

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.fakes.mailbox import Mailbox, Manners
from tests.torture.receivers.town import Town
from tests.torture.receivers.visits import Visit


class MailRoom(Mailbox):
    """Keeps its visits with those of the town. `manners` tells of TLS and login only."""

    def __init__(self, town: Town, manners: Manners) -> None:
        self._town = town
        self._by_session: dict[int, Visit] = {}
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # it does not see TLS from the first byte
        super().__init__(manners)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name = address.partition("@")[0]
        visit = Visit(name, monotonic(), self._town.doors[name].next())
        self._town.visits.append(visit)
        self._by_session[id(session)] = visit
        return await self._as(visit).handle_MAIL(server, session, envelope, address, options)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        visit = self._by_session[id(session)]
        visit.to = address
        return await self._as(visit).handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        visit = self._by_session.pop(id(session))
        room = self._as(visit)
        said = await room.handle_DATA(server, session, envelope)
        message = room.delivered[-1].message
        visit.words = f"{message['subject']}\n{message.get_content()}"
        visit.taken = visit.reply.takes
        return said

    def _as(self, visit: Visit) -> Mailbox:
        """A server that behaves as this visit's reply says."""
        return Mailbox(visit.reply.manners)
