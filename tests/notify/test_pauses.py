"""The library pauses between messages as it sees fit: not here, where lanes do the pacing."""

import threading

from monitor.core.backoff import Accepted, Outcome
from monitor.notify.channel import Channel
from tests.fakes.internet import Answer, FakeInternet
from tests.notify.conftest import LoadChannel
from tests.notify.test_wire import ROBOT


def test_two_messages_in_a_row_do_not_wait_for_each_other(internet: FakeInternet, load: LoadChannel) -> None:
    """The library would sleep 5.5 s between them, or, for Discord here, until the year 2100."""
    internet.answers["discord.com"] = Answer(
        204, b"", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    )
    for url in (f"feishu://{ROBOT}?rto=1", "discord://123456789012345678/tok_en-abcdefghijkl"):
        assert sent_within(load(url), 20.0) == [Accepted()] * 3


def sent_within(channel: Channel, seconds: float) -> list[Outcome]:
    """What became of three messages in a row, so far: one that sleeps must not hold up the tests."""
    outcomes: list[Outcome] = []
    sending = threading.Thread(
        target=lambda: outcomes.extend(channel.send("t", "b") for _ in range(3)), daemon=True
    )
    sending.start()
    sending.join(seconds)
    return outcomes
